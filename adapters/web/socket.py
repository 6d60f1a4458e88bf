"""GET /ws: one tab's socket, from its first frame to its last."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from adapters.web.format import encode
from adapters.web.frames import Invalid, Ping, Pong, Send
from adapters.web.guard import same_origin
from adapters.web.parse import BadFrame, parse_frame
from adapters.web.session import COOKIE, Sessions
from adapters.web.tab import Tab, Tabs, TooSlow

NO_SESSION = 4401
TOO_MANY_TABS = 4429
TRY_AGAIN_LATER = 1013  # RFC 6455's registry: the page reconnects and reloads its history


class Socket:
    """Reads frames in order, one at a time; writing is the tab's own."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        tabs: Tabs,
        hello: Callable[[], str],
        take: Callable[[str, Tab, Send], Awaitable[None]],
    ) -> None:
        self._sessions = sessions
        self._tabs = tabs
        self._hello = hello
        self._take = take

    async def serve(self, websocket: WebSocket) -> None:
        if not same_origin(websocket.headers):
            await websocket.close()  # before it is accepted: HTTP 403
            return
        await websocket.accept()
        session = self._sessions.read(websocket.cookies.get(COOKIE))
        if session is None:
            await websocket.close(NO_SESSION, "reload the page")
            return
        tab = Tab()
        if not self._tabs.join(session, tab):
            await websocket.close(TOO_MANY_TABS, "too many tabs")
            return
        try:
            await self._converse(websocket, session, tab)
        finally:
            self._tabs.leave(session, tab)
            tab.close()

    async def _converse(self, websocket: WebSocket, session: str, tab: Tab) -> None:
        tab.push(self._hello())
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(_write(websocket, tab))
            await self._read(websocket, session, tab)
            writing.cancel()

    async def _read(self, websocket: WebSocket, session: str, tab: Tab) -> None:
        while True:
            event = await websocket.receive()
            if event["type"] == "websocket.disconnect":
                return
            data = event.get("text")
            await self._frame(session, tab, event["bytes"] if data is None else data)

    async def _frame(self, session: str, tab: Tab, data: str | bytes) -> None:
        try:
            frame = parse_frame(data)
        except BadFrame as error:
            tab.push(encode(Invalid(id=_id_in(data), reason=str(error))))
            return
        match frame:
            case Send():
                await self._take(session, tab, frame)
            case Ping():
                tab.push(encode(Pong()))


class _Named(msgspec.Struct):
    id: str = ""


def _id_in(data: str | bytes) -> str:
    """The id of a frame that is otherwise wrong, so that the page can say which it was."""
    try:
        return msgspec.json.decode(data, type=_Named).id[:64]
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""


async def _write(websocket: WebSocket, tab: Tab) -> None:
    try:
        await tab.write(websocket.send_text)
    except TooSlow:
        with suppress(WebSocketDisconnect):
            await websocket.close(TRY_AGAIN_LATER, "too slow")
    except WebSocketDisconnect:
        return  # the reading side hears of it as well
