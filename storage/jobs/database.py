"""Opening `jobs.db`: a rollback journal, so that several processes may write."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from core.errors import StoreError
from storage.jobs.schema import prepare
from storage.sqlite.failure import trouble

BUSY_S = 10.0


def open_engine(path: Path, busy_timeout_s: float = BUSY_S) -> Engine:
    """The database, made or upgraded if need be. Raises StoreError, NewerSchema."""
    connect = connector(path, busy_timeout_s)
    with named(path):
        connection = connect()
        try:
            prepare(connection, path)
        finally:
            connection.close()
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "begin", _begin)
    return engine


def connector(path: Path, busy_timeout_s: float) -> Callable[[], sqlite3.Connection]:
    """Makes connections that are on the disk when they say so, and begin nothing by themselves."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA mmap_size = 0")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    return connect


@contextmanager
def transaction(engine: Engine, path: Path) -> Iterator[Session]:
    """One session, committed at the end. Raises StoreError."""
    with named(path), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def named(path: Path) -> Iterator[None]:
    """SQLite's errors in an operator's words."""
    try:
        yield
    except sqlite3.Error as error:
        raise trouble(error, path) from error
    except DBAPIError as error:
        if not isinstance(error.orig, sqlite3.Error):
            raise StoreError(f"database {path}: {type(error).__name__}") from error
        raise trouble(error.orig, path) from error.orig


def _begin(connection: Connection) -> None:
    """What is read in a transaction is still so when it writes."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
