"""Bringing the database file to the schema that this version knows."""

import sqlite3
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from core.errors import NewerSchema, StoreError
from storage.sqlite.statement import sql
from storage.tables import Row

HEAD = "0004"
"""The latest migration. Revisions are numbers of four digits, so that they compare."""


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create, upgrade, or find all well, which is all that most starts do.

    Raises NewerSchema, StoreError, sqlite3.Error.
    """
    if not _tables(connection):
        _create(connection)
        return
    version = _version(connection, path)
    if version > HEAD:
        raise _newer(path, version)
    if version < HEAD:
        _upgrade(connection, path, version)


def refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    """By a connection that only reads, before one that writes: not a byte is changed.

    Raises NewerSchema, sqlite3.Error.
    """
    if "alembic_version" in _tables(connection):
        version = _version(connection, path)
        if version > HEAD:
            raise _newer(path, version)


def check(connection: sqlite3.Connection, path: Path) -> None:
    """For who only reads. Raises NewerSchema, StoreError for an older or another schema."""
    version = _version(connection, path)
    if version > HEAD:
        raise _newer(path, version)
    if version < HEAD:
        raise StoreError(
            f"database {path}: expected schema {HEAD}, got {version or 'none'}: an older Parley "
            "wrote it. Start the bots once with this version: parley run"
        )


def _tables(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in rows.fetchall()}


def _version(connection: sqlite3.Connection, path: Path) -> str:
    if "alembic_version" not in _tables(connection):
        raise StoreError(
            f"database {path}: expected a database of Parley, got one with other tables. "
            "Name another file in storage.url"
        )
    rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return str(rows[0][0]) if rows else ""


def _newer(path: Path, version: str) -> NewerSchema:
    return NewerSchema(
        f"database {path}: expected schema {HEAD} or older, got {version}: a newer Parley "
        "wrote it. Install that version again, or restore the backup from before the upgrade"
    )


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for table in Row.metadata.sorted_tables:
            connection.execute(sql(CreateTable(table)))
            for index in table.indexes:
                connection.execute(sql(CreateIndex(index)))
        connection.execute(
            "CREATE TABLE alembic_version ( version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )"
        )
        connection.execute("INSERT INTO alembic_version VALUES (?)", (HEAD,))
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _upgrade(connection: sqlite3.Connection, path: Path, version: str) -> None:
    """Only here is Alembic imported: it costs half a second."""
    from storage.migrations.upgrade import upgrade  # noqa: PLC0415

    try:
        upgrade(connection)
    except SQLAlchemyError as error:
        raise StoreError(
            f"database {path}: upgrading it from schema {version or 'none'} to {HEAD} failed and "
            f"was undone, so the older Parley can still use it: {error}"
        ) from error
