"""The thread that reads: beside the writer, so that no read waits for a disk to sync."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from storage.announcing import LastPrivate, Raised
from storage.aside import Count, ListAside, Oldest
from storage.operation import (
    Carried,
    Expected,
    Expired,
    Export,
    GroupsSet,
    Held,
    Kept,
    Known,
    Log,
    Operation,
    Own,
    Pair,
    Pending,
    Recall,
    Referenced,
    Seen,
    SentThen,
    Settings,
    Shelved,
    Show,
    Sum,
    Unpriced,
    Used,
)
from storage.readings import Drifts
from storage.spending import Counted, Entries, Spending
from storage.sqlite.accounts import AccountReads
from storage.sqlite.announcing import AnnouncingReads
from storage.sqlite.aside import AsideReads
from storage.sqlite.connection import open_reader
from storage.sqlite.failure import concerns_all, invalid, trouble
from storage.sqlite.history import HistoryReads
from storage.sqlite.messages import MessageReads
from storage.sqlite.own import OwnReads
from storage.sqlite.persons import PersonReads
from storage.sqlite.readings import ReadingReads
from storage.sqlite.report import ReportReads
from storage.sqlite.retention import RetentionReads
from storage.sqlite.scopes import ScopeReads
from storage.sqlite.shelf import ShelfReads
from storage.sqlite.spent import SpentReads
from storage.sqlite.trail import TrailReads
from storage.trail import Find, Follow

Opening = Callable[[Path, float], sqlite3.Connection]
"""Opens a connection that can only read, waiting so many seconds for a lock."""


class Reads:
    """Every read, inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        history = HistoryReads(connection)
        messages = MessageReads(connection)
        retention = RetentionReads(connection)
        persons = PersonReads(connection)
        shelf = ShelfReads(connection)
        trail = TrailReads(connection)
        aside = AsideReads(connection)
        announced = AnnouncingReads(connection)
        report = ReportReads(connection)
        spent = SpentReads(connection)
        scopes = ScopeReads(connection)
        self._by_kind: dict[type[Operation[Any]], Callable[[Any], object]] = {
            Recall: history.recall,
            Log: history.log,
            Own: history.own,
            Pair: history.pair,
            Pending: lambda asked: [*messages.pending(asked), *announced.pending(asked)],
            Known: messages.known,
            Show: messages.show,
            Expired: retention.expired,
            Referenced: retention.referenced,
            Settings: persons.settings,
            GroupsSet: persons.groups,
            Shelved: lambda asked: [*shelf.waiting(asked), *announced.waiting(asked)],
            Expected: shelf.expected,
            SentThen: shelf.sent,
            Carried: lambda asked: shelf.carried(asked) or announced.carried(asked),
            Kept: OwnReads(connection).kept,
            Find: trail.find,
            Follow: trail.follow,
            ListAside: aside.aside,
            Count: aside.count,
            Oldest: aside.oldest,
            Used: AccountReads(connection).used,
            Held: spent.held,
            Unpriced: scopes.unpriced,
            Seen: scopes.seen,
            Sum: spent.spent,
            Spending: report.spending,
            Entries: report.entries,
            Counted: report.counted,
            Export: persons.export,
            Raised: announced.raised,
            LastPrivate: announced.last_private,
            Drifts: ReadingReads(connection).drifts,
        }

    def answer(self, operation: Operation[Any]) -> object:
        return self._by_kind[type(operation)](operation)


class Reader:
    """One read-only connection on a thread of its own: a batch sees one state."""

    def __init__(self, path: Path, connection: sqlite3.Connection, thread: ThreadPoolExecutor):
        self._path = path
        self._connection = connection
        self._thread = thread
        self._reads = Reads(connection)

    @classmethod
    async def open(
        cls, path: Path, *, busy_timeout_s: float, opening: Opening = open_reader
    ) -> "Reader":
        """Raises StoreError, and what `opening` does.

        The database must be open for writing already, but where `opening` looks at it itself.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="store-reader")
        loop = asyncio.get_running_loop()
        with ExitStack() as undo:
            undo.callback(thread.shutdown, wait=False)
            try:
                connection = await loop.run_in_executor(thread, opening, path, busy_timeout_s)
            except sqlite3.Error as error:
                raise trouble(error, path) from error
            undo.pop_all()
        return cls(path, connection, thread)

    async def execute(self, batch: Sequence[Operation[Any]]) -> Sequence[object]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._execute, batch)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=False)

    def _execute(self, batch: Sequence[Operation[Any]]) -> Sequence[object]:
        try:
            self._connection.execute("BEGIN")
            try:
                return [self._answer(operation) for operation in batch]
            finally:
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise trouble(error, self._path) from error

    def _answer(self, operation: Operation[Any]) -> object:
        try:
            return self._reads.answer(operation)
        except (sqlite3.Error, ValueError, OverflowError) as error:
            if isinstance(error, sqlite3.Error) and concerns_all(error):
                raise
            return invalid(error)
