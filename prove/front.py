"""A line before a relay that can go bad in the ways that no HTTP server does by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["passes", "refuses", "swallows", "trickles", "breaks", "garbles"]
"""Everything goes through; no connection is made; nothing comes back; a byte of an answer a
second; some bytes of it and a reset; other bytes than were sent."""

BYTE_S = 1.0
BREAKS_AFTER = 300
"""In the middle of an answer: behind its head."""


class Front:
    """Listens at `port` for the relay at `behind`, which may be set later."""

    def __init__(self) -> None:
        self.port = 0
        self.behind = 0
        self.mode: Mode = "passes"
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    async def turn(self, mode: Mode) -> None:
        """From now on; whoever is connected is cut off, as a relay's restart does."""
        self.mode = mode
        await self.close()
        if mode != "refuses":
            await self.open()

    async def open(self) -> None:
        """At the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        if line is None:
            return
        self._lines.add(line)
        try:
            await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._lines.discard(line)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, onward = await asyncio.open_connection("127.0.0.1", self.behind)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass(reader, onward))
                both.create_task(self._answer(back, writer))
        except* (OSError, asyncio.IncompleteReadError):
            writer.transport.abort()
        finally:
            onward.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        given = 0
        while data := await reader.read(65536):
            match self.mode:
                case "passes" | "refuses":
                    writer.write(data)
                case "swallows":
                    continue
                case "trickles":
                    await _trickle(data, writer)
                case "breaks":
                    writer.write(data[: max(0, BREAKS_AFTER - given)])
                    await writer.drain()
                    if given + len(data) > BREAKS_AFTER:
                        raise ConnectionResetError
                case "garbles":
                    writer.write(_garbled(data))
            given += len(data)
            await writer.drain()
        if self.mode == "swallows":  # not even that the relay has hung up
            await asyncio.Event().wait()
        writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    with suppress(OSError):
        writer.close()


async def _trickle(data: bytes, writer: asyncio.StreamWriter) -> None:
    for place in range(len(data)):
        writer.write(data[place : place + 1])
        await writer.drain()
        await asyncio.sleep(BYTE_S)


def _garbled(data: bytes) -> bytes:
    """The head as it was, and a body of the same length that is nothing."""
    head, gap, body = data.partition(b"\r\n\r\n")
    if not gap:
        head, body = b"", data
    return head + gap + bytes(byte ^ 0x5A for byte in body)


@asynccontextmanager
async def front() -> AsyncIterator[Front]:
    line = Front()
    await line.open()
    try:
        yield line
    finally:
        await line.close()
