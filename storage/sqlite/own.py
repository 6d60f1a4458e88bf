"""What the store keeps for the process itself: firings, memos, and a sign of life."""

import sqlite3

from sqlalchemy import select

from storage.operation import Check, Fire, Keep, Kept
from storage.sqlite.statement import insert_row, param, sql
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

    def keep(self, keep: Keep) -> None:
        self._run(self._overwrite, {"key": keep.name, "value": keep.value})

    def check(self, check: Check) -> None:
        self._run(self._overwrite, {"key": CHECKED, "value": str(to_us(check.at))})


class OwnReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        meta = MetaRow.table()
        self._kept = sql(select(meta.c.value).where(meta.c.key == param("key")))

    def kept(self, kept: Kept) -> str:
        row = self._run(self._kept, {"key": kept.name}).fetchone()
        return str(row["value"]) if row else ""
