"""Waiting for what will happen, without sleeping."""

import asyncio

PATIENCE_S = 10.0
"""How long a test waits for something before it fails."""


class Held:
    """A point where the code under test waits until the test lets it go on."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._released = asyncio.Event()

    async def wait(self) -> None:
        self._reached.set()
        await self._released.wait()

    async def reached(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._reached.wait()

    def release(self) -> None:
        self._released.set()
