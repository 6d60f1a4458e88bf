"""The thread that writes."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from msgspec import MsgspecError

from core.errors import StoreInvalid
from core.model import Forget
from storage.announcing import Announce, SweepLetters
from storage.aside import Drop, PutBack
from storage.operation import (
    Accept,
    Book,
    CarryAgain,
    Charge,
    Check,
    Decide,
    Enter,
    Erase,
    Expire,
    Finish,
    Fire,
    Keep,
    Lapse,
    LayAside,
    Mark,
    Operation,
    Release,
    Rest,
    Take,
    Tell,
    Untell,
)
from storage.readings import Note, SweepReadings
from storage.sqlite.accounts import AccountWrites
from storage.sqlite.announcing import AnnouncingWrites
from storage.sqlite.aside import AsideWrites
from storage.sqlite.connection import open_reader, open_writer
from storage.sqlite.effects import Effects
from storage.sqlite.erasure import Erasure
from storage.sqlite.failure import concerns_all, invalid, trouble
from storage.sqlite.forgetting import Forgetting
from storage.sqlite.inbox import InboxWrites
from storage.sqlite.ledger import LedgerWrites
from storage.sqlite.own import OwnWrites
from storage.sqlite.readings import ReadingWrites
from storage.sqlite.retention import RetentionWrites
from storage.sqlite.schema import prepare, refuse_newer
from storage.sqlite.shelf import ShelfWrites

WRONG = (sqlite3.Error, ValueError, TypeError, OverflowError, MsgspecError)
"""What an operation raises that cannot be stored as it is."""


class Writes:
    """Every write, inside the caller's transaction.

    One that raises StoreInvalid has changed nothing; after any other error
    what it did must be rolled back.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        erasure = Erasure(connection)
        accounts = AccountWrites(connection)
        self.begin, self.flush, self.forget = accounts.begin, accounts.flush, accounts.forget
        inbox = InboxWrites(connection, accounts)
        own = OwnWrites(connection)
        announcing = AnnouncingWrites(connection, own)
        effects = Effects(connection, Forgetting(connection, erasure, announcing))
        ledger = LedgerWrites(connection, inbox, effects, accounts)
        retention = RetentionWrites(connection, erasure)
        readings = ReadingWrites(connection)
        aside = AsideWrites(connection, erasure)
        self._by_kind: dict[type[Operation[Any]], Callable[[Any], object]] = {
            Accept: inbox.accept,
            Take: inbox.take,
            Release: inbox.release,
            Rest: inbox.rest,
            Finish: ledger.finish,
            Decide: effects.decide,
            Tell: ledger.tell,
            Untell: ledger.untell,
            LayAside: ledger.lay_aside,
            Book: accounts.book,
            Charge: accounts.charge,
            Enter: accounts.enter,
            Lapse: accounts.lapse,
            Mark: ledger.mark,
            CarryAgain: ShelfWrites(connection).carry_again,
            Erase: retention.erase,
            Expire: retention.expire,
            Fire: own.fire,
            Keep: own.keep,
            Check: own.check,
            PutBack: aside.put_back,
            Drop: aside.drop,
            Announce: announcing.announce,
            SweepLetters: announcing.sweep,
            Note: readings.note,
            SweepReadings: readings.sweep,
        }

    def apply(self, operation: Operation[Any]) -> object:
        return self._by_kind[type(operation)](operation)


class Writer:
    """One connection on a thread of its own: a batch is one transaction."""

    def __init__(self, path: Path, connection: sqlite3.Connection, thread: ThreadPoolExecutor):
        self._path = path
        self._connection = connection
        self._thread = thread
        self._writes = Writes(connection)

    @classmethod
    async def open(cls, path: Path, *, busy_timeout_s: float) -> "Writer":
        """Create or upgrade what is there. Raises StoreError, NewerSchema."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        loop = asyncio.get_running_loop()
        with ExitStack() as undo:
            undo.callback(thread.shutdown, wait=False)
            connection = await loop.run_in_executor(thread, _prepared, path, busy_timeout_s)
            undo.pop_all()
        return cls(path, connection, thread)

    async def execute(self, batch: Sequence[Operation[Any]]) -> Sequence[object]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._execute, batch)

    def interrupt(self) -> None:
        """Give up the batch that is being written."""
        self._connection.interrupt()

    async def close(self) -> None:
        """Checkpoint and close, after what is being written."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=False)

    def _execute(self, batch: Sequence[Operation[Any]]) -> Sequence[object]:
        try:
            outcomes = self._transaction(batch, apart=False)
        except WRONG as error:
            if isinstance(error, sqlite3.Error) and concerns_all(error):
                raise trouble(error, self._path) from error
            outcomes = self._again(batch)
        if any(_forgets(operation) for operation in batch):
            self._scrub()
        return outcomes

    def _again(self, batch: Sequence[Operation[Any]]) -> Sequence[object]:
        try:
            return self._transaction(batch, apart=True)
        except sqlite3.Error as error:
            raise trouble(error, self._path) from error

    def _transaction(self, batch: Sequence[Operation[Any]], *, apart: bool) -> Sequence[object]:
        run = self._connection.execute
        step = self._apart if apart else self._together
        run("BEGIN IMMEDIATE")
        self._writes.begin()
        try:
            outcomes = [step(operation) for operation in batch]
            self._writes.flush()
            run("COMMIT")
        except BaseException:
            self._writes.forget()
            raise
        finally:
            if self._connection.in_transaction:
                run("ROLLBACK")
        return outcomes

    def _together(self, operation: Operation[Any]) -> object:
        try:
            return self._writes.apply(operation)
        except StoreInvalid as error:
            return error

    def _apart(self, operation: Operation[Any]) -> object:
        run = self._connection.execute
        run("SAVEPOINT operation")
        try:
            outcome = self._together(operation)
            self._writes.flush()
        except WRONG as error:
            if isinstance(error, sqlite3.Error) and concerns_all(error):
                raise
            run("ROLLBACK TO operation")
            self._writes.forget()
            return invalid(error)
        else:
            return outcome
        finally:
            if self._connection.in_transaction:
                run("RELEASE operation")

    def _scrub(self) -> None:
        """Empty the write-ahead log, where forgotten texts may stand yet."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            if not concerns_all(error):
                raise


def _prepared(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    try:
        _refuse_newer(path, busy_timeout_s)
        connection = open_writer(path, busy_timeout_s)
    except sqlite3.Error as error:
        raise trouble(error, path) from error
    with ExitStack() as undo:
        undo.callback(connection.close)
        try:
            prepare(connection, path)
        except sqlite3.Error as error:
            raise trouble(error, path) from error
        undo.pop_all()
    return connection


def _refuse_newer(path: Path, busy_timeout_s: float) -> None:
    """Before a connection that writes: that one would write the log back as it is closed."""
    if not path.exists():
        return
    with closing(open_reader(path, busy_timeout_s)) as reader:
        refuse_newer(reader, path)


def _forgets(operation: Operation[Any]) -> bool:
    match operation:
        case Finish(commit=commit):
            return any(isinstance(effect, Forget) for effect in commit.effects)
        case Drop():
            return True
        case _:
            return False
