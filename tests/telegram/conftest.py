import json
from datetime import UTC, datetime
from itertools import count

import msgspec

from adapters.telegram import wire
from adapters.telegram.edits import Edits
from adapters.telegram.intake import Intake
from adapters.telegram.parse import Reader
from adapters.telegram.places import Languages, Moves
from adapters.telegram.words import Me
from core.model import Message

ME = Me(id=7_000_000_001, username="parley_sandbox_bot")
READER = Reader(bot="tg", me=ME)


class Memory:
    """A Memo and a Clock; its time is turned by who sleeps."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.now_s = 0.0
        self.slept: list[float] = []

    async def recall(self, name: str) -> str:
        return self.kept.get(name, "")

    async def keep(self, name: str, value: str) -> None:
        self.kept[name] = value

    def monotonic(self) -> float:
        return self.now_s

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_793_534_400 + self.now_s, UTC)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


def make_intake(since: int = 0, busy=lambda *_: None) -> Intake:
    ids = count(1)
    return Intake(
        reader=READER,
        edits=Edits(since),
        moves=Moves(Memory()),
        languages=Languages("en"),
        new_id=lambda: f"id{next(ids)}",
        tell=busy,
    )


def read(update: object) -> Message | None:
    """What becomes of an update's JSON."""
    return make_intake().read(json.dumps(update).encode())[1]


def compact(message: Message | None) -> dict | None:
    """What a message says, without what is as always; without the payload itself."""
    if message is None:
        return None
    plain = msgspec.to_builtins(msgspec.structs.replace(message, raw=""))
    return _without_empty(plain)


def _without_empty(value):
    match value:
        case dict():
            return {k: _without_empty(v) for k, v in value.items() if v not in ("", 0, False, [])}
        case list() | tuple():
            return [_without_empty(item) for item in value]
        case _:
            return value


__all__ = ["wire"]
