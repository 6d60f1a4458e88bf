"""What the store keeps for the process itself: firings, and a sign of life."""

import sqlite3

from storage.operation import Check, Fire
from storage.sqlite.statement import insert_row, sql
from storage.tables import FiringRow, MetaRow, to_us

CHECKED = "checked_at_us"


class OwnWrites:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        meta = MetaRow.table()
        self._fire = sql(insert_row(FiringRow.table()).on_conflict_do_nothing())
        row = insert_row(meta)
        self._overwrite = sql(
            row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value})
        )

    def fire(self, fire: Fire) -> bool:
        return self._run(self._fire, {"job": fire.job, "at": to_us(fire.at)}).rowcount == 1

    def check(self, check: Check) -> None:
        self._run(self._overwrite, {"key": CHECKED, "value": str(to_us(check.at))})
