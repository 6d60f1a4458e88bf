"""What can be asked of a backend: one frozen value for each write and each read.

`Operation[T]` says what its answer is. Writes of one batch are committed
together; reads of one batch see one state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from core.amounts import Amounts
from core.model import Deciding, Limit, Message, PartState, Spend, Turn
from core.ports.ledger import Account, Booking, Exceeded, Scope
from core.ports.store import Claim, Commit, Exchange, Spent, Unfinished, Waiting

T = TypeVar("T")


class Operation(Generic[T]):
    """Asked of a backend; answered with a T, or a StoreError for itself alone."""

    __slots__ = ()


# -- writes ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept(Operation[bool]):
    """Store a message; False if its key was there."""

    message: Message
    conversation: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Take(Operation[Claim]):
    """Count an attempt at a message that is still to be answered, and reserve for it."""

    message_id: str
    owner: str
    booking: Booking | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Book(Operation[Exceeded | None]):
    """As `Inbox.book`."""

    message_id: str
    booking: Booking


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Operation[bool]):
    """As `Inbox.release`."""

    message_id: str
    owner: str
    account: Account | None = None
    spends: tuple[Spend, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest(Operation[None]):
    """As `Inbox.rest`."""

    message_id: str
    owner: str
    rests: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Operation[None]):
    """As `Outbox.charge`."""

    message_id: str
    account: Account
    spends: tuple[Spend, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter(Operation[bool]):
    """Write down what no message asked for. False, and nothing is written, where the first of
    the calls stands under the `name` already."""

    name: str
    account: Account
    spends: tuple[Spend, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse(Operation[int]):
    """Write down as spent what was reserved until before `at`; how many messages it was for."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """`applied` is False if this very commit was there. `changed` are conversations and
    scopes whose kept state changed otherwise than by more turns; `orphans` are files
    that nothing needs any more.
    """

    applied: bool
    changed: frozenset[str] = frozenset()
    orphans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish(Operation[Finished]):
    """All that the handling of one message leaves behind."""

    commit: Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell(Operation[bool]):
    """As `Outbox.tell`."""

    commit: Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Untell(Operation[None]):
    """As `Outbox.untell`."""

    commit: Commit
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide(Operation[bool]):
    """Keep what was decided apart from any message. `by` is a word for who decided it.

    An `order` is a name that no two have; one that was carried out changes nothing, and the
    answer is False.
    """

    settings: tuple[Deciding, ...]
    by: str
    at: datetime
    order: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayAside(Operation[None]):
    """As `Outbox.set_aside`."""

    message_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Operation[None]):
    """Note what became of a part."""

    reply_id: str
    position: int
    state: PartState
    receipt: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryAgain(Operation[None]):
    """As `Shelf.carry_again`."""

    reply_id: str
    position: int
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase(Operation[tuple[str, ...]]):
    """Erase the content of messages that came before a time; the answer are orphaned files.

    Rows that came before `keys_before` go whole, dedupe key included.
    """

    message_ids: tuple[str, ...]
    keys_before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Expire(Operation[tuple[str, ...]]):
    """Drop daily counters of days before `day`, firings before `at`, and gifts for periods that
    began before `day`, whose names are the answer."""

    day: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire(Operation[bool]):
    """Note a schedule's firing; False if it was there."""

    job: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Operation[None]):
    """Write something of no consequence, to see that writing works."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep(Operation[None]):
    """As `Memo.keep`, its name being unique in the store."""

    name: str
    value: str


# -- reads -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Operation[str]):
    """As `Memo.recall`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsSet(Operation[Mapping[str, Mapping[str, str]]]):
    """The settings of all groups that have any, by scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved(Operation[Sequence[Waiting]]):
    """As `Shelf.waiting`."""

    platform: str
    bot: str
    chat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected(Operation[Sequence[str]]):
    """As `Shelf.expected`."""

    platform: str
    bot: str
    chat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried(Operation[Waiting | None]):
    """As `Shelf.carried`."""

    platform: str
    bot: str
    chat: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentThen(Operation[tuple[Waiting, ...]]):
    """As `Shelf.sent`."""

    platform: str
    bot: str
    chat: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall(Operation[tuple[Turn, ...]]):
    """As `History.recent`."""

    conversation: str
    chars: Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Log(Operation[Sequence[Turn]]):
    """As `History.log`."""

    conversation: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Own(Operation[Sequence[Turn]]):
    """As `History.own`."""

    conversation: str
    person: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Operation[Sequence[Turn]]):
    """As `History.pair`."""

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Operation[bool]):
    """As `Inbox.known`."""

    platform: str
    bot: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending(Operation[Sequence[Unfinished]]):
    """As `Inbox.unfinished`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Show(Operation[Sequence[Exchange]]):
    """As `Transcript.exchanges`."""

    platform: str
    bot: str
    chat: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Operation[Mapping[str, str]]):
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Used(Operation[Amounts]):
    """As `People.used`."""

    scope: Scope
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Operation[Amounts]):
    """As `People.held`."""

    scope: Scope
    since: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpriced(Operation[int]):
    """As `People.unpriced`."""

    scope: Scope
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Operation[bool]):
    """As `People.seen`."""

    scope: Scope
    bots: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum(Operation[Sequence[Spent]]):
    """As `People.spent`."""

    identity: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Export(Operation[dict[str, object]]):
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`until` is the last seq that was looked at, None past the end."""

    until: int | None
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired(Operation[Found]):
    """Among the `count` messages `after` a seq: which ended before a time and can be erased.

    Those without content only if they ended before `keys_before`.
    """

    before: datetime
    keys_before: datetime
    after: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Referenced(Operation[frozenset[str]]):
    """Which of these files are needed."""

    blobs: tuple[str, ...]
