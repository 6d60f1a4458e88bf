"""What is reserved now, in memory beside its table: each claim under a limit asks for it."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs
from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from core.amounts import FIELDS, NAMES, Amounts
from core.ports.ledger import Account, Booking, Ceiling, Kind, Scope
from storage.rows import account_row
from storage.sqlite.statement import param, placed
from storage.tables import ReservationRow, to_us

COLUMNS = tuple(column.name for column in ReservationRow.table().columns)

NEVER = 1 << 63


class Reservation(Struct, frozen=True, kw_only=True):
    """A row. Times are in microseconds, as there."""

    message_id: str
    account: Account
    kind: Kind
    at: int
    until: int
    amounts: Amounts


class Reserved:
    """Inside the caller's transaction, of which it must be told: see `begin` and `forget`.

    What another connection wrote is read before anything is answered.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        held = ReservationRow.table()
        self._all = placed(select(held))
        row = insert(held).values({name: param(name) for name in COLUMNS})
        kept = {name: row.excluded[name] for name in ("until", *NAMES)}
        self._keep = placed(
            row.on_conflict_do_update(index_elements=["message_id"], set_=kept), *COLUMNS
        )
        gone = delete(held).where(held.c.message_id == param("message_id"))
        self._drop = placed(gone, "message_id")
        self._version = -1
        self._looked = False
        self._rows: dict[str, Reservation] = {}
        self._sums: dict[Scope, dict[str, list[int]]] = {}  # by day; the last: how many rows
        self._soonest = NEVER

    def begin(self) -> None:
        """A transaction has begun: others may have written before it."""
        self._looked = False

    def forget(self) -> None:
        """What was done is undone: it is read again."""
        self._version, self._looked = -1, False

    def of(self, message_id: str) -> Reservation | None:
        self._look()
        return self._rows.get(message_id)

    def past(self, now_us: int) -> Sequence[Reservation]:
        """Those whose time is over."""
        self._look()
        if now_us < self._soonest:
            return ()
        rows = self._rows.values()
        self._soonest = min((row.until for row in rows if row.until > now_us), default=NEVER)
        return [row for row in rows if row.until <= now_us]

    def sum(self, ceiling: Ceiling) -> int:
        """Of the scope and the unit, since the ceiling's day."""
        self._look()
        days = self._sums.get(ceiling.scope)
        if not days:
            return 0
        place = NAMES.index(FIELDS[ceiling.unit])
        return sum(figures[place] for day, figures in days.items() if day >= ceiling.since)

    def add(self, message_id: str, booking: Booking) -> None:
        """Beside what is reserved for the message already, up to the booking's end."""
        known = self.of(message_id)
        until = to_us(booking.until)
        if known:
            amounts = known.amounts.plus(booking.amounts)
            row = structs.replace(known, amounts=amounts, until=until)
        else:
            row = Reservation(
                message_id=message_id,
                account=booking.account,
                kind=booking.kind,
                at=to_us(booking.at),
                until=until,
                amounts=booking.amounts,
            )
        self._run(self._keep, _values(row))
        self._put(row)

    def drop(self, message_id: str) -> None:
        row = self.of(message_id)
        if row:
            self._run(self._drop, (message_id,))
            self._take(row)

    # -- in memory -----------------------------------------------------------

    def _look(self) -> None:
        """https://www.sqlite.org/pragma.html#pragma_data_version, read on 2026-11-21: it changes
        with the commits of other connections alone."""
        if self._looked:
            return
        (version,) = self._run("PRAGMA data_version").fetchone()
        self._looked = True
        if version != self._version:
            self._rows, self._sums, self._soonest = {}, {}, NEVER
            for row in self._run(self._all).fetchall():
                self._put(_reservation(row))
            self._version = version

    def _put(self, row: Reservation) -> None:
        known = self._rows.get(row.message_id)
        if known:
            self._take(known)
        self._rows[row.message_id] = row
        self._soonest = min(self._soonest, row.until)
        amounts, day = _amounts(row), row.account.day
        for scope in row.account.scopes:
            days = self._sums.get(scope)
            if days is None:
                days = self._sums[scope] = {}
            figures = days.get(day)
            if figures is None:
                figures = days[day] = [0] * (len(NAMES) + 1)
            figures[-1] += 1
            for place, amount in amounts:
                figures[place] += amount

    def _take(self, row: Reservation) -> None:
        del self._rows[row.message_id]
        amounts, day = _amounts(row), row.account.day
        for scope in row.account.scopes:
            days = self._sums[scope]
            figures = days[day]
            figures[-1] -= 1
            for place, amount in amounts:
                figures[place] -= amount
            if not figures[-1]:
                del days[day]
                if not days:
                    del self._sums[scope]


def _amounts(row: Reservation) -> list[tuple[int, int]]:
    """(place in NAMES, amount), without those of nothing."""
    return [pair for pair in enumerate(structs.astuple(row.amounts)) if pair[1]]


def _values(row: Reservation) -> tuple[Any, ...]:
    times = (row.kind, row.at, row.until)
    return (row.message_id, *account_row(row.account), *times, *structs.astuple(row.amounts))


def _reservation(values: Sequence[Any]) -> Reservation:
    row = dict(zip(COLUMNS, values, strict=True))
    names = Account.__struct_fields__
    return Reservation(
        account=Account(**{name: row[name] for name in names}),
        amounts=Amounts(**{name: row[name] for name in NAMES}),
        **{name: row[name] for name in ("message_id", "kind", "at", "until")},
    )
