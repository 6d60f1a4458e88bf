"""Messages that were worked on whenever the process ended: one of them may be why."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MAX_ATTEMPTS = 3

ALONE_S = 5.0
"""How long the last attempt at one message may keep the others' from beginning."""


class Suspects:
    """Has them begin their last attempt one after the other, so that one that ends the process
    does so by itself, and those that only stood beside it are answered before it or after.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self, attempts: int) -> AsyncIterator[None]:
        """As soon as a message may be worked on that was so often before."""
        if attempts != MAX_ATTEMPTS - 1:
            yield
            return
        await self._turn.acquire()
        held = [self._turn]
        late = asyncio.get_running_loop().call_later(ALONE_S, _release, held)
        try:
            yield
        finally:
            late.cancel()
            _release(held)


def _release(held: list[asyncio.Lock]) -> None:
    """Only once, whether in time or late."""
    while held:
        held.pop().release()
