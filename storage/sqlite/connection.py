"""Opening the database file."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from core.errors import StoreError


def open_writer(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """The connection that writes and checkpoints. Raises sqlite3.Error, StoreError.

    Only one connection may checkpoint: SQLite 3.7.0 to 3.51.2 can corrupt a WAL
    when two do at once (sqlite.org/wal.html, "the WAL-reset bug").
    """
    connection = sqlite3.connect(
        path,
        timeout=busy_timeout_s,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    # a deleted text is overwritten, not just unlinked
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA mmap_size = 0")
    journal = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    connection.execute("PRAGMA synchronous = FULL")
    # 16 MB between checkpoints: a fifth more messages a second than at the default of 4 MB
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    if journal != "wal":
        connection.close()
        raise StoreError(
            f"database {path}: expected a disk that can hold a write-ahead log, got journal mode "
            f"{journal}. Put the database on a local disk, not on a network share"
        )
    return connection


def open_reader(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """A connection that can only read, and never checkpoints. Raises sqlite3.Error."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro",
        uri=True,
        timeout=busy_timeout_s,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA mmap_size = 0")
    connection.row_factory = sqlite3.Row
    return connection
