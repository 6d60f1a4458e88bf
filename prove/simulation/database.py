"""The real tables and the real SQL over one database in memory, emptied for each history."""

import sqlite3
from pathlib import Path
from typing import Any, cast

from storage.sqlite.database import Database
from storage.sqlite.reader import Reader
from storage.sqlite.schema import prepare
from storage.sqlite.writer import Writer

NOWHERE = Path("the simulation's")
LOCKED, FULL = "locked", "full"
BEGINS = {"BEGIN IMMEDIATE"}


class Connection:
    """A sqlite3 connection that another process may lock, and whose disk may be full."""

    def __init__(self) -> None:
        self.trouble = ""
        self._before = 0
        self._real = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, cached_statements=256
        )
        self._real.row_factory = sqlite3.Row
        self.executemany = self._real.executemany

    @property
    def in_transaction(self) -> bool:
        return self._real.in_transaction

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if self.trouble == LOCKED and sql in BEGINS:
            raise _error(sqlite3.SQLITE_BUSY, "database is locked")
        if self.trouble == FULL and sql == "COMMIT" and self._real.total_changes != self._before:
            raise _error(sqlite3.SQLITE_FULL, "database or disk is full")
        if sql.startswith("BEGIN"):
            self._before = self._real.total_changes
        return self._real.execute(sql, *parameters)

    def empty(self) -> None:
        """As it was when it was made."""
        run = self._real.execute
        if self._real.in_transaction:
            run("ROLLBACK")
        for table in self._tables():
            run(f'DELETE FROM "{table}"')  # noqa: S608 - names of ours
        self.trouble = ""

    def _tables(self) -> list[str]:
        rows = self._real.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return [row["name"] for row in rows if row["name"] != "alembic_version"]


class Kept(Database):
    """What a process opens and closes is there for the next one."""

    async def close(self) -> None:
        """Nothing is open but memory."""


class Memory:
    """A database that outlives the simulated processes. Made once: its statements are compiled."""

    def __init__(self) -> None:
        self.connection = Connection()
        real = cast("sqlite3.Connection", self.connection)
        prepare(real, NOWHERE)
        no_thread = cast("Any", None)
        self.database = Kept(Writer(NOWHERE, real, no_thread), Reader(NOWHERE, real, no_thread))

    def empty(self) -> None:
        self.connection.empty()


def _error(code: int, words: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    error.sqlite_errorname = {sqlite3.SQLITE_BUSY: "SQLITE_BUSY"}.get(code, "SQLITE_FULL")
    return error
