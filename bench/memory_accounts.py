"""Reservations and counters in dicts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import structs

from core.amounts import Amounts, total
from core.model import Spend
from core.ports.ledger import Account, Booking, Exceeded, Kind, Scope, amounts_of, lost_of
from core.ports.store import Commit, Spent

SUMMED = (
    *("prompt_tokens", "completion_tokens", "characters", "images", "audio_s"),
    *("estimated", "unsure"),
)


@dataclass(slots=True)
class MemoryAccounts:
    """What `storage.sqlite.accounts` does."""

    counted: dict[tuple[Scope, str], Amounts] = field(default_factory=dict)
    held: dict[str, Booking] = field(default_factory=dict)
    reserved: dict[str, Amounts] = field(default_factory=dict)
    rows: list[tuple[Account, Spend]] = field(default_factory=list)

    def claim(self, message_id: str, booking: Booking, attempt: int) -> Exceeded | None:
        if attempt > 1:
            self._write_off(message_id)
        return self.book(message_id, booking)

    def book(self, message_id: str, booking: Booking) -> Exceeded | None:
        if booking.ceilings:
            self.lapse(booking.at)
        for ceiling in booking.ceilings:
            held = self.set_aside(ceiling.scope, ceiling.since)
            used = self.used(ceiling.scope, ceiling.since).plus(held).of(ceiling.unit)
            wanted = booking.amounts.of(ceiling.unit)
            if used + wanted > ceiling.limit:
                return Exceeded(ceiling=ceiling, used=used, wanted=wanted)
        if booking.amounts:
            first = self.held.get(message_id, booking)
            self.held[message_id] = structs.replace(first, until=booking.until)
            before = self.reserved.get(message_id, Amounts())
            self.reserved[message_id] = before.plus(booking.amounts)
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

    def lapse(self, now: datetime) -> int:
        """Reservations whose time is over are spent; how many."""
        past = [name for name, booking in self.held.items() if booking.until <= now]
        for message_id in past:
            self._write_off(message_id)
        return len(past)

    def _write_off(self, message_id: str) -> None:
        booking, reserved = self.held.get(message_id), self.reserved.get(message_id, Amounts())
        self.free(message_id)
        if booking and (lost := lost_of(booking.kind, booking.at, reserved)):
            self._count(booking.account, (lost,), messages=0)

    def set_aside(self, scope: Scope, since: str) -> Amounts:
        return total(
            self.reserved[name]
            for name, other in self.held.items()
            if scope in other.account.scopes and other.account.day >= since
        )

    def spent(self, identity: str, since: str) -> list[Spent]:
        kinds: dict[Kind, list[Spend]] = {}
        for account, spend in self.rows:
            if account.identity == identity and account.day >= since:
                kinds.setdefault(spend.kind, []).append(spend)
        return [_summed(kind, spends) for kind, spends in sorted(kinds.items())]

    def unpriced(self, scope: Scope, since: str) -> int:
        return sum(
            spend.nano_usd is None
            for account, spend in self.rows
            if scope in account.scopes and account.day >= since
        )

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
        self.rows += [(account, spend) for spend in spends]
        spent = total(map(amounts_of, spends)).plus(Amounts(messages=messages))
        for scope in account.scopes:
            before = self.counted.get((scope, account.day), Amounts())
            self.counted[scope, account.day] = before.plus(spent)


def _summed(kind: Kind, spends: Sequence[Spend]) -> Spent:
    return Spent(
        kind=kind,
        calls=len(spends),
        nano_usd=sum(spend.nano_usd or 0 for spend in spends),
        unpriced=sum(spend.nano_usd is None for spend in spends),
        **{name: sum(getattr(spend, name) for spend in spends) for name in SUMMED},
    )
