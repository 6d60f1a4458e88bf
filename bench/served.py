"""Parley as `parley run` starts it, once its store's writer is seen to be durable.

Usage: python -m bench.served CONFIG
"""

import sqlite3
import sys
from pathlib import Path

from bots.cli import main
from storage.sqlite import writer
from storage.sqlite.connection import open_writer

FULL = (2,)


def open_durable(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """The writer's connection, as the store opens it. Asserts synchronous=FULL."""
    connection = open_writer(path, busy_timeout_s)
    assert connection.execute("PRAGMA synchronous").fetchone() == FULL
    sys.stderr.write("synchronous=FULL\n")
    return connection


if __name__ == "__main__":
    writer.open_writer = open_durable
    sys.exit(main(["run", "--config", sys.argv[1]]))
