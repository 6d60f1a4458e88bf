"""The database's accounts beside those of dicts, and what both are asked."""

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from bench.memory_accounts import MemoryAccounts
from core.amounts import Amounts
from core.model import Spend
from storage.operation import Operation
from storage.sqlite.connection import open_writer
from storage.sqlite.schema import prepare
from storage.sqlite.writer import Writes


@cache
def template() -> sqlite3.Connection:
    """An empty database of today's schema."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "parley.db"
        kept = sqlite3.connect(":memory:")
        with closing(open_writer(path, 2.0)) as made:
            prepare(made, path)
            made.backup(kept)
    return kept


@dataclass
class Both:
    """The same done to the database and to the dicts: they must answer alike."""

    memory: MemoryAccounts = field(default_factory=MemoryAccounts)

    def __post_init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        template().backup(self.connection)
        self.writes = Writes(self.connection)

    @classmethod
    def over(cls, connection: sqlite3.Connection) -> "Both":
        both = cls()
        both.connection.close()
        both.connection, both.writes = connection, Writes(connection)
        return both

    def apply(self, operation: Operation[object]) -> object:
        """As the writer does: a batch of one."""
        return self.apply_all([operation])[0]

    def apply_all(self, operations: list[Operation[object]], end: str = "COMMIT") -> list[object]:
        self.connection.execute("BEGIN IMMEDIATE")
        self.writes.begin()
        answers = [self.writes.apply(operation) for operation in operations]
        self.writes.flush()
        self.connection.execute(end)
        if end == "ROLLBACK":
            self.writes.forget()
        return answers

    def start_anew(self) -> None:
        """As a process does: nothing is in memory."""
        self.writes = Writes(self.connection)

    def rows(self, query: str) -> list[tuple]:
        return [tuple(row) for row in self.connection.execute(query)]


def spend_of(amounts: Amounts, at: datetime) -> Spend:
    return Spend(
        kind="chat",
        relay="main",
        model="m",
        at=at,
        prompt_tokens=amounts.tokens,
        images=amounts.images,
        audio_s=amounts.audio_ms / 1000,
        nano_usd=amounts.nano_usd,
    )
