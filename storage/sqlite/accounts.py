"""Reserving, settling, and the counters that both are held against."""

import sqlite3
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.sqlite import insert

from core.amounts import NAMES, Amounts
from core.model import Spend
from core.ports.ledger import Account, Booking, Ceiling, Exceeded, lost_of
from core.ports.store import Commit
from storage.operation import Book, Charge, Enter, Lapse, Release, Used
from storage.rows import spend_row
from storage.sqlite.counted import Counted
from storage.sqlite.reserved import Reservation, Reserved
from storage.sqlite.statement import param, placed, sql
from storage.tables import CounterRow, SpendRow, from_us, to_us


class AccountWrites:
    """Inside the caller's transaction: `begin` as it begins, `flush` before it is committed,
    `forget` where something of it was undone."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        self._many = connection.executemany
        self._reserved = Reserved(connection)
        self._counted = Counted(connection)
        names = [c.name for c in SpendRow.table().columns if c.name != "seq"]
        spend = insert(SpendRow.table()).values({name: param(name) for name in names})
        self._spend = placed(spend, *names)
        rows = SpendRow.table()
        call = (rows.c[name] == param(name) for name in ("relay", "key", "at", "message_id"))
        self._entered = placed(select(rows.c.seq).where(*call), "relay", "key", "at", "message_id")

    def begin(self) -> None:
        self._reserved.begin()

    def flush(self) -> None:
        self._counted.flush()

    def forget(self) -> None:
        self._reserved.forget()
        self._counted.forget()

    # -- reserving -----------------------------------------------------------

    def claim(self, message_id: str, booking: Booking, attempt: int) -> Exceeded | None:
        """Reserve anew. What another attempt left reserved may have been spent."""
        if attempt > 1 and (left := self._reserved.of(message_id)):
            self._write_off((left,))
        return self._book(message_id, booking)

    def book(self, book: Book) -> Exceeded | None:
        return self._book(book.message_id, book.booking)

    def _book(self, message_id: str, booking: Booking) -> Exceeded | None:
        if booking.ceilings:
            self._end(to_us(booking.at))
        for ceiling in booking.ceilings:
            wanted = booking.amounts.of(ceiling.unit)
            used = self._taken(ceiling)
            if used + wanted > ceiling.limit:
                return Exceeded(ceiling=ceiling, used=used, wanted=wanted)
        if booking.amounts:
            self._reserved.add(message_id, booking)
        return None

    def _taken(self, ceiling: Ceiling) -> int:
        """Used and reserved by others and by itself."""
        return self._counted.sum(ceiling) + self._reserved.sum(ceiling)

    # -- settling ------------------------------------------------------------

    def settle(self, commit: Commit) -> None:
        """What was spent takes the place of what was reserved. A message counts if it cost
        and was answered."""
        self.free(commit.message_id)
        if commit.account:
            messages = 0 if commit.dead else 1
            self._note(commit.message_id, commit.account, commit.spends, messages=messages)

    def charge(self, charge: Charge) -> None:
        """The message itself is counted once it is answered."""
        self.free(charge.message_id)
        self._note(charge.message_id, charge.account, charge.spends, messages=0)

    def release(self, release: Release) -> None:
        """What was spent stays so."""
        self.free(release.message_id)
        if release.account:
            self._note(release.message_id, release.account, release.spends, messages=0)

    def enter(self, enter: Enter) -> bool:
        """Known by its first call, whatever the days are counted by meanwhile."""
        first = next(iter(enter.spends), None)
        if first is None:
            return False
        call = (first.relay, first.key, to_us(first.at), enter.name)
        if self._run(self._entered, call).fetchone():
            return False
        self._note(enter.name, enter.account, enter.spends, messages=0)
        return True

    def free(self, message_id: str) -> None:
        self._reserved.drop(message_id)

    def lapse(self, lapse: Lapse) -> int:
        return self._end(to_us(lapse.at))

    def _end(self, now_us: int) -> int:
        """Reservations whose time is over."""
        return self._write_off(self._reserved.past(now_us))

    def _write_off(self, left: Sequence[Reservation]) -> int:
        """Reservations of attempts that nobody works on any more, as spent."""
        for row in left:
            self.free(row.message_id)
            if lost := lost_of(row.kind, from_us(row.at), row.amounts):
                self._note(row.message_id, row.account, (lost,), messages=0)
        return len(left)

    def _note(
        self, message_id: str, account: Account, spends: tuple[Spend, ...], *, messages: int
    ) -> None:
        if not spends:
            return
        self._many(self._spend, [spend_row(spend, account, message_id) for spend in spends])
        self._counted.add(account, spends, messages)


class AccountReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        counters = CounterRow.table()
        self._used = sql(
            select(*(func.sum(counters.c[name]).label(name) for name in NAMES)).where(
                counters.c.scope == param("scope"), counters.c.day >= param("since")
            )
        )

    def used(self, used: Used) -> Amounts:
        row = self._run(self._used, {"scope": used.scope, "since": used.since}).fetchone()
        return Amounts(**{name: row[name] or 0 for name in NAMES})
