"""One message's way through the store, as an operator asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.model import Message, PartState, Spend
from storage.operation import Operation

SHORTEST_PREFIX = 8
"""Digits of our ids: those of one minute share fewer than these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTrail:
    """One part of a reply. `size` is in characters for text, in bytes for files.

    `tried_at` and `settled_at` are None where that did not happen, or was not noted.
    """

    kind: str
    size: int
    state: PartState
    attempts: int
    receipt: str
    tried_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTrail:
    """An answer, or a notice that came before it."""

    id: str
    notice: bool
    at: datetime
    parts: tuple[PartTrail, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """All that is noted of a message. `message` is None once its content was erased.

    `ahead` counts the unanswered messages before it in its conversation; `owner` is
    "" while nobody works on it.
    """

    id: str
    platform: str
    bot: str
    key: str
    state: str
    reason: str
    attempt: int
    owner: str
    ahead: int
    message: Message | None
    received_at: datetime
    put_back_at: datetime | None
    first_claimed_at: datetime | None
    claimed_at: datetime | None
    ended_at: datetime | None
    spends: tuple[Spend, ...]
    replies: tuple[ReplyTrail, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Find(Operation[Sequence[str]]):
    """The ids of messages that have this id, this beginning of one, or this platform's key.

    The `count` latest at most.
    """

    given: str
    count: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow(Operation[Trail | None]):
    """None: there is no such message."""

    message_id: str
