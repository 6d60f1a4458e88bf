"""Reservations and counters in dicts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.amounts import Amounts, total
from core.model import Spend
from core.ports.ledger import Account, Booking, Exceeded, Scope, amounts_of
from core.ports.store import Commit


@dataclass(slots=True)
class MemoryAccounts:
    """What `storage.sqlite.accounts` does. Nothing outlives a process here: nothing is lost."""

    counted: dict[tuple[Scope, str], Amounts] = field(default_factory=dict)
    held: dict[str, Booking] = field(default_factory=dict)
    reserved: dict[str, Amounts] = field(default_factory=dict)

    def claim(self, message_id: str, booking: Booking) -> Exceeded | None:
        self.free(message_id)
        return self.book(message_id, booking)

    def book(self, message_id: str, booking: Booking) -> Exceeded | None:
        for ceiling in booking.ceilings:
            held = total(
                self.reserved[name]
                for name, other in self.held.items()
                if ceiling.scope in other.account.scopes and other.account.day >= ceiling.since
            )
            used = self.used(ceiling.scope, ceiling.since).plus(held).of(ceiling.unit)
            wanted = booking.amounts.of(ceiling.unit)
            if used + wanted > ceiling.limit:
                return Exceeded(ceiling=ceiling, used=used, wanted=wanted)
        self.held[message_id] = booking
        self.reserved[message_id] = self.reserved.get(message_id, Amounts()).plus(booking.amounts)
        return None

    def free(self, message_id: str) -> None:
        self.held.pop(message_id, None)
        self.reserved.pop(message_id, None)

    def settle(self, commit: Commit) -> None:
        self.free(commit.message_id)
        if commit.account:
            self._count(commit.account, commit.spends, messages=0 if commit.dead else 1)

    def charge(self, message_id: str, account: Account, spends: Sequence[Spend]) -> None:
        self.free(message_id)
        self._count(account, spends, messages=0)

    def used(self, scope: Scope, since: str) -> Amounts:
        return total(
            amounts for (of, day), amounts in self.counted.items() if of == scope and day >= since
        )

    def forget(self, before: str) -> None:
        """Counters of days before a day."""
        self.counted = {at: amounts for at, amounts in self.counted.items() if at[1] >= before}

    def _count(self, account: Account, spends: Sequence[Spend], *, messages: int) -> None:
        if not spends:
            return
        spent = total(map(amounts_of, spends)).plus(Amounts(messages=messages))
        for scope in account.scopes:
            before = self.counted.get((scope, account.day), Amounts())
            self.counted[scope, account.day] = before.plus(spent)
