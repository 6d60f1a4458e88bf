"""Where a message stands on QQ, as an address's chat. Pure."""

import re
from dataclasses import dataclass

CHAT = re.compile(r"(\d+)/(?:g(?P<group>\d+)|u(?P<user>\d+)(?:@(?P<by>\d+))?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`self_id` is the account that heard, and so the one that answers.

    `by_group` is the group that a temporary session goes by, 0 for friends.
    """

    self_id: str
    group: int = 0
    user: int = 0
    by_group: int = 0

    @property
    def chat(self) -> str:
        if self.group:
            return f"{self.self_id}/g{self.group}"
        by = f"@{self.by_group}" if self.by_group else ""
        return f"{self.self_id}/u{self.user}{by}"

    @property
    def params(self) -> dict[str, int]:
        """What a call to this place takes."""
        if self.group:
            return {"group_id": self.group}
        by = {"group_id": self.by_group} if self.by_group else {}
        return {"user_id": self.user} | by


def read_target(chat: str) -> Target | None:
    """None where `chat` is none of ours."""
    match = CHAT.fullmatch(chat)
    if match is None:
        return None
    return Target(
        self_id=match[1],
        group=int(match["group"] or 0),
        user=int(match["user"] or 0),
        by_group=int(match["by"] or 0),
    )


def message_key(self_id: str, message_id: object, time: object) -> str:
    """The same by whatever way a message comes: live, repeated, or out of the history."""
    return f"{self_id}/{message_id}/{time}"


def message_id(key: str) -> str:
    """The implementation's id of a message, "" where `key` is none of ours."""
    fields = key.split("/")
    return fields[1] if len(fields) == 3 else ""


def message_time(key: str) -> int:
    """When it was sent, by QQ's clock in Unix seconds; 0 where `key` does not tell."""
    fields = key.split("/")
    return int(fields[2]) if len(fields) == 3 and fields[2].isdecimal() else 0
