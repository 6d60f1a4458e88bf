"""Messages that were set aside, and what an operator does with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.model import Message
from storage.operation import Finished, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """`at` is when, `reason` is why it was set aside after so many attempts."""

    message: Message
    received_at: datetime
    at: datetime
    reason: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAside(Operation[Sequence[SetAside]]):
    """Those whose content is kept, in the order they came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack(Operation[tuple[tuple[str, ...], Finished]]):
    """Make messages new again that were set aside: which, and what changed with it.

    Those that ended with one of them are put back too. What the person was told instead
    of an answer goes, with its turns; what was counted against them is not counted again.
    """

    message_ids: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(Operation[tuple[tuple[str, ...], Finished]]):
    """Erase the content of messages that were set aside, as `PutBack` finds them."""

    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What stands in the store now. `oldest_at` is the oldest message's that has no whole
    answer: none is stored, or a part of it is still to be sent.
    """

    oldest_at: datetime | None
    set_aside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Operation[Backlog]):
    """Cheap enough to be asked by a monitor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oldest(Operation[str | None]):
    """The id of the message that `Backlog.oldest_at` is of."""
