"""What a monitor is told by the bot."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiohttp

EVERY_S = 0.25
PATIENCE_S = 5.0


@dataclass(slots=True, kw_only=True)
class Monitor:
    """`answers` are (monotonic seconds, status, body) of /readyz; 0 where nobody answered."""

    answers: list[tuple[float, int, str]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, status: int, body: str) -> None:
        self.answers.append((time.monotonic(), status, body))
        self._news.set()
        self._news = asyncio.Event()

    @property
    def last(self) -> str:
        """In a few words."""
        return next((f"{status} {body[:200]}" for _, status, body in reversed(self.answers)), "-")

    async def until(self, status: int, since: float, within_s: float) -> float | None:
        """Wait for this status; how many seconds after `since` it was told, None if later."""
        with suppress(TimeoutError):
            async with asyncio.timeout(since + within_s - time.monotonic()):
                while self.first(status, since) is None:
                    await self._news.wait()
        return self.first(status, since)

    def first(self, status: int, since: float, until: float = float("inf")) -> float | None:
        """How many seconds after `since` it first had this status, before `until`."""
        found = (at for at, seen, _ in self.answers if since <= at < until and seen == status)
        at = next(found, None)
        return None if at is None else at - since


@asynccontextmanager
async def monitored(port: int) -> AsyncIterator[Monitor]:
    """Asks /readyz of the private port all the time."""
    monitor = Monitor()
    asking = asyncio.create_task(_ask(port, monitor))
    try:
        yield monitor
    finally:
        asking.cancel()
        await asyncio.wait([asking])


async def _ask(port: int, monitor: Monitor) -> None:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    told = answer.status, await answer.text()
            except (aiohttp.ClientError, TimeoutError) as error:
                told = 0, type(error).__name__
            monitor.note(*told)
            await asyncio.sleep(EVERY_S)
