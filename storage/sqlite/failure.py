"""SQLite's errors in an operator's words. They hold no values, so no texts."""

import sqlite3
from pathlib import Path

from core.errors import StoreError, StoreInvalid

TROUBLE = {
    sqlite3.SQLITE_BUSY: "another process holds its lock. Let that process end; Parley retries",
    sqlite3.SQLITE_LOCKED: "another process holds its lock. Let that process end; Parley retries",
    sqlite3.SQLITE_FULL: "the disk is full. Make room; Parley goes on by itself",
    sqlite3.SQLITE_READONLY: "it cannot be written to. Check its owner, permissions and mount",
    sqlite3.SQLITE_PERM: "access was denied. Check its owner, permissions and mount",
    sqlite3.SQLITE_AUTH: "access was denied. Check its owner, permissions and mount",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Check the path, its owner and permissions",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write. Check the disk and the mount",
    sqlite3.SQLITE_NOMEM: "memory ran out. Give the process more",
    sqlite3.SQLITE_CORRUPT: "it is damaged. Stop Parley and restore the latest backup",
    sqlite3.SQLITE_NOTADB: "it is no SQLite database. Check the path",
    sqlite3.SQLITE_INTERRUPT: "closing took too long, so the write was given up",
}
"""Primary result codes (sqlite.org/rescode.html) that concern the whole database."""


def concerns_all(error: sqlite3.Error) -> bool:
    """Whether the database is in trouble, rather than one operation wrong."""
    return _primary(error) in TROUBLE


def trouble(error: sqlite3.Error, path: Path) -> StoreError:
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    remedy = TROUBLE.get(_primary(error), "it refused an operation. Please report this")
    return StoreError(f"database {path}: {remedy} ({name}: {error})")


def invalid(error: Exception) -> StoreInvalid:
    """The cause is named by type alone where its text might quote what was written."""
    reason = str(error) if isinstance(error, sqlite3.Error) else "a value that cannot be stored"
    return StoreInvalid(f"store: one operation was refused: {type(error).__name__}: {reason}")


def _primary(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
