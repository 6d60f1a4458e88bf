"""One push and its tries, as they went over the wire."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from bots.sandbox.wechat.acts import AnyAct

Outcome: TypeAlias = Literal[
    "reply", "success", "empty", "timeout", "closed", "status", "unreadable", "lost"
]
"""The first three end a push; after the others WeChat asks again."""

ENDING: tuple[Outcome, ...] = ("reply", "success", "empty")


class Try(Struct, frozen=True, kw_only=True):
    """`took_s` is from the request's start until its end, whatever the end was.

    `answer` is the reply's XML, decrypted, also of one that was lost; `detail` tells what was
    wrong. `number` is which of WeChat's tries it was, 0 for one beside them; `at` is when it
    began.
    """

    outcome: Outcome
    took_s: float
    answer: str = ""
    detail: str = ""
    number: int = 0
    at: datetime | None = None


class Push(Struct, kw_only=True):
    """`body` is the same each time, its signed query is not; `encrypted` is what it has of
    ciphertext. `msg_id` is "" for events."""

    number: int
    at: datetime
    act: AnyAct
    msg_id: str
    encrypted: str
    body: bytes
    tries: list[Try] = []
    shown: int = 0
    """The number of the Line that came of it, answer or notice; 0 for none."""

    @property
    def ended(self) -> bool:
        return any(done.outcome in ENDING for done in self.tries)

    @property
    def answers(self) -> frozenset[str]:
        """The different replies that came to all its tries."""
        return frozenset(done.answer for done in self.tries if done.answer)

    def summary(self) -> dict[str, object]:
        """As `GET /sandbox/journal` gives it."""
        return {
            "number": self.number,
            "at": self.at,
            "act": self.act,
            "msg_id": self.msg_id,
            "tries": self.tries,
            "shown": self.shown,
        }
