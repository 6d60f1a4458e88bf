"""The HTTP beneath one relay's calls: address, key, time-outs and bounds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from io import BytesIO
from urllib.parse import quote, unquote

import httpx

from core.errors import ConfigError, RelayError, RelayLost, RelayTimeout
from core.ports.clock import Clock
from core.relay.address import base_url, proxy_password
from core.relay.crowd import is_crowded
from core.relay.dialect import Call, Dialect
from core.relay.encode import Outbound
from core.relay.entry import RelayEntry
from core.relay.failure import Origin, outage, read_complaint, refusal, retry_after
from core.relay.fetch import Fetcher, Unfetched, pieces
from core.relay.refusals import told_rule
from core.rest import RESTS
from core.secret import Secret

_DATA = frozenset[Call]({"speech", "file_content"})
"""Whose answers are no JSON."""

_SHORT_KEY = 10
"""A key of no more characters is told apart from common words by its `sk-` alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most that is taken from a relay: bytes after decompression, and seconds.

    `whole_s` is for an answer that is waited for as a whole, `stream_s` for a
    streamed one, however steadily it trickles, `error_s` for the words of a refusal,
    `fetch_s` for one try of a link, of which `fetches` are made.
    """

    json_bytes: int = 8 * 2**20
    pictures_bytes: int = 128 * 2**20
    picture_bytes: int = 32 * 2**20
    speech_bytes: int = 64 * 2**20
    file_bytes: int = 512 * 2**20
    error_bytes: int = 64 * 2**10
    line_bytes: int = 2**20
    stream_bytes: int = 32 * 2**20
    whole_s: float = 300.0
    stream_s: float = 480.0
    error_s: float = 1.0
    fetch_s: float = 120.0
    redirects: int = 3
    fetches: int = 2

    def body_bytes(self, call: Call) -> int:
        match call:
            case "image":
                return self.pictures_bytes
            case "speech":
                return self.speech_bytes
            case "file_content":
                return self.file_bytes
            case _:
                return self.json_bytes


class Budget:
    """What one stream may still take.

    Its first text or reasoning must come within `first_s` of its first byte: keep-alives
    and empty chunks alone are none. `spoke` is set once it came.
    """

    def __init__(
        self, origin: Origin, bounds: Bounds, monotonic: Callable[[], float], first_s: float
    ) -> None:
        self.spoke = False
        self._origin = origin
        self._bounds = bounds
        self._monotonic = monotonic
        self._first_s = first_s
        self._taken = 0
        self._began_at = 0.0
        self._ends_at = monotonic() + bounds.stream_s

    def take(self, size: int) -> None:
        """Raises RelayGarbage or RelayTimeout."""
        now = self._monotonic()
        if not self._taken:
            self._began_at = now
        self._taken += size
        if self._taken > self._bounds.stream_bytes:
            raise self._origin.garbage(f"a stream of over {self._bounds.stream_bytes} bytes")
        if now > self._ends_at:
            raise _too_slow(self._origin, self._bounds.stream_s)
        if not self.spoke and now > self._began_at + self._first_s:
            raise _too_slow(self._origin, self._first_s, "word")


class Wire:
    """Sends one relay's requests. Its keys go to the relay's own address only."""

    def __init__(
        self,
        entry: RelayEntry,
        dialect: Dialect,
        transport: httpx.AsyncBaseTransport,
        clock: Clock,
        bounds: Bounds,
    ) -> None:
        self.bounds = bounds
        self.base = base_url(entry, dialect)
        self._entry = entry
        self._dialect = dialect
        self._transport = transport
        self._clock = clock
        self._urls: dict[Call, httpx.URL] = {}
        self._origins: dict[tuple[Call, int], Origin] = {}
        keys = (entry.key, *entry.keys, *entry.tokens.values())
        self._settings = (
            "key",
            *(f"keys[{place}]" for place in range(len(entry.keys))),
            *(f"tokens.{name}" for name in entry.tokens),
        )
        self._headers = tuple(map(self._authorised, self._settings, keys))
        self._stat_headers = self._authorised("stat_token", entry.stat_token)
        self._secrets = _secrets(entry)
        self._timeout = {
            "connect": entry.connect_timeout_s,
            "first_byte": entry.first_byte_timeout_s,
            "read": entry.idle_timeout_s,
            "write": entry.idle_timeout_s,
        }
        self._fetcher = Fetcher(
            lambda _: nullcontext(transport),
            bounds.picture_bytes,
            own=self._at_home,
            timeouts_s=self._timeout,
            whole_s=bounds.fetch_s,
            redirects=bounds.redirects,
        )

    def speak(self, dialect: Dialect) -> None:
        """Take another form of the dialect, which learned something."""
        self._dialect = dialect
        self._urls.clear()
        self._origins.clear()

    def origin(self, call: Call, key: int = 0) -> Origin:
        origin = self._origins.get((call, key))
        if origin is None:
            origin = self._origins[call, key] = Origin(
                self._entry.name,
                call,
                self._dialect.path(call),
                self._secrets,
                tuple(map(told_rule, self._dialect.errors)),
                self._dialect.envelope,
                "stat_token" if call == "user_stat" else self._settings[key],
            )
        return origin

    def origin_of(self, outbound: Outbound, key: int = 0) -> Origin:
        origin = self.origin(outbound.call, key)
        return replace(origin, path=outbound.path) if outbound.path else origin

    def budget(self, origin: Origin) -> Budget:
        first_s = self._entry.first_byte_timeout_s
        return Budget(origin, self.bounds, self._clock.monotonic, first_s)

    async def ask(self, outbound: Outbound, key: int = 0) -> tuple[str, bytes]:
        """A successful answer's content type and body. Raises RelayError."""
        async with self.open(outbound, key) as response:
            read = self.read if outbound.call in _DATA else self.read_json
            limit = self.bounds.body_bytes(outbound.call)
            body = await read(response, limit, self.origin_of(outbound, key))
            return content_type(response), body

    @asynccontextmanager
    async def open(self, outbound: Outbound, key: int = 0) -> AsyncIterator[httpx.Response]:
        """A successful answer's head; its body is still to come. Raises RelayError."""
        origin = self.origin_of(outbound, key)
        response = await self._send(self._request(outbound, key), origin)
        try:
            if response.status_code >= 300:
                raise await self._refused(response, origin)
            yield response
        finally:
            await response.aclose()

    async def read_json(self, response: httpx.Response, limit: int, origin: Origin) -> bytes:
        """The whole body, if decoding it is safe, too. Raises RelayError."""
        body = await self.read(response, limit, origin)
        if is_crowded(body):
            raise origin.garbage(f"an answer of too many values in {len(body)} bytes")
        return body

    async def read(self, response: httpx.Response, limit: int, origin: Origin) -> bytes:
        """The whole body, if it has at most `limit` bytes. Raises RelayError.

        It is held once, into however many pieces it was cut.
        """
        read = BytesIO()
        taken = 0
        try:
            async with asyncio.timeout(self.bounds.whole_s):
                async for data in pieces(response):
                    taken += len(data)
                    if taken > limit:
                        raise origin.garbage(f"an answer of over {limit} bytes")
                    read.write(data)
        except httpx.TransportError as error:
            raise outage(origin, error) from error
        except TimeoutError as error:
            raise _too_slow(origin, self.bounds.whole_s) from error
        return read.getvalue()

    async def fetch(self, link: str, call: Call) -> bytes:
        """What a link in an answer leads to, asked for without the key.

        It must lead to the relay itself or to the open internet. The answer it
        stood in may be billed already, so every failure's outcome is unknown.
        """
        origin = self.origin(call)
        for left in reversed(range(self.bounds.fetches)):
            try:
                return await self._fetcher.get(link)
            except Unfetched as error:
                if not left or error.fault != "connection":
                    raise _unfetched(origin, link, error) from error
        raise ValueError("fetches: expected at least one")

    @asynccontextmanager
    async def within(self, origin: Origin) -> AsyncIterator[None]:
        """As long as a whole answer may take, for all that it links to. Raises RelayTimeout."""
        try:
            async with asyncio.timeout(self.bounds.whole_s):
                yield
        except TimeoutError as error:
            raise _too_slow(origin, self.bounds.whole_s) from error

    def _at_home(self, url: httpx.URL) -> bool:
        own = httpx.URL(self.base)
        return (url.scheme, url.host, url.port) == (own.scheme, own.host, own.port)

    async def _send(self, request: httpx.Request, origin: Origin) -> httpx.Response:
        rests = RESTS.get()
        try:
            if rests is None:
                return await self._transport.handle_async_request(request)
            async with rests.resting():
                return await self._transport.handle_async_request(request)
        except httpx.TransportError as error:
            raise outage(origin, error) from error

    async def _refused(self, response: httpx.Response, origin: Origin) -> RelayError:
        """The error that an answer of failure tells; its status counts even without its body."""
        try:
            async with asyncio.timeout(self.bounds.error_s):
                body = await self.read(response, self.bounds.error_bytes, origin)
        except (RelayError, TimeoutError):
            body = b""
        complaint = read_complaint(body, envelope=origin.envelope)
        wait_s = retry_after(response.headers.get("retry-after", ""), self._clock.now())
        return refusal(origin, response.status_code, complaint, wait_s)

    def _request(self, outbound: Outbound, key: int) -> httpx.Request:
        """Built by hand: httpx's client would cost more than the rest of the call."""
        call = outbound.call
        url = None if outbound.path else self._urls.get(call)
        if url is None:
            path = outbound.path or self._dialect.path(call)
            url = httpx.URL(self.base + path.replace("{id}", quote(outbound.id, safe="")))
            if not outbound.id and not outbound.path:
                self._urls[call] = url
        headers = httpx.Headers(self._stat_headers if call == "user_stat" else self._headers[key])
        if outbound.content_type:
            headers["Content-Type"] = outbound.content_type
        if outbound.reduced:
            headers["Reduce-Stream"] = "true"
        return httpx.Request(
            outbound.method,
            url,
            headers=headers,
            stream=httpx.ByteStream(outbound.body),
            extensions={"timeout": self._timeout},
        )

    def _authorised(self, setting: str, secret: Secret) -> httpx.Headers:
        headers = {"User-Agent": "parley"}
        key = secret.reveal()
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ConfigError(
                f"relays.{self._entry.name}.{setting}: expected ASCII letters, digits and signs, "
                "got a space or something else among them. Copy it again."
            )
        if key:
            headers[self._dialect.auth_header] = f"{self._dialect.auth_scheme} {key}".strip()
        return httpx.Headers(headers)


