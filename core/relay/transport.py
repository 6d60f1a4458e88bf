"""httpx's transport interface over aiohttp, which costs a fraction of httpcore's CPU time.

What aiohttp's errors leave open is told apart here: ConnectError and
ConnectTimeout mean that nothing of the request was sent; all else may have
reached the server.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from core.relay.address import check_proxy, is_private, is_public
from core.relay.connect import KEEP_ALIVE_S, DirectConnector
from core.relay.guard import Allowed, GuardedConnector
from core.relay.trust import trusting

_OURS_TO_SAY = frozenset({b"host", b"accept-encoding"})
_AT_ONCE_BYTES = 2**16
_DECODED = frozenset({b"content-encoding", b"content-length"})


class Transport(httpx.AsyncBaseTransport):
    """One pool of connections, without a bound, behind one proxy and one TLS setting.

    `proxy` is an http://, socks5:// (names are resolved here) or socks5h://
    (there) address, "" for none. `ca_file` is trusted besides the usual authorities.
    Raises ConfigError for another kind of proxy or an unreadable file.

    Reads from `request.extensions` the `timeout`s in seconds, httpx's `connect`
    and `read` (between two pieces of the answer) and beside them `first_byte`
    (from the request's end up to the answer's head, then up to its body) and
    `write` (between two pieces of a large request; what the system holds of it
    counts as sent); and `public_only`: refuse
    addresses that are not on the open internet, which `public` tells. For those names
    are resolved here, once, behind any proxy: GuardedConnector. Bodies come
    decompressed, in pieces of under 1 MiB however well they were compressed.
    """

    def __init__(
        self,
        *,
        proxy: str = "",
        verify: bool = True,
        ca_file: str = "",
        public: Allowed = is_public,
    ) -> None:
        self._public = public
        self._proxy = _proxy_url(proxy) if proxy else None
        self._socks = self._proxy is not None and self._proxy.scheme != "http"
        self._verify = verify
        self._tls = trusting(ca_file) if ca_file and verify else None
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeout = request.extensions.get("timeout", {})
        public_only = request.extensions.get("public_only", False)
        url = URL(str(request.url), encoded=True)
        if public_only and is_private(url.raw_host or "", self._public):
            raise httpx.ConnectError("not a public address")
        with _errors_told_apart():
            async with asyncio.timeout(timeout.get("first_byte")) as timer:
                response = await self._session(public_only).request(
                    request.method,
                    url,
                    headers=_headers(request),
                    data=_body(request, timer),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, connect=timeout.get("connect")),
                    proxy=None if self._socks or public_only else self._proxy,
                    ssl=self._tls_context() if url.scheme == "https" else True,
                )
        return httpx.Response(
            response.status,
            headers=_answered(response),
            stream=_Body(response, timeout.get("first_byte"), timeout.get("read")),
        )

    async def aclose(self) -> None:
        self._closed = True
        for session in self._sessions.values():
            await session.close()

    def _session(self, public_only: bool) -> aiohttp.ClientSession:
        if self._closed:
            raise httpx.ConnectError("the client was closed")
        session = self._sessions.get(public_only)
        if session is None:
            session = self._sessions[public_only] = aiohttp.ClientSession(
                connector=self._connector(public_only), cookie_jar=aiohttp.DummyCookieJar()
            )
        return session

    def _connector(self, public_only: bool) -> aiohttp.BaseConnector:
        if public_only:
            return GuardedConnector(self._public, self._proxy)
        if self._socks:
            # Imported only where it is used: 60 ms.
            from core.relay.socks import socks_connector  # noqa: PLC0415

            return socks_connector(str(self._proxy))
        return DirectConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S)

    def _tls_context(self) -> ssl.SSLContext | bool:
        """Made for the first https request, since it takes 20 ms."""
        if not self._verify:
            return False
        if self._tls is None:
            self._tls = trusting()
        return self._tls


class _Body(httpx.AsyncByteStream):
    """An answer's body. Closing it before its end closes the connection."""

    def __init__(
        self, response: aiohttp.ClientResponse, first_s: float | None, idle_s: float | None
    ) -> None:
        self._response = response
        self._first_s = first_s
        self._idle = _Idle(response.content, idle_s)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content, idle, now = self._response.content, self._idle, self._idle.now
        with _errors_told_apart():
            self._wait_at_most(self._first_s)
            data = await content.readany()
            self._wait_at_most(None)
            idle.start()
            while data:
                yield data
                idle.since = now()
                data = await content.readany()
                idle.since = None

    async def aclose(self) -> None:
        self._idle.stop()
        self._response.close()

    def _wait_at_most(self, seconds: float | None) -> None:
        connection = self._response.connection
        if connection is not None and connection.protocol is not None:
            connection.protocol.read_timeout = seconds
            connection.protocol.start_timeout()


