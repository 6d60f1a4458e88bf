"""What is asked of the ledger for reports and exports."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from core.model import Spend
from core.ports.ledger import Scope
from core.quota.report import Line
from storage.operation import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending(Operation[tuple[Line, ...]]):
    """Sums over the accounting days from `since` to `until`, both in it."""

    since: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Operation[Sequence[Scope]]):
    """Whose use was counted since an accounting day, or is reserved now."""

    since: str


class Entry(Struct, frozen=True, kw_only=True):
    """A row of the ledger. `seq` numbers them as they were written."""

    seq: int
    person: str
    message_id: str
    conversation: str
    identity: str
    place: str
    bot: str
    day: str
    spend: Spend


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries(Operation[Sequence[Entry]]):
    """The next `count` rows behind `after`, among those of the days."""

    since: str
    until: str
    after: int
    count: int
