"""What a database holds, and whether an upgrade kept it."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

DROPPED = {"inbox": {"granted"}}
"""Columns that later versions have no use for."""

Rows: TypeAlias = Mapping[str, tuple[tuple[str, ...], Counter[tuple[object, ...]]]]
"""Of each table its columns, and its rows."""


def rows_of(path: Path) -> Rows:
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: (columns, _all(connection, table, columns))
            for table in tables_of(connection)
            if (columns := _columns(connection, table))
        }


def _columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    return tuple(name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})"))


def _all(
    connection: sqlite3.Connection, table: str, columns: Sequence[str]
) -> Counter[tuple[object, ...]]:
    names = ", ".join(f'"{name}"' for name in columns)
    return Counter(connection.execute(f"SELECT {names} FROM {table}").fetchall())  # noqa: S608


def has(path: Path, rows: Rows) -> bool:
    """Each row as it was, with or without columns that came later; what was counted of messages
    stands by identity where counters are."""
    with closing(sqlite3.connect(path)) as connection:
        there = tables_of(connection)
        counted = "allowances" in rows and "counters" in there
        return all(
            _same(connection, table, *kept)
            for table, kept in rows.items()
            if not (counted and table == "allowances")
        ) and (not counted or _counters(connection) == _expected(*rows["allowances"]))


def _same(
    connection: sqlite3.Connection,
    table: str,
    columns: tuple[str, ...],
    kept: Counter[tuple[object, ...]],
) -> bool:
    there = set(_columns(connection, table))
    gone = [name for name in columns if name not in there]
    if set(gone) - DROPPED.get(table, set()):
        return False
    left = [name for name in columns if name in there]
    places = [columns.index(name) for name in left]
    expected: Counter[tuple[object, ...]] = Counter()
    for row, count in kept.items():
        expected[tuple(row[place] for place in places)] += count
    return _all(connection, table, left) == expected


def _counters(connection: sqlite3.Connection) -> Counter[tuple[object, ...]]:
    figures = connection.execute("SELECT scope, day, messages FROM counters").fetchall()
    return Counter({(scope, day): used for scope, day, used in figures})


def _expected(
    columns: tuple[str, ...], kept: Counter[tuple[object, ...]]
) -> Counter[tuple[object, ...]]:
    """Somebody's messages with all bots of a platform, by day."""
    found: Counter[tuple[object, ...]] = Counter()
    for row in kept:
        one = dict(zip(columns, row, strict=True))
        platform, _, sender = str(one["person"]).split("/")
        found[f"person:{platform}:{sender}", one["day"]] += int(str(one["used"]))
    return found


def tables_of(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND name != 'alembic_version' ORDER BY name"
    )
    return [name for (name,) in found.fetchall()]
