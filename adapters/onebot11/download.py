"""Files by their addresses: from the open internet, and from hosts that the owner named."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import httpx

from core.errors import MediaError

if TYPE_CHECKING:
    from core.relay.transport import Transport

REDIRECTS = 3
TIMEOUTS_S = {"connect": 10.0, "first_byte": 20.0, "read": 20.0}


class Download:
    """`hosts` are `host:port`s that may be private; any other must be public, also when
    an address leads on to it. At most `limit_bytes` are read."""

    def __init__(self, hosts: Sequence[str], limit_bytes: int, proxy: str = "") -> None:
        self._hosts = frozenset(hosts)
        self._limit_bytes = limit_bytes
        self._proxy = proxy
        self._transports: dict[bool, Transport] = {}
        self._closed = False

    async def get(self, address: str) -> bytes:
        """Raises MediaError, without the address: it may hold a key."""
        try:
            for _ in range(REDIRECTS + 1):
                content, onward = await self._step(address)
                if not onward:
                    return content
                address = urljoin(address, onward)
        except (httpx.TransportError, httpx.InvalidURL, ValueError) as error:
            raise MediaError(f"a file could not be fetched: {error}") from error
        finally:
            if self._closed:
                await self._close()
        raise MediaError("a file could not be fetched: it is moved too often")

    async def aclose(self) -> None:
        """Keep no connections from now on: what is still asked for is fetched by itself."""
        self._closed = True
        await self._close()

    async def _close(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    async def _step(self, address: str) -> tuple[bytes, str]:
        """The content, or where to look next."""
        request = self._request(address)
        response = await self._opened(request).handle_async_request(request)
        try:
            if response.has_redirect_location:
                return b"", response.headers["location"]
            if response.status_code != 200:
                raise MediaError(f"a file could not be fetched: status {response.status_code}")
            return await self._body(response), ""
        finally:
            await response.aclose()

    async def _body(self, response: httpx.Response) -> bytes:
        pieces: list[bytes] = []
        size = 0
        async for piece in response.aiter_raw():
            size += len(piece)
            if size > self._limit_bytes:
                limit_mb = self._limit_bytes >> 20
                raise MediaError(f"expected a file of at most {limit_mb} MB, got a larger one")
            pieces.append(piece)
        return b"".join(pieces)

    def _request(self, address: str) -> httpx.Request:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https"):
            raise MediaError("expected an http address of a file, got another kind")
        named = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
        return httpx.Request(
            "GET",
            address,
            headers={"User-Agent": "parley"},
            stream=httpx.ByteStream(b""),
            extensions={"timeout": TIMEOUTS_S, "public_only": named not in self._hosts},
        )

    def _opened(self, request: httpx.Request) -> "Transport":
        """Hosts of our own network are reached without the proxy."""
        public = bool(request.extensions["public_only"])
        if public not in self._transports:
            # aiohttp takes 0.3 s, and most talks have no files
            from core.relay.transport import Transport  # noqa: PLC0415

            self._transports[public] = Transport(proxy=self._proxy if public else "")
        return self._transports[public]
