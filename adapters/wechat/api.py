"""Calls to api.weixin.qq.com. The access token stands in their addresses, so none is ever told."""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from adapters.wechat.settings import Settings
from adapters.wechat.token import TokenBook
from core.loopback import is_loopback
from core.ports.clock import Clock
from core.ports.store import Memo
from core.relay.fetch import Fetcher
from core.relay.pool import Pool

log = logging.getLogger(__name__)

STALE = frozenset({40001, 40014, 42001})
"""The token is not or no longer valid."""

REMEDIES: Mapping[int, str] = {
    -1: "WeChat is busy",
    40013: "app_id is wrong",
    40125: "app_secret is wrong; copy it anew from the account's 基本配置",
    40164: "add this machine's address to the account's IP白名单",
    45009: "the day's calls are used up",
    45015: "the person has not written for 48 hours",
    45047: "more than the allowed messages since the person last wrote",
    48001: "the account may not do this: personal and unverified ones cannot",
}

WHOLE_S = 20.0
UPLOAD_S = 60.0
ANSWER_BYTES = 16 * 2**20
CONNECTS = 3
FIRST_PAUSE_S = 0.5
TIMEOUT = {"connect": 5.0, "first_byte": 15.0, "read": 15.0, "write": 30.0}


class ApiError(Exception):
    """A call that did not do what it should; `code` is WeChat's errcode."""

    def __init__(self, call: str, code: int, said: str) -> None:
        remedy = REMEDIES.get(code, "")
        super().__init__(
            f"{call}: errcode {code} ({said[:200]})" + (f": {remedy}" if remedy else "")
        )
        self.code = code


class Unreached(Exception):
    """Nothing was sent: no connection, or no token to send it with."""


class Lost(Exception):
    """Sent, and no answer: it may have been done or not."""


