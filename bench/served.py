"""Parley as `parley run` starts it, its store's writer seen to be durable.

Usage: python -m bench.served [--memory] CONFIG
`--memory`: with a store of dicts instead, which keeps nothing.
"""

import sqlite3
import sys
from pathlib import Path

from bots.cli import main
from storage.sqlite import writer
from storage.sqlite.connection import open_writer
from storage.store import SqlStore

FULL = (2,)


def open_durable(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """The writer's connection, as the store opens it. Asserts synchronous=FULL."""
    connection = open_writer(path, busy_timeout_s)
    assert connection.execute("PRAGMA synchronous").fetchone() == FULL
    sys.stderr.write("synchronous=FULL\n")
    return connection


def open_memory() -> None:
    """`SqlStore.open` answers a store of dicts from now on."""
    from bench.memory import Memory
    from bench.memory_store import MemoryStore
    from storage.media import FileMedia

    async def opened(_url: str, media: FileMedia) -> MemoryStore:
        sys.stderr.write("store: memory\n")
        return MemoryStore(Memory(), media)

    SqlStore.open = opened


if __name__ == "__main__":
    *options, config = sys.argv[1:]
    if options == ["--memory"]:
        open_memory()
    else:
        writer.open_writer = open_durable
    sys.exit(main(["run", "--config", config]))
