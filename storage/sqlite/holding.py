"""A restored copy starts held: what is left over in it waits for its owner's decision."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from storage.sqlite.connection import open_writer
from storage.sqlite.failure import trouble
from storage.sqlite.schema import prepare
from storage.sqlite.snapshot import BUSY_S, reading
from storage.tables import from_us, to_us

KEY = "held"
START_S = 2.0
"""How long a start waits for another process's lock."""

WHY = "restored from a backup"
"""What stands with messages that were set aside and parts that were not sent at a release."""

UNANSWERED = (
    "SELECT count(*), min(received_at) FROM inbox WHERE state = 'new' AND payload IS NOT NULL"
)
PARTS = (
    "SELECT count(*), min(replies.at) FROM parts JOIN replies ON replies.id = parts.reply_id "
    "WHERE parts.state IN (SELECT value FROM json_each(?))"
)


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """`made_at`: when the backup was made that this database came out of."""

    made_at: datetime

    @property
    def reason(self) -> str:
        made = f"{self.made_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"restored from the backup of {made}; decide with `parley release`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What was not done when the backup was made: messages, parts of answers.

    `later` are parts that wait for a person's next request. `oldest` is of all three.
    """

    unanswered: int
    unsent: int
    later: int
    oldest: datetime | None

    def __bool__(self) -> bool:
        return bool(self.unanswered or self.unsent or self.later)


Memos = Callable[[Mapping[str, str]], Mapping[str, str]]
"""From all that adapters keep between starts, by name, to what of it is to be another."""


def mark(path: Path, hold: Hold) -> None:
    """Nobody else may use the file, which is one file again afterwards. Raises StoreError."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = FULL")
            value = msgspec.json.encode(hold).decode()
            connection.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (KEY, value)
            )
    except sqlite3.Error as error:
        raise trouble(error, path) from error


def held(path: Path) -> Hold | None:
    """None also where there is no database yet, or one without the table. Raises StoreError."""
    if not path.exists() or not path.stat().st_size:
        return None
    with reading(path, START_S) as connection:
        return _held(connection)


def left_over(path: Path) -> Left:
    """Raises StoreError."""
    with reading(path) as connection:
        return _left(connection)


def release(path: Path, *, drop: bool, at: datetime, memos: Memos) -> Left | None:
    """Let it go to work; what was left over until now. None if it was not held.

    With `drop` what is left over is set aside instead of done, and `memos` are kept: whole
    or not at all. The caller has the database to itself. Raises StoreError, NewerSchema.
    """
    try:
        with closing(open_writer(path, BUSY_S)) as connection:
            prepare(connection, path)
            return _release(connection, drop=drop, at=at, memos=memos)
    except sqlite3.Error as error:
        raise trouble(error, path) from error


def _release(
    connection: sqlite3.Connection, *, drop: bool, at: datetime, memos: Memos
) -> Left | None:
    run = connection.execute
    run("BEGIN IMMEDIATE")
    try:
        if _held(connection) is None:
            return None
        left = _left(connection)
        if drop:
            _set_aside(connection, at)
            kept = dict(run("SELECT key, value FROM meta WHERE key LIKE 'memo/%'").fetchall())
            for key, value in memos(kept).items():
                run("UPDATE meta SET value = ? WHERE key = ?", (value, key))
        run("DELETE FROM meta WHERE key = ?", (KEY,))
        run("COMMIT")
        return left
    finally:
        if connection.in_transaction:
            run("ROLLBACK")


def _set_aside(connection: sqlite3.Connection, at: datetime) -> None:
    connection.execute(
        "UPDATE inbox SET state = 'dead', reason = ?, answered_at = ? WHERE state = 'new'",
        (WHY, to_us(at)),
    )
    connection.execute(
        "UPDATE parts SET state = 'refused', receipt = ?, settled_at = ? "
        "WHERE state IN ('pending', 'trying', 'later')",
        (WHY, to_us(at)),
    )


def _held(connection: sqlite3.Connection) -> Hold | None:
    tables = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'"
    if not connection.execute(tables).fetchone():
        return None
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (KEY,)).fetchone()
    return msgspec.json.decode(row[0], type=Hold) if row else None


def _left(connection: sqlite3.Connection) -> Left:
    found = [
        connection.execute(UNANSWERED).fetchone(),
        connection.execute(PARTS, ('["pending", "trying"]',)).fetchone(),
        connection.execute(PARTS, ('["later"]',)).fetchone(),
    ]
    since = [at_us for _, at_us in found if at_us is not None]
    (unanswered, _), (unsent, _), (later, _) = found
    oldest = from_us(min(since)) if since else None
    return Left(unanswered=unanswered, unsent=unsent, later=later, oldest=oldest)
