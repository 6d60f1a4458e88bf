"""One open socket of an account, and the calls that wait for an answer on it."""

import asyncio
from collections.abc import Mapping
from itertools import count
from typing import Any, Literal, TypeAlias

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from adapters.onebot11.failure import CallFailed, CallLost, CallTimeout
from adapters.onebot11.fields import id_of, text_of

Role: TypeAlias = Literal["universal", "api", "event"]
"""What is said over a socket: events, calls, or both."""

Params: TypeAlias = Mapping[str, Any]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
LARGE_BYTES = 1 << 20
LARGE_THINGS = 1 << 19
GOING_AWAY = 1001  # RFC 6455, 7.4.1


class Connection:
    """Of the calls in flight each ends: answered, late, or lost with the socket."""

    def __init__(self, websocket: WebSocket, self_id: str, role: Role) -> None:
        self.self_id = self_id
        self.role = role
        self._websocket = websocket
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._echoes = count(1)
        self._gone = False

    async def call(self, action: str, params: Params, timeout_s: float) -> Any:
        """The answer's `data`. Raises CallLost, CallTimeout, CallFailed."""
        if self._gone:
            raise CallLost(f"{action}: the connection is closed")
        echo = str(next(self._echoes))
        answer = asyncio.get_running_loop().create_future()
        self._waiting[echo] = answer
        try:
            async with asyncio.timeout(timeout_s):
                await self._send({"action": action, "params": params, "echo": echo})
                return _data(action, await answer)
        except TimeoutError as error:
            raise CallTimeout(f"{action}: no answer within {timeout_s:g} s") from error
        except WebSocketDisconnect as error:
            raise CallLost(f"{action}: the connection went") from error
        finally:
            del self._waiting[echo]

    def answer(self, frame: Mapping[str, Any]) -> None:
        """An answer to an echo that nobody waits for any more is ignored."""
        waiting = self._waiting.get(id_of(frame.get("echo")))
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)

    def lose(self) -> None:
        """The socket is gone, or another took its place: no answer will come."""
        self._gone = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(CallLost("the connection closed before the answer came"))

    async def close(self) -> None:
        """Hang up, for a newer connection is there."""
        try:
            await self._websocket.close(GOING_AWAY, "a newer connection took over")
        except (WebSocketDisconnect, RuntimeError):
            return  # the other side was faster

    async def receive(self) -> Mapping[str, Any] | None:
        """The next frame that is a JSON object; what is none is passed over. None at the end."""
        while True:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                return None
            text = event.get("text")
            frame = await _decoded(event["bytes"] if text is None else text)
            if isinstance(frame, dict):
                return frame

    async def _send(self, frame: Params) -> None:
        await self._websocket.send_text(_encode(frame).decode())


async def _decoded(data: str | bytes) -> object:
    """Deep or broken JSON closes nothing. A large frame must not hold up the others.

    What makes a frame large is one file's content in it. Many small things in one would take
    thirty times their size.
    """
    if len(data) > LARGE_BYTES and _things(data) > LARGE_THINGS:
        return None
    try:
        return await asyncio.to_thread(_decode, data) if len(data) > LARGE_BYTES else _decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _things(data: str | bytes) -> int:
    """At least as many as there are values in it; Base64 has none of these signs."""
    if isinstance(data, str):
        return data.count(",") + data.count("[") + data.count("{")
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def _data(action: str, answer: Mapping[str, Any]) -> Any:
    """https://github.com/botuniverse/onebot-11/blob/master/communication/ws.md (read 2026-11)."""
    retcode = answer.get("retcode")
    if answer.get("status") == "failed" or retcode not in (0, 1, None):
        told = (text_of(answer.get(name)) for name in ("wording", "message", "msg"))
        words = next(filter(None, told), "")
        raise CallFailed(action, retcode if isinstance(retcode, int) else -1, words)
    return answer.get("data")
