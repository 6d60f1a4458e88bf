"""Where implementations dial in: one path for both ways, or one for each.

https://github.com/botuniverse/onebot-11/blob/master/communication/ws-reverse.md (read 2026-11).
NapCat and LLBot give up on a handshake after 2 s, so nothing is awaited before it is answered.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from adapters.onebot11.account import Account
from adapters.onebot11.accounts import Accounts
from adapters.onebot11.connection import Connection, Role
from core.secret import Secret

log = logging.getLogger(__name__)

ROLES: Mapping[str, Role] = {"universal": "universal", "api": "api", "event": "event"}
PATHS: Mapping[str, Role | None] = {
    "": None,
    "/api": "api",
    "/event": "event",
    "/ws": None,  # where aiocqhttp's bots have it
    "/ws/api": "api",
    "/ws/event": "event",
}

Take = Callable[[Account, Mapping[str, Any]], None]
"""An event of an account, in its order. Must not block."""


class Endpoint:
    """Reads each socket's frames one after the other.

    `joined` is called when an account became whole: events come, calls go.
    Nothing is read before `ready`.
    """

    def __init__(
        self,
        *,
        token: Secret,
        accounts: Accounts,
        ready: asyncio.Event,
        take: Take,
        joined: Callable[[Account], None],
    ) -> None:
        self._token = token
        self._accounts = accounts
        self._ready = ready
        self._take = take
        self._joined = joined
        self._refused_for = ""

    def routes(self, path: str) -> Sequence[WebSocketRoute]:
        return [WebSocketRoute(path + below, self._serving(role)) for below, role in PATHS.items()]

    def _serving(self, role: Role | None) -> Callable[[WebSocket], Any]:
        async def serve(websocket: WebSocket) -> None:
            await self.serve(websocket, role)

        return serve

    async def serve(self, websocket: WebSocket, role: Role | None = None) -> None:
        refusal = self._refusal(websocket)
        if refusal:
            self._note_refusal(bytes(refusal.body).decode())
            await websocket.send_denial_response(refusal)
            return
        await websocket.accept()
        self._refused_for = ""
        self_id = websocket.headers["x-self-id"]
        asked = websocket.headers.get("x-client-role", "").lower()
        connection = Connection(websocket, self_id, role or ROLES.get(asked, "universal"))
        account = self._accounts.of(self_id)
        account.join(connection)
        log.info("QQ account %s connected (%s)", self_id, connection.role)
        try:
            await self._read(account, connection)
        finally:
            account.leave(connection)
            log.info("QQ account %s disconnected (%s)", self_id, connection.role)

    async def _read(self, account: Account, connection: Connection) -> None:
        await self._ready.wait()
        if account.is_whole:
            self._joined(account)
        while (frame := await connection.receive()) is not None:
            match frame:
                case {"post_type": "meta_event"}:
                    account.health.heard()
                    if frame.get("meta_event_type") == "heartbeat":
                        account.health.beat(frame)
                case {"post_type": str()}:
                    account.health.heard()
                    self._hand_on(account, frame)
                case {"echo": _}:
                    connection.answer(frame)

    def _hand_on(self, account: Account, event: Mapping[str, Any]) -> None:
        """Large frames are decoded in a thread, where there is room for more than here."""
        try:
            self._take(account, event)
        except RecursionError:
            log.warning("an event of account %s is passed over: too deep", account.self_id)

    def _note_refusal(self, words: str) -> None:
        """Whoever is refused tries again every few seconds: it is told once."""
        if words != self._refused_for:
            self._refused_for = words
            log.warning("a QQ connection was refused: %s", words)

    def _refusal(self, websocket: HTTPConnection) -> PlainTextResponse | None:
        """The token is looked at first: nobody without it learns anything else."""
        given = _given(websocket)
        if not given:
            return _denied("expected a token: set the same one here and there", 401)
        if not self._token.matches(given):
            return _denied("expected another token: set the same one here and there", 403)
        self_id = websocket.headers.get("x-self-id", "")
        if not (self_id.isascii() and self_id.isdecimal() and len(self_id) < 19):
            return _denied("expected the account's number in the header X-Self-ID", 400)
        if not self._accounts.admits(self_id):
            return _denied("expected an account that `accounts` names", 403)
        return None


def _given(websocket: HTTPConnection) -> str:
    """By header ("Bearer x", as NapCat and LLBot do, or "Token x") or, as some do, in the query."""
    headers = websocket.headers.getlist("authorization")
    asked = websocket.query_params.getlist("access_token")
    if len(headers) > 1 or len(asked) > 1:
        return ""
    scheme, _, token = "".join(headers).strip().partition(" ")
    if scheme.lower() in {"bearer", "token"} and token:
        return token.strip()
    return "".join(asked)


def _denied(words: str, status: int) -> PlainTextResponse:
    return PlainTextResponse(words, status)
