"""What was used, by scope and day."""

import sqlite3
from collections.abc import Iterable

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.sqlite import insert

from core.amounts import FIELDS, NAMES
from core.model import Spend
from core.ports.ledger import Account, Ceiling, Scope, amounts_of
from storage.sqlite.statement import constant, param, placed
from storage.tables import CounterRow

FIGURES = (*NAMES, "unpriced")


class Counted:
    """Inside the caller's transaction. All that it adds to a counter is written at once, by
    `flush`: the counters of all and of a bot are every message's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        self._many = connection.executemany
        counters = CounterRow.table()
        names = ("scope", "day", *FIGURES)
        row = insert(counters).values({name: param(name) for name in names})
        added = {name: counters.c[name] + row.excluded[name] for name in FIGURES}
        self._add = placed(
            row.on_conflict_do_update(index_elements=["scope", "day"], set_=added), *names
        )
        self._sums = {name: placed(_sum(name), "scope", "since") for name in NAMES}
        self._waiting: dict[Scope, dict[str, list[int]]] = {}

    def add(self, account: Account, spends: Iterable[Spend], messages: int) -> None:
        figures = _figures(spends, messages)
        for scope in account.scopes:
            days = self._waiting.setdefault(scope, {})
            known = days.get(account.day)
            days[account.day] = (
                [a + b for a, b in zip(known, figures, strict=True)] if known else figures
            )

    def sum(self, ceiling: Ceiling) -> int:
        """Of the scope and the unit, since the ceiling's day."""
        name = FIELDS[ceiling.unit]
        (used,) = self._run(self._sums[name], (ceiling.scope, ceiling.since)).fetchone()
        for day, figures in self._waiting.get(ceiling.scope, {}).items():
            if day >= ceiling.since:
                used += figures[FIGURES.index(name)]
        return int(used)

    def flush(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, {}
            self._many(
                self._add,
                [
                    (scope, day, *figures)
                    for scope, days in waiting.items()
                    for day, figures in days.items()
                ],
            )

    def forget(self) -> None:
        """What was not written is not to be."""
        self._waiting = {}


def _sum(name: str) -> Select[tuple[int]]:
    counters = CounterRow.table()
    return select(func.coalesce(func.sum(counters.c[name]), constant(0))).where(
        counters.c.scope == param("scope"), counters.c.day >= param("since")
    )


def _figures(spends: Iterable[Spend], messages: int) -> list[int]:
    """As FIGURES."""
    figures = [messages, 0, 0, 0, 0, 0]
    for spend in spends:
        amounts = amounts_of(spend)
        figures[1] += amounts.tokens
        figures[2] += amounts.images
        figures[3] += amounts.audio_ms
        figures[4] += amounts.nano_usd
        figures[5] += spend.nano_usd is None
    return figures
