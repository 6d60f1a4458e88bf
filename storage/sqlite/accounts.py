"""Reserving, settling, and the counters that both are held against."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from core.amounts import FIELDS, NAMES, Amounts, total
from core.model import Spend
from core.ports.ledger import ALL, Account, Booking, Ceiling, Exceeded, amounts_of
from core.ports.store import Commit
from storage.operation import Book, Charge, Lapse, Used
from storage.rows import Values, account_values, spend_values
from storage.sqlite.statement import constant, insert_row, param, sql
from storage.tables import CounterRow, ReservationRow, SpendRow, from_us, to_us

ACCOUNT = ("person", "conversation", "identity", "place", "bot", "day")


class AccountWrites:
    """Inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        self._many = connection.executemany
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
        scope = param("scope")
        self._used = {
            name: sql(
                select(func.coalesce(func.sum(counters.c[name]), constant(0))).where(
                    counters.c.scope == scope, counters.c.day >= param("since")
                )
            )
            for name in NAMES
        }
        whose = or_(
            scope == constant(ALL),
            scope == constant("person:").concat(held.c.identity),
            scope == constant("bot:").concat(held.c.bot),
            scope == constant("group:").concat(held.c.place),
        )
        self._held = {
            name: sql(
                select(func.coalesce(func.sum(held.c[name]), constant(0))).where(
                    held.c.day >= param("since"), held.c.until > param("now"), whose
                )
            )
            for name in NAMES
        }
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

    def claim(self, message_id: str, booking: Booking) -> Exceeded | None:
        """Reserve anew. What another attempt left reserved may have been spent."""
        self._write_off(self._run(self._left, {"message_id": message_id}).fetchall())
        return self._book(message_id, booking)

    def book(self, book: Book) -> Exceeded | None:
        return self._book(book.message_id, book.booking)

    def _book(self, message_id: str, booking: Booking) -> Exceeded | None:
        for ceiling in booking.ceilings:
            wanted = booking.amounts.of(ceiling.unit)
            used = self._taken(ceiling, to_us(booking.at))
            if used + wanted > ceiling.limit:
                return Exceeded(ceiling=ceiling, used=used, wanted=wanted)
        if booking.amounts:
            self._run(self._reserve, _reservation(message_id, booking))
        return None

    def _taken(self, ceiling: Ceiling, now_us: int) -> int:
        """Used and reserved by others and by itself."""
        name = FIELDS[ceiling.unit]
        asked = {"scope": ceiling.scope, "since": ceiling.since, "now": now_us}
        (used,) = self._run(self._used[name], asked).fetchone()
        (held,) = self._run(self._held[name], asked).fetchone()
        return int(used) + int(held)

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

    def free(self, message_id: str) -> None:
        self._run(self._free, {"message_id": message_id})

    def lapse(self, lapse: Lapse) -> int:
        rows = self._run(self._past, {"now": to_us(lapse.at)}).fetchall()
        return self._write_off(rows)

    def _write_off(self, rows: Iterable[Any]) -> int:
        """Reservations of attempts that nobody works on any more, as spent."""
        left = [dict(zip(ReservationRow.table().columns.keys(), row, strict=True)) for row in rows]
        for values in left:
            self.free(values["message_id"])
            if lost := _lost(values):
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


def _lost(left: Values) -> Spend | None:
    """What a reservation without an end may have cost; None where it was of messages alone."""
    reserved = Amounts(**{name: left[name] for name in NAMES if name != "messages"})
    if not reserved:
        return None
    return Spend(
        kind=left["kind"],
        relay="",
        model="",
        at=from_us(left["at"]),
        prompt_tokens=reserved.tokens,
        images=reserved.images,
        audio_s=reserved.audio_ms / 1000,
        estimated=True,
        unsure=True,
        nano_usd=reserved.nano_usd,
        reserved_nano_usd=reserved.nano_usd,
    )
