"""A consistent copy of a database that is in use, and what such a copy holds."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from core.errors import NewerSchema, StoreError
from storage.sqlite.failure import trouble
from storage.sqlite.schema import HEAD

BUSY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a copy of the main database holds. `schema` is the migration it was at."""

    schema: str
    messages: int


def copy_database(source: Path, into: Path) -> None:
    """Beside a process that writes: nobody waits. `into` must not be there yet.

    The connection can only read, so it never checkpoints (see storage/sqlite/connection.py);
    as long as the copy lasts, the write-ahead log grows. Raises StoreError.
    """
    _copy(f"file:{quote(str(source))}?mode=ro", source, into)


def copy_jobs(source: Path, into: Path) -> None:
    """A rollback journal that a crash left behind can only be undone by who may write."""
    _copy(f"file:{quote(str(source))}?mode=rw", source, into)


def _copy(uri: str, source: Path, into: Path) -> None:
    try:
        with closing(_connect(uri, BUSY_S)) as connection:
            connection.execute("VACUUM INTO ?", (str(into),))
    except sqlite3.Error as error:
        raise trouble(error, source) from error


def contents(path: Path) -> Contents:
    """Raises StoreError, NewerSchema."""
    with reading(path) as connection:
        schema = _version(connection, path)
        (messages,) = connection.execute("SELECT count(*) FROM inbox").fetchone()
    return Contents(schema=schema, messages=messages)


def blobs(path: Path) -> Iterator[str]:
    """The files that messages, turns and replies need, in their order. Raises StoreError."""
    with reading(path) as connection:
        for (blob,) in connection.execute("SELECT DISTINCT blob FROM media_refs ORDER BY blob"):
            yield blob


def check_database(path: Path) -> None:
    """Whether a start can take it. Raises StoreError, NewerSchema."""
    with reading(path) as connection:
        _check_whole(connection, path)
        _version(connection, path)


def check_jobs(path: Path) -> None:
    """As `check_database`, for `jobs.db`."""
    from storage.jobs.schema import steps  # noqa: PLC0415 - a start has no use for it

    with reading(path) as connection:
        _check_whole(connection, path)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(steps()):
            raise _newer(path, str(len(steps())), str(version))


def _check_whole(connection: sqlite3.Connection, path: Path) -> None:
    wrong = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
    if wrong != ["ok"]:
        raise StoreError(
            f"database {path}: expected one that is whole, got: {'; '.join(wrong)}. "
            "Take an earlier backup"
        )


def _version(connection: sqlite3.Connection, path: Path) -> str:
    try:
        rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.OperationalError as error:
        raise StoreError(f"database {path}: expected a database of Parley, got another") from error
    version = str(rows[0][0]) if rows else ""
    if version > HEAD:
        raise _newer(path, HEAD, version)
    return version


def _newer(path: Path, known: str, got: str) -> NewerSchema:
    return NewerSchema(
        f"database {path}: expected schema {known} or older, got {got}: a newer Parley wrote it. "
        "Use that version"
    )


@contextmanager
def reading(path: Path, busy_s: float = BUSY_S) -> Iterator[sqlite3.Connection]:
    """A connection that can only read; SQLite's errors in an operator's words."""
    try:
        with closing(_connect(f"file:{quote(str(path))}?mode=ro", busy_s)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise trouble(error, path) from error


def _connect(uri: str, busy_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=busy_s, isolation_level=None)
    connection.execute("PRAGMA mmap_size = 0")
    return connection
