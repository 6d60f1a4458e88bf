"""Waiting for a database that is locked, full or gone for a while."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from core.errors import Busy, StoreError

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

WAITS_S = (0.05, 0.2, 1.0, 5.0)


async def persist(write: Callable[[], Awaitable[T]], sleep: Sleep) -> T:
    """Do `write` until it succeeds: what was acknowledged is never given up.

    Raises StoreError only where trying again is of no use.
    """
    tried = 0
    while True:
        try:
            return await write()
        except (StoreError, Busy) as error:
            if not error.retryable:
                raise
        await sleep(WAITS_S[min(tried, len(WAITS_S) - 1)])
        tried += 1
