"""A line between two programs that goes bad as networks do: silent, one-way, slow, cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

Way: TypeAlias = Literal["up", "down"]
"""To whom is listened for, and back."""
BOTH: frozenset[Way] = frozenset(("up", "down"))
BYTES = 65536


@dataclass(slots=True, eq=False)
class Link:
    """One connection. `forgotten` are the ways on which something was swallowed: what comes
    after a gap is never handed on, so that such a link stays dead."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    forgotten: set[Way]

    def cut(self) -> None:
        for end in (self.near, self.far):
            end.transport.abort()


class Wire:
    """Listens at `port` for whoever is at `behind`, which may be set later.

    `silent` are the ways on which all is swallowed, `delay_s` is before each piece.
    """

    def __init__(self) -> None:
        self.port = 0
        self.behind = 0
        self.silent: frozenset[Way] = frozenset()
        self.delay_s = 0.0
        self.dead_closed = 0
        self._cuts_in = False
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server:
            self._server.close()
        self.cut()

    def cut(self) -> None:
        """All links, by a reset."""
        for link in tuple(self._links):
            link.cut()

    def cut_within(self) -> None:
        """The link on which something comes next, in the middle of that."""
        self._cuts_in = True

    def speak(self) -> None:
        """The silence is over. What was swallowed is gone, and with it the links it was on."""
        self.silent = frozenset()
        for link in tuple(self._links):
            if link.forgotten:
                link.cut()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, onward = await asyncio.open_connection("127.0.0.1", self.behind)
        except OSError:
            writer.transport.abort()
            return
        link = Link(writer, onward, set())
        self._links.add(link)
        try:
            await asyncio.gather(
                self._pass(link, "up", reader, onward), self._pass(link, "down", back, writer)
            )
        except (OSError, asyncio.CancelledError):
            link.cut()
        finally:
            self._links.discard(link)
            link.cut()

    async def _pass(
        self, link: Link, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(BYTES):
            if way in self.silent:
                link.forgotten.add(way)
            if way in link.forgotten:
                continue
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if self._cuts_in:
                self._cuts_in = False
                writer.write(data[: len(data) // 2])
                await writer.drain()
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        if way in self.silent:
            link.forgotten.add(way)
        if link.forgotten:  # nor that it hung up
            self.dead_closed += 1
            await asyncio.Event().wait()
        writer.close()


@asynccontextmanager
async def wire(behind: int = 0) -> AsyncIterator[Wire]:
    line = Wire()
    line.behind = behind
    await line.open()
    try:
        yield line
    finally:
        await line.close()
