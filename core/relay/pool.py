"""The one transport behind all calls of an account."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx


class Pool:
    """Its transport is made for the first call, and again for the first after `close`.

    Closed, it goes at the end of the last call that is under way; calls that come
    later, the last answers of a process that ends, keep none.
    """

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._make = make
        self._transport: httpx.AsyncBaseTransport | None = None
        self._calls = 0
        self._closing = False

    def open(self) -> None:
        self._closing = False

    async def close(self) -> None:
        self._closing = True
        await self._let_go()

    @asynccontextmanager
    async def transport(self) -> AsyncIterator[httpx.AsyncBaseTransport]:
        """For one call, to the end of its answer."""
        if self._transport is None:
            self._transport = self._make()
        self._calls += 1
        try:
            yield self._transport
        finally:
            self._calls -= 1
            if self._closing:
                await self._let_go()

    async def _let_go(self) -> None:
        if self._transport is not None and not self._calls:
            transport, self._transport = self._transport, None
            await transport.aclose()
