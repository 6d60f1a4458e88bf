"""Bringing `jobs.db` to the schema that this version knows, told by `PRAGMA user_version`."""

import sqlite3
from pathlib import Path

from core.errors import NewerSchema, StoreError

FIRST = """
CREATE TABLE jobs (
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    relay VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    "after" INTEGER NOT NULL,
    file VARCHAR NOT NULL,
    input VARCHAR NOT NULL,
    validation VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    suffix VARCHAR NOT NULL,
    epochs INTEGER NOT NULL,
    at BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    told VARCHAR NOT NULL,
    trouble TEXT NOT NULL,
    total INTEGER NOT NULL,
    completed INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    input_file_id VARCHAR NOT NULL,
    validation_file_id VARCHAR NOT NULL,
    output_file_id VARCHAR NOT NULL,
    error_file_id VARCHAR NOT NULL,
    remote_id VARCHAR NOT NULL,
    fine_tuned_model VARCHAR NOT NULL,
    tried_at BIGINT,
    submitted_at BIGINT,
    asked_at BIGINT,
    ended_at BIGINT,
    fetched_at BIGINT,
    input_until BIGINT,
    record_until BIGINT,
    output_until BIGINT,
    PRIMARY KEY (number),
    UNIQUE (kind, relay, fingerprint, "after")
)
"""
TRAINED = "ALTER TABLE jobs ADD COLUMN trained_tokens BIGINT"
ENTERED = "ALTER TABLE jobs ADD COLUMN entered_at BIGINT"


def steps() -> tuple[str, ...]:
    """What leads from each version to the next, from none on: as text, which never changes."""
    return (FIRST, TRAINED, ENTERED)


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
