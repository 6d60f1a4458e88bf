"""Bringing `jobs.db` to the schema that this version knows, told by `PRAGMA user_version`."""

import sqlite3
from pathlib import Path

from sqlalchemy.schema import CreateTable

from core.errors import NewerSchema, StoreError
from storage.jobs.tables import JobRow, Row
from storage.sqlite.statement import sql


def steps() -> tuple[str, ...]:
    """What leads from each version to the next, from none on.

    A later version adds a step, and writes down as text what the earlier ones were.
    """
    return (sql(CreateTable(Row.metadata.tables[str(JobRow.__tablename__)])),)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create, upgrade, or find all well: whole or not at all, also with several processes.

    Raises NewerSchema, StoreError, sqlite3.Error.
    """
    head = len(steps())
    if _version(connection) == head:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        _check(connection, path, version, head)
        for step in steps()[version:]:
            connection.execute(step)
        connection.execute(f"PRAGMA user_version = {head}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _check(connection: sqlite3.Connection, path: Path, version: int, head: int) -> None:
    if version > head:
        raise NewerSchema(
            f"database {path}: expected schema {head} or older, got {version}: a newer Parley "
            "wrote it. Install that version again, or restore the backup from before the upgrade"
        )
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise StoreError(
            f"database {path}: expected a database of Parley's jobs, got one with other tables. "
            "Move that file elsewhere"
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
