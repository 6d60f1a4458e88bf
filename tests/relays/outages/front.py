"""A line before a relay that can go bad: all that no HTTP server does by itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal, TypeAlias

from tests.relays.servers import accepting

Mode: TypeAlias = Literal["passes", "swallows", "trickles"]
"""Everything through; nothing comes back; a byte of the answer at a time."""

DRIP_S = 0.02


class Front:
    """Listens at `port` for the relay at `behind`. Closed, it refuses connections."""

    def __init__(self, behind: int) -> None:
        self.port = 0
        self.mode: Mode = "passes"
        self._behind = behind
        self._open = AsyncExitStack()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """At the same port as before."""
        self.port = await self._open.enter_async_context(accepting(self._serve, port=self.port))

    async def close(self) -> None:
        """Whoever is connected is cut off."""
        await self._open.aclose()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onward = await asyncio.open_connection("127.0.0.1", self._behind)
        try:
            await asyncio.gather(self._pass(reader, onward), self._answer(there, writer))
        finally:
            onward.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._give(data, writer)
        writer.close()

    async def _give(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        if self.mode == "swallows":
            return
        if self.mode == "passes":
            writer.write(data)
            await writer.drain()
            return
        for place in range(len(data)):
            writer.write(data[place : place + 1])
            await writer.drain()
            await asyncio.sleep(DRIP_S)


@asynccontextmanager
async def before(port: int) -> AsyncIterator[Front]:
    front = Front(port)
    await front.open()
    try:
        yield front
    finally:
        await front.close()
