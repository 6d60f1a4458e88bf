"""Calls of the Bot API over the transport that relays have, and the token's only place.

Those of every message are made here, at half the cost, the rest by python-telegram-bot
(docs/decisions/016-telegram-hot-path.md). It never learns the token: what it logs and
quotes cannot show it.
"""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any

import httpx
import msgspec
from telegram import Bot
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from adapters.telegram import wire
from adapters.telegram.failure import NotSent, failure
from core.relay.pool import Pool
from core.relay.transport import Transport
from core.secret import Secret

CONNECT_S = 10.0
ANSWER_S = 20.0
STALL_S = 30.0
"""Between two pieces of an upload or a download."""
ANSWER_BYTES = 32 * 2**20

_HIDDEN = "0:hidden"
_JSON = {"Content-Type": "application/json"}


class Api(BaseRequest):
    """One account at one Bot API server. Raises telegram.error.TelegramError.

    `failure.NotSent` means that nothing reached the server; of TimedOut and other
    NetworkErrors nobody knows. Connections are kept from `open` until `close`; calls
    after it, the last answers of a process that ends, keep none.
    """

    def __init__(self, transport: Callable[[], Transport], api_base: str, token: Secret) -> None:
        self._pool = Pool(transport)
        self._token = token
        self._urls: dict[str, httpx.URL] = {}
        self._base = f"{api_base.rstrip('/')}/bot"
        self._files = f"{api_base.rstrip('/')}/file/bot"
        self.bot = Bot(_HIDDEN, base_url="", base_file_url="", request=self)

    async def call(
        self, method: str, values: Mapping[str, object], answer_s: float = ANSWER_S
    ) -> bytes:
        """The answer as it came."""
        return await self._exchange(self._request(method, values, None), answer_s)

    async def send_message(self, values: Mapping[str, object]) -> int:
        """The new message's id."""
        try:
            return wire.decode_sent(await self.call("sendMessage", values))
        except ValueError as error:
            raise TelegramError("the answer cannot be read") from error

    async def file_path(self, file_id: str) -> str:
        """Where a file can be fetched; an absolute path on a server in --local mode."""
        file = await self.bot.get_file(file_id)
        return (file.file_path or "").removeprefix(f"{_HIDDEN}/")

    async def download(self, path: str, limit_bytes: int) -> bytes:
        """A file's content. Raises TelegramError, and ValueError past the limit."""
        url = f"{self._files}{self._token.reveal()}/{path}"
        return await self._exchange(httpx.Request("GET", url), ANSWER_S, limit_bytes)

    def open(self) -> None:
        self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    # -- BaseRequest -----------------------------------------------------------

    @property
    def read_timeout(self) -> float | None:
        return ANSWER_S

    async def initialize(self) -> None:
        """Connections are made when they are needed."""

    async def shutdown(self) -> None:
        await self.close()

    async def do_request(
        self,
        url: str,
        method: str,  # noqa: ARG002 - POST, for all of Bot's calls
        request_data: RequestData | None = None,
        read_timeout: object = None,  # noqa: ARG002
        write_timeout: object = None,  # noqa: ARG002
        connect_timeout: object = None,  # noqa: ARG002
        pool_timeout: object = None,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        """A call of Bot's; all have the time-outs of this module."""
        name = url.rpartition("/")[2]
        if request_data is None:
            return 200, await self.call(name, {})
        if not request_data.contains_files:
            return 200, await self.call(name, request_data.parameters)
        request = self._request(name, request_data.json_parameters, request_data.multipart_data)
        length = int(request.headers.get("content-length", "0"))
        return 200, await self._exchange(request, ANSWER_S + length / _SLOWEST_BYTES_S)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As the base's, which would log what it cannot read."""
        try:
            return msgspec.json.decode(payload, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise TelegramError("the answer is not JSON") from error

    # --------------------------------------------------------------------------

    def _request(
        self, method: str, values: Mapping[str, object], files: Mapping[str, Any] | None
    ) -> httpx.Request:
        url = self._urls.get(method)
        if url is None:  # reading an address takes as long as making the call
            address = f"{self._base}{self._token.reveal()}/{method}"
            url = self._urls[method] = httpx.URL(address)
        if files:
            return httpx.Request("POST", url, data=dict(values), files=files)
        return httpx.Request("POST", url, headers=_JSON, content=msgspec.json.encode(values))

    async def _exchange(
        self, request: httpx.Request, answer_s: float, limit_bytes: int = ANSWER_BYTES
    ) -> bytes:
        """The body of a 2xx."""
        request.extensions["timeout"] = {
            "connect": CONNECT_S,
            "first_byte": answer_s,
            "read": STALL_S,
            "write": STALL_S,
        }
        try:
            async with self._pool.transport() as transport:
                response = await transport.handle_async_request(request)
                content = await _content(response, limit_bytes)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotSent(str(error)) from error
        except httpx.TimeoutException as error:
            raise TimedOut("no answer in time") from error
        except httpx.HTTPError as error:
            raise NetworkError(str(error)) from error
        if not 200 <= response.status_code < 300:
            raise failure(response.status_code, content)
        return content


_SLOWEST_BYTES_S = 50_000
"""An upload slower than this is given up."""


async def _content(response: httpx.Response, limit_bytes: int) -> bytes:
    """Raises ValueError past the limit."""
    pieces: list[bytes] = []
    total = 0
    async with aclosing(response):
        async for piece in response.stream:  # type: ignore[union-attr] # ours is asynchronous
            total += len(piece)
            if total > limit_bytes:
                raise ValueError(f"expected at most {limit_bytes} bytes, got more")
            pieces.append(piece)
    return b"".join(pieces)
