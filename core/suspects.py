"""Messages that were worked on whenever the process ended: one of them may be why."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

MAX_ATTEMPTS = 3

ALONE_S = 5.0
"""How long the last attempt at one message may keep the others' from beginning."""


class Suspects:
    """Has them begin their last attempt one after the other, so that one that ends the process
    does so by itself, and those that only stood beside it are answered before it or after.

    Second attempts go on all at once, and before any last one: of them may be another such.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._seconds: set[asyncio.Event] = set()

    @asynccontextmanager
    async def turn(self, attempts: int) -> AsyncIterator[None]:
        """As soon as a message may be worked on that was so often before."""
        match MAX_ATTEMPTS - attempts:
            case 1:
                async with self._alone():
                    yield
            case 2:
                over = asyncio.Event()
                self._seconds.add(over)
                try:
                    yield
                finally:
                    self._seconds.discard(over)
                    over.set()
            case _:
                yield

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        await self._turn.acquire()
        held = [self._turn]
        late: asyncio.TimerHandle | None = None
        try:
            await self._after_seconds()
            late = asyncio.get_running_loop().call_later(ALONE_S, _release, held)
            yield
        finally:
            if late:
                late.cancel()
            _release(held)

    async def _after_seconds(self) -> None:
        await asyncio.sleep(0)  # all that is resumed has begun by then
        with suppress(TimeoutError):
            async with asyncio.timeout(ALONE_S):
                while self._seconds:
                    await next(iter(self._seconds)).wait()


def _release(held: list[asyncio.Lock]) -> None:
    """Only once, whether in time or late."""
    while held:
        held.pop().release()
