"""The HTTP side: what may come in, and how it is answered. An ASGI application.

Everything that is not WeChat's ends here: 403 for what is not signed or not
encrypted as it should be, 413 and 400 for what cannot be read.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeAlias

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from adapters.wechat.crypto import Cipher, Opened
from adapters.wechat.desk import Arrival, Visit
from adapters.wechat.format import SUCCESS
from adapters.wechat.parse import parse_encrypted, parse_push
from adapters.wechat.push import Push
from adapters.wechat.settings import Settings
from adapters.wechat.signature import Forged, check_query
from adapters.wechat.xml import PushError
from core.errors import StoreError
from core.ports.adapter import ARRIVED, LEFT
from core.ports.clock import Clock
from core.secret import Secret
from core.steady import SteadyTime

log = logging.getLogger(__name__)

BODY_BYTES = 64 * 2**10
ECHO_CHARS = 256
MOST_INSIDE = 4000
"""Requests at once, each of some 20 KB: 200 pushes a second, held for all of their three tries,
are 3,000. What is more gets no answer, so that WeChat asks again."""

TOLD_EVERY_S = 60.0
"""How often the log says that something was not taken: anybody can knock."""


Receiving: TypeAlias = Callable[
    [Push, Arrival, "asyncio.Future[None]"], AbstractAsyncContextManager[tuple[Visit, str | None]]
]
"""A push, when it came, and what is done once WeChat hangs up: the visit and its reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A push with what its reply needs: the signed time, and the key if it came encrypted."""

    push: Push | None
    timestamp: str
    key: Secret | None


class TooLarge(Exception):
    """More than a push ever has."""


class Gone(Exception):
    """The other side hung up before its request was whole."""


class Door:
    """`receive` takes a push to its answer; `patience_s` is how long WeChat waits for one."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        receive: Receiving,
        patience_s: float,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._steady = SteadyTime(clock)
        self._receive = receive
        self._patience_s = patience_s
        self._told_at = float("-inf")
        self._inside = 0
        keys = tuple(filter(None, (settings.aes_key, settings.previous_aes_key)))
        self._cipher = Cipher(token=settings.token, app_id=settings.app_id, keys=keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._inside >= MOST_INSIDE or self._is_over(scope):
            return await Response(None, 503, {"Connection": "close"})(scope, receive, send)
        self._inside += 1
        try:
            return await self._admit(scope, receive, send)
        finally:
            self._inside -= 1

    def _is_over(self, scope: Scope) -> bool:
        """It waited so long to be read that WeChat has given it up: work on it would only keep
        the next ones waiting, too."""
        now = asyncio.get_running_loop().time()
        return bool(now - scope.get(ARRIVED, now) >= self._patience_s)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = QueryParams(scope["query_string"])
        try:
            _check_once(query)
            timestamp, nonce = check_query(
                self._settings.token,
                query,
                (self._clock.now().timestamp(), self._steady.now().timestamp()),
                self._settings.replay_window_s,
            )
            if scope["method"] != "POST":
                response = Response(query.get("echostr", "")[:ECHO_CHARS], media_type="text/plain")
                return await response(scope, receive, send)
            known = self._known(await _body(receive), query, timestamp, nonce)
            return await self._answer(known, scope, receive, send)
        except Forged as error:
            status = 403
            self._tell(error)
        except PushError as error:
            status = 400
            self._tell(error)
        except TooLarge as error:
            status = 413
            self._tell(error)
        except StoreError as error:
            status = 500  # so that WeChat asks again
            self._tell(error)
        except Gone:
            return None
        return await Response(None, status)(scope, receive, send)

    def _known(self, body: bytes, query: QueryParams, timestamp: str, nonce: str) -> Known:
        """Raises Forged, PushError."""
        if body.lstrip().startswith(b"{"):
            self._tell(
                PushError("expected XML, got JSON; choose XML as 数据格式 in the account's console")
            )
            return Known(push=None, timestamp=timestamp, key=None)
        if not body.strip():
            raise PushError("expected a push, got an empty body")
        text = body.decode(errors="replace")
        opened = self._opened(text, query, timestamp, nonce)
        push = self._read(opened.xml if opened else text)
        return Known(push=push, timestamp=timestamp, key=opened.key if opened else None)

    def _read(self, xml: str) -> Push | None:
        """None where that fails by surprise: it would at the next try, too. Raises PushError."""
        try:
            return parse_push(xml, recognition=self._settings.recognition)
        except PushError:
            raise
        except Exception:
            log.exception("a push is passed over: it cannot be read")
            return None

    def _opened(self, text: str, query: QueryParams, timestamp: str, nonce: str) -> Opened | None:
        """None where it came, and may come, in plain text."""
        if query.get("encrypt_type") != "aes":
            if self._settings.way == "safe":
                raise Forged("expected an encrypted push, got a plain one; is the mode 安全模式?")
            return None
        if not self._settings.aes_key:
            raise Forged("expected a plain push, got an encrypted one; set aes_key and app_id")
        encrypted = parse_encrypted(text)
        return self._cipher.open(encrypted, query.get("msg_signature", ""), timestamp, nonce)

    async def _answer(self, known: Known, scope: Scope, receive: Receive, send: Send) -> None:
        if known.push is None:
            await Response(SUCCESS, media_type="text/plain")(scope, receive, send)
            return
        at = scope.get(ARRIVED) or asyncio.get_running_loop().time()
        arrival = Arrival(at=at, stamped_s=int(known.timestamp), left=lambda: scope.get(LEFT))
        async with (
            _hanging_up(receive) as gone,
            self._receive(known.push, arrival, gone) as (visit, reply),
        ):
            await self._response(reply, known)(scope, receive, send)
            visit.handed = reply is not None and not gone.done()

    def _response(self, reply: str | None, known: Known) -> Response:
        if reply is None:
            # WeChat has given up: nothing that is said now is heard.
            return Response(None, 503, {"Connection": "close"})
        if reply == SUCCESS or known.push is None:
            return Response(SUCCESS, media_type="text/plain")
        if known.key:
            reply = self._cipher.close(reply, known.key, str(known.push.created))
        return Response(reply, media_type="application/xml")

    def _tell(self, error: Exception) -> None:
        now = self._clock.monotonic()
        if now - self._told_at >= TOLD_EVERY_S:
            self._told_at = now
            log.warning("a push was not taken: %s", error)


def _check_once(query: QueryParams) -> None:
    """Raises Forged: of two, who reads the first and who reads the last would disagree."""
    if len(query.multi_items()) > len(query):
        raise Forged("expected each word of the address once, got one again")


async def _body(receive: Receive) -> bytes:
    """Raises TooLarge, Gone."""
    pieces, size = [], 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Gone
        pieces.append(event.get("body", b""))
        size += len(pieces[-1])
        if size > BODY_BYTES:
            raise TooLarge(f"expected at most {BODY_BYTES} bytes, got more")
        if not event.get("more_body"):
            return b"".join(pieces)


@asynccontextmanager
async def _hanging_up(receive: Receive) -> AsyncIterator["asyncio.Task[None]"]:
    """Done once the other side has hung up."""

    async def listen() -> None:
        while (await receive())["type"] != "http.disconnect":
            continue

    task = asyncio.create_task(listen())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