class Api:
    """One account's calls, over one pool of connections that is opened when needed."""

    def __init__(self, settings: Settings, memo: Memo, clock: Clock) -> None:
        self._base = settings.api_base.rstrip("/")
        self._proxy = _proxy(settings)
        self._tokens = TokenBook(
            settings.app_id, settings.app_secret, memo, clock, fetch=self._stable_token
        )
        self._pool = Pool(self._transport)
        self._fetcher = Fetcher(
            lambda _: self._pool.transport(), ANSWER_BYTES, own=self._is_own, whole_s=WHOLE_S
        )

    async def call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST JSON to /cgi-bin/`path`. Raises ApiError, Unreached, Lost."""
        content = msgspec.json.encode(body)  # no \\u escapes: WeChat shows them as they stand
        headers = {"Content-Type": "application/json; charset=utf-8"}
        answer = await self._authorised("POST", path, {}, content, headers)
        return _decoded(path, answer.content)

    async def prove(self) -> None:
        """Have WeChat give a token: it takes the account's id and secret. Raises as `call`."""
        await self._tokens.token()

    async def upload(self, kind: str, name: str, content: bytes) -> str:
        """A temporary media id, good for three days. Raises as `call`."""
        from core.relay.multipart import encode_multipart  # noqa: PLC0415

        boundary = secrets.token_hex(16)
        body = encode_multipart({}, name, content, boundary).replace(
            b'name="file"', b'name="media"', 1
        )
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        answer = await self._authorised("POST", "media/upload", {"type": kind}, body, headers)
        return str(_decoded("media/upload", answer.content).get("media_id", ""))

    async def download(self, media_id: str) -> bytes:
        """Raises as `call`."""
        answer = await self._authorised("GET", "media/get", {"media_id": media_id})
        return answer.content

    async def get(self, url: str) -> bytes:
        """A public file by its own address, without a token. Raises MediaError."""
        return await self._fetcher.get(url)

    def _is_own(self, url: httpx.URL) -> bool:
        return url.netloc.decode() == urlsplit(self._base).netloc

    async def close(self) -> None:
        """Let the connections go, at the end of the last call that is under way."""
        await self._pool.close()

    async def _authorised(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """With a token; once more with a new one where WeChat takes it for stale."""
        token = await self._tokens.token()
        answer = await self._post(method, path, {**query, "access_token": token}, body, headers)
        if (refused := _refusal(path, answer)) is None:
            return answer
        if refused.code not in STALE:
            raise refused
        token = await self._tokens.renewed(token)
        answer = await self._post(method, path, {**query, "access_token": token}, body, headers)
        if refused := _refusal(path, answer):
            raise refused
        return answer

    async def _stable_token(self, force: bool) -> dict[str, Any]:
        body = self._tokens.request(force)
        try:
            answer = await self._post("POST", "stable_token", {}, msgspec.json.encode(body), None)
        except Lost as error:  # of the call that needs it nothing was sent
            raise Unreached(str(error)) from None
        if refused := _refusal("stable_token", answer):
            raise refused
        return _decoded("stable_token", answer.content)

    async def _post(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes,
        headers: Mapping[str, str] | None,
    ) -> httpx.Response:
        address = f"{self._base}/cgi-bin/{path}?{urlencode(query)}"
        request = httpx.Request(
            method, address, content=body, headers=headers, extensions={"timeout": TIMEOUT}
        )
        return await self._answer(path, request, UPLOAD_S if len(body) > 2**16 else WHOLE_S)

    async def _answer(self, call: str, request: httpx.Request, whole_s: float) -> httpx.Response:
        """The whole answer. What never reached WeChat is tried again a little later."""
        for pause_s in (*(FIRST_PAUSE_S * 2**n for n in range(CONNECTS - 1)), None):
            try:
                async with self._pool.transport() as transport, asyncio.timeout(whole_s):
                    return _not_lost(
                        call, await _read(await transport.handle_async_request(request))
                    )
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if pause_s is None:
                    raise Unreached(f"{call}: no connection to WeChat ({error})") from None
            except (httpx.TransportError, TimeoutError) as error:
                raise Lost(f"{call}: {error or type(error).__name__}") from None
            await asyncio.sleep(pause_s or 0)
        raise AssertionError

    def _transport(self) -> httpx.AsyncBaseTransport:
        from core.relay.transport import Transport  # noqa: PLC0415 - aiohttp takes 0.3 s

        return Transport(proxy=self._proxy)


async def _read(answer: httpx.Response) -> httpx.Response:
    """With its body, up to a bound."""
    pieces, size = [], 0
    try:
        async for piece in answer.aiter_raw():
            size += len(piece)
            if size > ANSWER_BYTES:
                raise httpx.ReadError(f"an answer of over {ANSWER_BYTES} bytes")
            pieces.append(piece)
    finally:
        await answer.aclose()
    return httpx.Response(answer.status_code, headers=answer.headers, content=b"".join(pieces))


def _not_lost(call: str, answer: httpx.Response) -> httpx.Response:
    """What stands behind a gateway that gave up may have taken the call. Raises Lost."""
    if answer.status_code >= 500:
        raise Lost(f"{call}: status {answer.status_code}")
    return answer


def _refusal(call: str, answer: httpx.Response) -> ApiError | None:
    """WeChat says no with status 200 and an errcode."""
    if answer.status_code != 200:
        return ApiError(call, answer.status_code, "an HTTP status")
    if not answer.content.startswith(b"{"):
        return None
    told = _decoded(call, answer.content)
    code = told.get("errcode", 0)
    return ApiError(call, int(code), str(told.get("errmsg", ""))) if code else None


def _decoded(call: str, content: bytes) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(content)
    except msgspec.DecodeError:
        told = None
    if not isinstance(told, dict):
        raise ApiError(call, -1, "expected a JSON object, got something else")
    return told


def _proxy(settings: Settings) -> str:
    """None for "direct", and none to this machine itself."""
    way = settings.proxy.reveal()
    own = is_loopback(urlsplit(settings.api_base).hostname or "")
    return "" if own or way == "direct" else way
