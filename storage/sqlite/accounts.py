"""Reserving, settling, and the counters that both are held against."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert

from core.amounts import FIELDS, NAMES, Amounts, total
from core.model import Spend
from core.ports.ledger import Account, Booking, Ceiling, Exceeded, amounts_of, lost_of
from core.ports.store import Commit
from storage.operation import Book, Charge, Lapse, Release, Used
from storage.rows import Values, account_values, spend_values
from storage.sqlite.statement import constant, insert_row, param, sql
from storage.tables import CounterRow, ReservationRow, SpendRow, from_us, to_us

WHOSE = {"person": "identity", "group": "place", "bot": "bot"}
"""The column by which a reservation belongs to a scope of a kind; to "all" they all do."""

ACCOUNT = ("person", "conversation", "identity", "place", "bot", "day")


class AccountWrites:
    """Inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        self._many = connection.executemany
        self._sums: dict[tuple[str, str], str] = {}
        counters, held = CounterRow.table(), ReservationRow.table()
        figures = (*NAMES, "unpriced")
        self._count = sql(
            insert(counters)
            .values({name: param(name) for name in ("scope", "day", *figures)})
            .on_conflict_do_update(
                index_elements=["scope", "day"],
                set_={name: counters.c[name] + param(name) for name in figures},
            )
        )
        row = insert_row(held)
        self._reserve = sql(
            row.on_conflict_do_update(
                index_elements=["message_id"],
                set_={name: held.c[name] + row.excluded[name] for name in NAMES}
                | {"until": row.excluded.until},
            )
        )
        self._free = sql(delete(held).where(held.c.message_id == param("message_id")))
        self._left = sql(select(held).where(held.c.message_id == param("message_id")))
        self._past = sql(select(held).where(held.c.until <= param("now")))
        self._spend = sql(insert_row(SpendRow.table()))

    # -- reserving -----------------------------------------------------------

    def claim(self, message_id: str, booking: Booking, attempt: int) -> Exceeded | None:
        """Reserve anew. What another attempt left reserved may have been spent."""
        if attempt > 1:
            self._write_off(self._run(self._left, {"message_id": message_id}).fetchall())
        return self._book(message_id, booking)

    def book(self, book: Book) -> Exceeded | None:
        return self._book(book.message_id, book.booking)

    def _book(self, message_id: str, booking: Booking) -> Exceeded | None:
        if booking.ceilings:
            self._end(booking.at)
        for ceiling in booking.ceilings:
            wanted = booking.amounts.of(ceiling.unit)
            used = self._taken(ceiling)
            if used + wanted > ceiling.limit:
                return Exceeded(ceiling=ceiling, used=used, wanted=wanted)
        if booking.amounts:
            self._run(self._reserve, _reservation(message_id, booking))
        return None

    def _taken(self, ceiling: Ceiling) -> int:
        """Used and reserved by others and by itself."""
        kind, _, whose = ceiling.scope.partition(":")
        statement = self._sum(kind, FIELDS[ceiling.unit])
        asked = {"scope": ceiling.scope, "whose": whose, "since": ceiling.since}
        (taken,) = self._run(statement, asked).fetchone()
        return int(taken)

    def _sum(self, kind: str, figure: str) -> str:
        """Of a kind of scope, compiled when it is first asked for."""
        known = self._sums.get((kind, figure))
        if known is None:
            known = self._sums[kind, figure] = _sum(kind, figure)
        return known

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

    def free(self, message_id: str) -> None:
        self._run(self._free, {"message_id": message_id})

    def lapse(self, lapse: Lapse) -> int:
        return self._end(lapse.at)

    def _end(self, now: datetime) -> int:
        """Reservations whose time is over."""
        return self._write_off(self._run(self._past, {"now": to_us(now)}).fetchall())

    def _write_off(self, rows: Iterable[Any]) -> int:
        """Reservations of attempts that nobody works on any more, as spent."""
        left = [dict(zip(ReservationRow.table().columns.keys(), row, strict=True)) for row in rows]
        for values in left:
            self.free(values["message_id"])
            reserved = Amounts(**{name: values[name] for name in NAMES})
            if lost := lost_of(values["kind"], from_us(values["at"]), reserved):
                self._note(values["message_id"], _account(values), (lost,), messages=0)
        return len(left)

    def _note(
        self, message_id: str, account: Account, spends: tuple[Spend, ...], *, messages: int
    ) -> None:
        if not spends:
            return
        self._many(self._spend, [spend_values(s, account, message_id) for s in spends])
        figures = total(map(amounts_of, spends))
        counted = {
            "day": account.day,
            **{name: getattr(figures, name) for name in NAMES},
            "messages": messages,
            "unpriced": sum(spend.nano_usd is None for spend in spends),
        }
        self._many(self._count, [{**counted, "scope": scope} for scope in account.scopes])


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


def _sum(kind: str, figure: str) -> str:
    """What a scope of a kind used, and what is reserved for it."""
    counters, held = CounterRow.table(), ReservationRow.table()
    used = select(func.coalesce(func.sum(counters.c[figure]), constant(0))).where(
        counters.c.scope == param("scope"), counters.c.day >= param("since")
    )
    reserved = select(func.coalesce(func.sum(held.c[figure]), constant(0))).where(
        held.c.day >= param("since")
    )
    if kind in WHOSE:
        reserved = reserved.where(held.c[WHOSE[kind]] == param("whose"))
    return sql(select(used.scalar_subquery() + reserved.scalar_subquery()))


def _reservation(message_id: str, booking: Booking) -> Values:
    return {
        **account_values(booking.account),
        **{name: getattr(booking.amounts, name) for name in NAMES},
        "message_id": message_id,
        "kind": booking.kind,
        "at": to_us(booking.at),
        "until": to_us(booking.until),
    }


def _account(left: Values) -> Account:
    return Account(**{name: left[name] for name in ACCOUNT})
