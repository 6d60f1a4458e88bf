"""What a monitor is told by the bot."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

EVERY_S = 0.25
PATIENCE_S = 5.0


@dataclass(slots=True, kw_only=True)
class Monitor:
    """`answers` are (monotonic seconds, status, body) of /readyz; 0 where nobody answered."""

    answers: list[tuple[float, int, str]] = field(default_factory=list)

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
            monitor.answers.append((time.monotonic(), *told))
            await asyncio.sleep(EVERY_S)
