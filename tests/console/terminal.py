"""A real pseudo-terminal with a person at it, and a core that answers."""

import asyncio
import hashlib
import os
import pty
import re
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from itertools import count

from adapters.console import ConsoleAdapter
from core.bot import Bot
from core.errors import MediaError
from core.model import Text
from core.ports.adapter import Receipt
from core.ports.sending import Outgoing

PATIENCE_S = 5


class FixedClock:
    def now(self):
        return datetime(2026, 11, 1, tzinfo=UTC)

    def monotonic(self):
        return 0.0


class KeptInMemory:
    """A MediaStore."""

    def __init__(self):
        self.contents = {}

    async def put(self, content):
        blob = hashlib.sha256(content).hexdigest()
        self.contents[blob] = content
        return blob

    async def get(self, blob):
        if blob not in self.contents:
            raise MediaError("gone")
        return self.contents[blob]


class Person:
    """Sits at the terminal: types, and sees all that was ever printed."""

    def __init__(self, master):
        self._master = master.fileno()
        self._file = master
        self.sees = ""
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def type(self, keys):
        self.type_bytes(keys.encode())

    def type_bytes(self, keys):
        os.write(self._master, keys)

    async def waits_for(self, *texts):
        """Until all of them were printed, in this order."""
        printed = re.compile(".*".join(map(re.escape, texts)), re.DOTALL)
        async with asyncio.timeout(PATIENCE_S):
            while not printed.search(self.sees):
                self._changed.clear()
                await self._changed.wait()

    def _read(self):
        self.sees += os.read(self._master, 65536).decode().replace("\r\n", "\n")
        self._changed.set()

    def leaves(self):
        if not self._file.closed:
            asyncio.get_running_loop().remove_reader(self._master)

    def hangs_up(self):
        self.leaves()
        self._file.close()


class Core:
    """Takes messages as the gateway does; a test answers them when it likes."""

    def __init__(self):
        self.messages = asyncio.Queue()
        self.receipt = Receipt.STORED
        self.fault = None

    async def emit(self, message):
        if self.fault:
            raise self.fault
        await self.messages.put(message)
        return self.receipt

    async def next(self):
        async with asyncio.timeout(PATIENCE_S):
            return await self.messages.get()


def make_adapter(stdin, stdout, downloads, media=None, **bot):
    ids = count(1)
    return ConsoleAdapter(
        bot=Bot(name="desk", platform="console", **bot),
        clock=FixedClock(),
        new_id=lambda: f"id{next(ids)}",
        media=media or KeptInMemory(),
        downloads=downloads,
        stdin=stdin,
        stdout=stdout,
    )


def part(message, content, index=0, total=1, **fields):
    if isinstance(content, str):
        content = Text(text=content)
    return Outgoing(
        key=f"{message.id}/{index}",
        to=message.address,
        part=content,
        answers=message.key,
        index=index,
        total=total,
        **fields,
    )


@contextmanager
def pseudo_terminal():
    """(person, stdin, stdout), the latter two as a process would find them."""
    master, slave = pty.openpty()
    stdout = os.fdopen(slave, "w", closefd=False)
    with (
        os.fdopen(master, "rb+", buffering=0) as held,
        os.fdopen(slave, "r") as stdin,
    ):
        person = Person(held)
        try:
            yield person, stdin, stdout
        finally:
            person.leaves()
            with suppress(OSError):  # what a hung-up terminal never took
                stdout.close()


@asynccontextmanager
async def at_a_terminal(downloads, media=None, **bot):
    """(person, adapter, core, the running adapter's task)"""
    with pseudo_terminal() as (person, stdin, stdout):
        core = Core()
        adapter = make_adapter(stdin, stdout, downloads, media, **bot)
        running = asyncio.create_task(adapter.run(core.emit))
        try:
            yield person, adapter, core, running
        finally:
            running.cancel()
            person.type("\n")  # wakes the thread that still reads
            await asyncio.wait([running])
