"""Reading the ledger for reports and exports."""

import sqlite3

from sqlalchemy import func, select, union

from core.quota.report import FIGURES, Figures, Line
from storage.rows import spend_of
from storage.spending import Counted, Entries, Entry, Spending
from storage.sqlite.statement import constant, first, param, sql
from storage.tables import CounterRow, ReservationRow, SpendRow

BY = ("identity", "kind", "relay", "model")
OF_ENTRY = ("seq", "person", "message_id", "conversation", "identity", "place", "bot", "day")


class ReportReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        spends = SpendRow.table()
        days = spends.c.day.between(param("since"), param("until"))
        counted = {
            "calls": func.count(),
            "unpriced": func.count().filter(spends.c.nano_usd.is_(None)),
            "nano_usd": func.coalesce(func.sum(spends.c.nano_usd), constant(0)),
        }
        summed = {n: func.sum(spends.c[n]) for n in FIGURES if n not in counted}
        sums = [column.label(name) for name, column in (counted | summed).items()]
        by = [spends.c[name] for name in BY]
        self._sums = sql(select(*by, *sums).where(days).group_by(*by).order_by(*by))
        counters, held = CounterRow.table(), ReservationRow.table()
        scopes = union(
            select(counters.c.scope).where(counters.c.day >= param("since")),
            select(constant("person:").concat(held.c.identity).label("scope")),
        )
        self._counted = sql(scopes.order_by("scope"))
        rows = select(spends).where(days, spends.c.seq > param("after")).order_by(spends.c.seq)
        self._entries = sql(first(rows, "count"))

    def counted(self, asked: Counted) -> list[str]:
        return [row[0] for row in self._run(self._counted, {"since": asked.since}).fetchall()]

    def spending(self, asked: Spending) -> tuple[Line, ...]:
        days = {"since": asked.since, "until": asked.until}
        return tuple(
            Line(
                **{name: row[name] for name in BY},
                figures=Figures(**{name: row[name] for name in FIGURES}),
            )
            for row in self._run(self._sums, days).fetchall()
        )

    def entries(self, asked: Entries) -> list[Entry]:
        given = {name: getattr(asked, name) for name in ("since", "until", "after", "count")}
        return [
            Entry(**{name: row[name] for name in OF_ENTRY}, spend=spend_of(row))
            for row in self._run(self._entries, given).fetchall()
        ]
