"""Files from addresses that somebody else chose: here is the only way to them."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType
from typing import Literal, TypeAlias
from urllib.parse import urljoin

import httpx

from core.errors import MediaError

REDIRECTS = 3
WHOLE_S = 60.0
TIMEOUTS_S = MappingProxyType({"connect": 10.0, "first_byte": 20.0, "read": 20.0})

WEB_PORTS = (80, 443)
FREE_PORTS = 1024
"""From here on anybody may serve; below it, other ports belong to mail, shells and the like."""

PLACE = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?")
"""Host and port as every reader of addresses reads them: no login, no zone, no escape."""

Opened: TypeAlias = Callable[[bool], AbstractAsyncContextManager[httpx.AsyncBaseTransport]]
"""The transport to use for hosts of our own (True), and for all others (False)."""

Fault: TypeAlias = Literal["address", "connection", "answer", "size"]


class Unfetched(MediaError):
    """`fault` is what it failed by; a "connection" may be better next time.

    Told without the address, which may hold a key.
    """

    def __init__(self, fault: Fault, reason: str) -> None:
        super().__init__(f"a file could not be fetched: {reason}")
        self.fault = fault
        self.reason = reason


class Fetcher:
    """GETs without any credentials, from the open internet and from hosts that are `own`.

    A host of our own may be private, as long as the address that was given, and every
    redirect up to there, names one: from elsewhere nothing leads back. What is at most
    `limit_bytes` large and comes within `whole_s`, redirects included, is read.
    """

    def __init__(
        self,
        opened: Opened,
        limit_bytes: int,
        *,
        own: Callable[[httpx.URL], bool] = lambda _: False,
        timeouts_s: Mapping[str, float | None] = TIMEOUTS_S,
        whole_s: float = WHOLE_S,
        redirects: int = REDIRECTS,
    ) -> None:
        self._opened = opened
        self._limit_bytes = limit_bytes
        self._own = own
        self._timeouts_s = dict(timeouts_s)
        self._whole_s = whole_s
        self._redirects = redirects

    async def get(self, address: str) -> bytes:
        """Raises Unfetched."""
        try:
            async with asyncio.timeout(self._whole_s):
                return await self._follow(address)
        except TimeoutError as error:
            raise Unfetched("connection", f"no end of it within {self._whole_s:g} s") from error
        except httpx.TransportError as error:
            raise Unfetched("connection", str(error)) from error

    async def _follow(self, address: str) -> bytes:
        home, base = True, ""
        for _ in range(self._redirects + 1):
            url = read_address(address, base)
            home = home and self._own(url)
            if not home:
                check_port(url)
            content, address = await self._step(url, home)
            if not address:
                return content
            base = str(url)
        raise Unfetched("answer", "too many redirects")

    async def _step(self, url: httpx.URL, home: bool) -> tuple[bytes, str]:
        """The content, or where to look next."""
        request = httpx.Request(
            "GET",
            url,
            headers={"User-Agent": "parley"},
            stream=httpx.ByteStream(b""),
            extensions={"timeout": self._timeouts_s, "public_only": not home},
        )
        async with self._opened(home) as transport:
            response = await transport.handle_async_request(request)
            try:
                if response.has_redirect_location:
                    return b"", response.headers["location"]
                if response.status_code != 200:
                    raise Unfetched("answer", f"status {response.status_code}")
                return await self._body(response), ""
            finally:
                await response.aclose()

    async def _body(self, response: httpx.Response) -> bytes:
        read: list[bytes] = []
        size = 0
        async for piece in pieces(response):
            size += len(piece)
            if size > self._limit_bytes:
                raise Unfetched("size", f"expected at most {self._limit_bytes} bytes, got more")
            read.append(piece)
        return b"".join(read)


def read_address(address: str, base: str = "") -> httpx.URL:
    """An http(s) address that can be read in one way only. Raises Unfetched."""
    try:
        url = httpx.URL(urljoin(base, address))
        place = url.netloc.decode("ascii")
    except (httpx.InvalidURL, ValueError) as error:
        raise Unfetched("address", "a link that is no address") from error
    if url.scheme not in ("http", "https"):
        raise Unfetched("address", "expected an http address of a file, got another kind")
    if url.userinfo or not PLACE.fullmatch(place) or port_of(url) not in range(1, 65536):
        raise Unfetched("address", "a link that is no plain address: a login or odd signs in it")
    return url


def check_port(url: httpx.URL) -> None:
    """Raises Unfetched for a port below FREE_PORTS that is none of WEB_PORTS."""
    port = port_of(url)
    if port not in WEB_PORTS and port < FREE_PORTS:
        raise Unfetched("address", f"expected a port of the web, got {port}")


def port_of(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes. Our transport has decompressed it; another may not have."""
    if "content-encoding" in response.headers:
        return response.aiter_bytes()
    if isinstance(response.stream, httpx.AsyncByteStream):
        return aiter(response.stream)
    raise TypeError("expected an answer with an asynchronous body")
