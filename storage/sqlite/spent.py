"""Reading what somebody spent, and what is set aside."""

import sqlite3

from sqlalchemy import func, or_, select

from core.amounts import NAMES, Amounts
from core.ports.ledger import ALL
from core.ports.store import Spent
from storage.operation import Held, Sum
from storage.sqlite.statement import constant, param, sql
from storage.tables import ReservationRow, SpendRow, to_us

SUMMED = (
    *("prompt_tokens", "completion_tokens", "characters", "images", "audio_s"),
    *("estimated", "unsure"),
)


class SpentReads:
    """Both look at no rows but those asked for: `spends` by (identity, day)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        spends, held, scope = SpendRow.table(), ReservationRow.table(), param("scope")
        self._spent = sql(
            select(
                spends.c.kind,
                func.count().label("calls"),
                *(func.sum(spends.c[name]).label(name) for name in SUMMED),
                func.coalesce(func.sum(spends.c.nano_usd), constant(0)).label("nano_usd"),
                (func.count() - func.count(spends.c.nano_usd)).label("unpriced"),
            )
            .where(spends.c.identity == param("identity"), spends.c.day >= param("since"))
            .group_by(spends.c.kind)
            .order_by(spends.c.kind)
        )
        self._held = sql(
            select(
                *(func.coalesce(func.sum(held.c[name]), constant(0)).label(name) for name in NAMES)
            ).where(
                held.c.day >= param("since"),
                held.c.until > param("now"),
                or_(
                    scope == constant(ALL),
                    scope == constant("person:").concat(held.c.identity),
                    scope == constant("bot:").concat(held.c.bot),
                    scope == constant("group:").concat(held.c.place),
                ),
            )
        )

    def spent(self, spent: Sum) -> list[Spent]:
        asked = {"identity": spent.identity, "since": spent.since}
        return [Spent(**dict(row)) for row in self._run(self._spent, asked).fetchall()]

    def held(self, held: Held) -> Amounts:
        asked = {"scope": held.scope, "since": held.since, "now": to_us(held.now)}
        return Amounts(**dict(self._run(self._held, asked).fetchone()))