class _Idle:
    """Ends a wait for the next piece after `seconds`, by one timer for many pieces.

    aiohttp's own is set anew for each: a tenth of the CPU time of a stream. `since`
    is when the wait began by `now`, None while nobody waits.
    """

    def __init__(self, content: aiohttp.StreamReader, seconds: float | None) -> None:
        self._content = content
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self.since: float | None = None
        self._timer: asyncio.Handle | None = None

    def start(self) -> None:
        if self._seconds and not self._content.is_eof():
            self._timer = self._loop.call_later(self._seconds, self._look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        since, seconds = self.since, self._seconds or 0.0
        left_s = seconds if since is None else since + seconds - self.now()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._look)
        else:  # once more what came while the loop was held up is taken in first
            self._timer = self._loop.call_soon(self._end, since)

    def _end(self, since: float | None) -> None:
        if self.since == since:
            self._content.set_exception(TimeoutError())
        else:
            self._look()


@contextmanager
def _errors_told_apart() -> Iterator[None]:
    """What the connector raises passes as it is; the rest came after sending began."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout("no answer in time") from error
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise httpx.UnsupportedProtocol("not an http address") from error
    except aiohttp.ClientResponseError as error:
        raise httpx.RemoteProtocolError(f"not HTTP: {error.message}") from error
    except aiohttp.ClientPayloadError as error:
        if isinstance(error.__cause__, HttpProcessingError) and _undecodable(error.__cause__):
            raise httpx.RemoteProtocolError("it cannot be decompressed") from error
        raise httpx.ReadError("closed before the end of the answer") from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx.ReadError(_plain(error)) from error


def _undecodable(error: HttpProcessingError) -> bool:
    return "content-encoding" in error.message


def _plain(error: Exception) -> str:
    match error:
        case aiohttp.ServerDisconnectedError():
            return "closed without an answer"
        case OSError(strerror=str(reason)):
            return reason
        case _:
            return type(error).__name__


def _proxy_url(proxy: str) -> URL:
    check_proxy(proxy)
    return URL(proxy)


def _headers(request: httpx.Request) -> list[tuple[str, str]]:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in request.headers.raw
        if name.lower() not in _OURS_TO_SAY
    ]
    if isinstance(request.stream, httpx.ByteStream) and "content-length" not in request.headers:
        length = sum(map(len, request.stream))
        if length:  # else a body in steps would go out in chunks, which some relays don't take
            headers.append(("Content-Length", str(length)))
    return headers


def _body(
    request: httpx.Request, timer: asyncio.Timeout
) -> bytes | AsyncIterator[bytes] | httpx.AsyncByteStream | None:
    match request.stream:
        case httpx.ByteStream() as stream:
            content = b"".join(stream)
            if len(content) <= _AT_ONCE_BYTES:
                return content or None
            return _in_steps(content, timer, request.extensions.get("timeout", {}))
        case httpx.AsyncByteStream() as stream:
            return stream
        case _:
            raise TypeError("expected a request with an asynchronous body")


async def _in_steps(
    content: bytes, timer: asyncio.Timeout, limits_s: Mapping[str, float | None]
) -> AsyncIterator[bytes]:
    """A large body, whose every step starts the timer anew. At once it would hold the loop."""
    for start in range(0, len(content), _AT_ONCE_BYTES):
        _restart(timer, limits_s.get("write"))
        yield content[start : start + _AT_ONCE_BYTES]
    _restart(timer, limits_s.get("first_byte"))


def _restart(timer: asyncio.Timeout, seconds: float | None) -> None:
    now = asyncio.get_running_loop().time()
    with suppress(RuntimeError):  # it has ended: the answer came before the upload's end
        timer.reschedule(None if seconds is None else now + seconds)


def _answered(response: aiohttp.ClientResponse) -> list[tuple[bytes, bytes]]:
    """The head, without what is no longer true of a decompressed body."""
    raw = list(response.raw_headers)
    if "Content-Encoding" not in response.headers:
        return raw
    return [(name, value) for name, value in raw if name.lower() not in _DECODED]