def _secrets(entry: RelayEntry) -> tuple[str, ...]:
    """Whatever may not be told, the longest first: one may hold another.

    Relays tell a key with and without its `sk-`.
    """
    password = proxy_password(entry.proxy.reveal())
    own = (entry.key, *entry.keys, *entry.tokens.values(), entry.stat_token)
    keys = [key.reveal() for key in own]
    bare = (key.removeprefix("sk-") for key in keys if len(key) > _SHORT_KEY)
    given = (*keys, *bare, entry.proxy.reveal(), password, unquote(password))
    return tuple(sorted({secret for secret in given if secret}, key=len, reverse=True))


def content_type(response: httpx.Response) -> str:
    told: str = response.headers.get("content-type", "")
    return told.partition(";")[0].strip().lower()


def _too_slow(origin: Origin, seconds: float, missing: str = "end") -> RelayTimeout:
    got = f"no {missing} of the answer from {origin.path} within {seconds:g} s"
    return RelayTimeout(origin.message(got, "Try again; the call may have been billed."))


def _unfetched(origin: Origin, link: str, error: Unfetched) -> RelayError:
    """What is no file at all is garbage; a link itself may be signed, and is not told."""
    if error.fault in ("address", "size"):
        return origin.garbage(error.reason)
    host = httpx.URL(link).host
    remedy = "Try again, or set response_format to b64_json; the call was billed."
    reason = f"the link to {host} could not be fetched"
    return RelayLost(replace(origin, path=host).message(reason, remedy, error.reason))
