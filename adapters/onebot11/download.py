"""Files by their addresses: from the open internet, and from hosts that the owner named."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial

import httpx

from core.relay.fetch import Fetcher, port_of
from core.relay.pool import Pool


class Download:
    """`hosts` are `host:port`s that may be private, and are reached without the proxy; any
    other must be public, also when an address leads on to it."""

    def __init__(self, hosts: Sequence[str], limit_bytes: int, proxy: str = "") -> None:
        self._hosts = frozenset(hosts)
        ways = {True: "", False: proxy}
        self._pools = {own: Pool(partial(_transport, way)) for own, way in ways.items()}
        self._fetcher = Fetcher(self._opened, limit_bytes, own=self._named)

    async def get(self, address: str) -> bytes:
        """Raises MediaError, without the address: it may hold a key."""
        return await self._fetcher.get(address)

    async def aclose(self) -> None:
        """Keep no connections from now on: what is still asked for is fetched by itself."""
        for pool in self._pools.values():
            await pool.close()

    def _opened(self, own: bool) -> AbstractAsyncContextManager[httpx.AsyncBaseTransport]:
        return self._pools[own].transport()

    def _named(self, url: httpx.URL) -> bool:
        return f"{url.host}:{port_of(url)}" in self._hosts


def _transport(proxy: str) -> httpx.AsyncBaseTransport:
    # aiohttp takes 0.3 s, and most talks have no files
    from core.relay.transport import Transport  # noqa: PLC0415

    return Transport(proxy=proxy)
