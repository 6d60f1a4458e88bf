"""What a group's admins set for all of it, laid over the bot's own settings."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from msgspec import structs

from core.bot import Bot, Trigger
from core.model import Address, HistoryPolicy, group_key
from core.ports.store import Groups

GroupSetting: TypeAlias = Literal["trigger", "prefix", "history", "persona", "model", "language"]
"""The names under a `core.model.group_key`.

`trigger`, `prefix` and `history` change what the bot is in the group. `persona`, `model` and
`language` are what a talk begins with there: what was chosen in the conversation itself, or for
the language by the person, comes before them.
"""

TRIGGERS: tuple[Trigger, ...] = get_args(Trigger)
POLICIES: tuple[HistoryPolicy, ...] = get_args(HistoryPolicy)


def given_to(address: Address, groups: Groups) -> Mapping[str, str]:
    """What is set for the group where a message stands; nothing elsewhere."""
    return groups.group(group_key(address)) if address.group else {}


def in_group(bot: Bot, settings: Mapping[str, str]) -> Bot:
    """The bot as it is in a group. The group's prefix takes the place of the bot's own.

    Values that this version does not know change nothing.
    """
    if not settings:
        return bot
    changes: dict[str, Any] = {}
    if settings.get("trigger") in TRIGGERS:
        changes["trigger"] = settings["trigger"]
    if settings.get("history") in POLICIES:
        changes["group_history"] = settings["history"]
    if prefix := settings.get("prefix"):
        changes["prefixes"] = (prefix,)
    return structs.replace(bot, **changes) if changes else bot


def of_talk(settings: Mapping[str, str]) -> dict[str, str]:
    """Those a talk in the group begins with, to be laid under the person's and its own."""
    names = ("persona", "model", "language")
    return {name: settings[name] for name in names if name in settings}


def of_person(settings: Mapping[str, str]) -> dict[str, str]:
    """What a person chose for wherever he speaks.

    On Telegram and WeChat a person's key is also that of the talk he has alone with the bot:
    what he chose for that talk alone, as its persona, is nothing for a group to see.
    """
    return {name: settings[name] for name in ("language", "timezone") if name in settings}
