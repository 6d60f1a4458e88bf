"""Messages that were worked on whenever the process ended: one of them may be why."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from core.line import Line
from core.rest import told

MAX_ATTEMPTS = 3

MOST_ATTEMPTS = 6
"""At a message that only waited for its relay as the process ended, the last time too."""

ALONE_S = 5.0
"""How long a step of the last attempt at one message may keep the others from theirs."""

Note = Callable[[bool], Awaitable[None]]
"""Keeps whether the work on a message stands still, for the next process to know."""


class Suspects:
    """Has one of those at a time do a step that are at their last attempt, so that one that ends
    the process does so by itself, and those that only stood beside it are answered.

    A step goes up to where a relay is waited for, the next begins with its answer. Second
    attempts go on all at once, and their steps before any last one: of them may be another such.
    """

    def __init__(self) -> None:
        self._line = Line()
        self._seconds: set[asyncio.Event] = set()
        self._seconds_until: float | None = None

    @asynccontextmanager
    async def turn(
        self, attempts: int, *, rested: bool = False, note: Note | None = None
    ) -> AsyncIterator[None]:
        """As soon as a message may be worked on that was so often before.

        `rested`: it only waited for its relay as the last process ended.
        """
        attempt: _Second | _Last
        if attempts + 2 == MAX_ATTEMPTS:
            attempt = _Second(self._seconds)
        elif attempts + 1 >= MAX_ATTEMPTS and not is_spent(attempts + 1, rested=rested):
            attempt = _Last(self._line, note)
            await attempt.begin(self._after_seconds)
        else:
            yield
            return
        try:
            with told(attempt):
                yield
        finally:
            attempt.end()

    async def _after_seconds(self) -> None:
        """Those of this process began with it: for so long they go before."""
        await asyncio.sleep(0)  # all that is resumed has begun by then
        now = asyncio.get_running_loop().time()
        if self._seconds_until is None:
            self._seconds_until = now + ALONE_S
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._seconds_until):
                while self._seconds:
                    await next(iter(self._seconds)).wait()


def is_spent(attempt: int, *, rested: bool) -> bool:
    """Whether a message was tried so often before this attempt that it is to be set aside."""
    return attempt > (MOST_ATTEMPTS if rested else MAX_ATTEMPTS)


class _Second:
    """The second attempt at a message. `over` is its step's end."""

    def __init__(self, under_way: set[asyncio.Event]) -> None:
        self._under_way = under_way
        self._over = asyncio.Event()
        under_way.add(self._over)

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        self.end()
        try:
            yield
        finally:
            self._over = asyncio.Event()
            self._under_way.add(self._over)

    def end(self) -> None:
        self._under_way.discard(self._over)
        self._over.set()


class _Last:
    """The last attempt at a message. It is in the line during its steps, 5 s at most."""

    def __init__(self, line: Line, note: Note | None) -> None:
        self._line = line
        self._note = note
        self._inside = False
        self._late: asyncio.TimerHandle | None = None

    async def begin(self, after: Callable[[], Awaitable[None]]) -> None:
        await self._line.enter()
        self._inside = True
        try:
            await after()
        except BaseException:
            self.end()
            raise
        self._late = asyncio.get_running_loop().call_later(ALONE_S, self.end)

    def end(self) -> None:
        """Of the step. Harmless once it has ended, as it does when it takes too long."""
        if self._late:
            self._late.cancel()
            self._late = None
        if self._inside:
            self._inside = False
            self._line.leave()

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """What is given up meanwhile goes on with no step that others would wait for."""
        if self._note is None:
            yield
            return
        await self._note(True)
        self.end()
        try:
            yield
            await self._come_back()
        except Exception:
            await self._come_back()
            raise
        finally:
            await self._note(False)

    async def _come_back(self) -> None:
        if self._inside:
            return
        await self._line.enter(back=True)
        self._inside = True
        self._late = asyncio.get_running_loop().call_later(ALONE_S, self.end)
