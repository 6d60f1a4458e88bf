"""Asking a database that another process may be working with."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from core.errors import StoreError
from storage.operation import Operation, T
from storage.sqlite.connection import open_reader
from storage.sqlite.database import path_of
from storage.sqlite.reader import Reader
from storage.sqlite.schema import check


class Asked:
    """Answers reads, one at a time."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def ask(self, operation: Operation[T]) -> T:
        """Raises StoreError."""
        (outcome,) = await self._reader.execute([operation])
        if isinstance(outcome, StoreError):
            raise outcome
        answer: Any = outcome
        return answer  # type: ignore[no-any-return] # an operation says what its answer is


@asynccontextmanager
async def reading(url: str, *, busy_timeout_s: float = 2.0) -> AsyncIterator[Asked]:
    """Open `sqlite:///path` for reads alone, with a bot at work or with none.

    It is neither created, upgraded nor checkpointed. Raises StoreError, NewerSchema.
    """
    reader = await Reader.open(path_of(url), busy_timeout_s=busy_timeout_s, opening=_opened)
    try:
        yield Asked(reader)
    finally:
        await reader.close()


def _opened(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    if not path.exists():
        raise StoreError(
            f"database {path}: expected one, found none. Start the bots once, which makes it: "
            "parley run. If they did run, check --config and storage.url"
        )
    with ExitStack() as undo:
        connection = open_reader(path, busy_timeout_s)
        undo.callback(connection.close)
        check(connection, path)
        undo.pop_all()
    return connection
