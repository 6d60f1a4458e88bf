"""A call's way from a frame to its answer, and what may go wrong on it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection

from bots.sandbox.onebot.actions import Actions
from bots.sandbox.onebot.dialer import Dialer, Pace
from bots.sandbox.onebot.failure import Failed
from bots.sandbox.onebot.faults import Armed, Drop, Failure, Faults, Silence, Stall, Timeout, Twice
from bots.sandbox.onebot.flavour import Flavour
from bots.sandbox.onebot.standing import kernel_error

SUFFIXES = ("_async", "_rate_limited")
"""https://github.com/botuniverse/onebot-11/blob/master/api/README.md; both are carried out
at once here."""


class Call(Struct):
    action: str
    params: dict[str, Any] | None = None
    echo: Any = None


class Answering:
    """Answers each call on the socket that it came by, side by side as implementations do."""

    def __init__(
        self,
        *,
        actions: Actions,
        faults: Faults,
        flavour: Flavour,
        pace: Pace,
    ) -> None:
        self._actions = actions
        self._faults = faults
        self._flavour = flavour
        self._pace = pace
        self._decoder = msgspec.json.Decoder(Call)
        self._encoder = msgspec.json.Encoder()
        self._running: set[asyncio.Task[None]] = set()

    def receive(self, dialer: Dialer, socket: ClientConnection, data: str | bytes) -> None:
        task = asyncio.create_task(self._answer(dialer, socket, data))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """End what is still being answered."""
        for task in tuple(self._running):
            task.cancel()
        if self._running:
            await asyncio.wait(tuple(self._running))

    async def _answer(self, dialer: Dialer, socket: ClientConnection, data: str | bytes) -> None:
        try:
            call = self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            broken = Failed("json解析失败,请检查数据格式", "bad_request")
            await self._reply(dialer, socket, self._failed(broken, None))
            return
        armed = self._faults.take(call.action)
        if armed is None:
            await self._reply(dialer, socket, await self._outcome(call))
            return
        await self._go_wrong(dialer, socket, call, armed)

    async def _go_wrong(
        self, dialer: Dialer, socket: ClientConnection, call: Call, armed: Armed
    ) -> None:
        fault = armed.fault
        answer = await self._outcome(call) if fault.delivered else self._ok(None, call.echo)
        await self._pace.sleep(fault.delay_s)
        match fault:
            case Silence():
                return
            case Drop():
                socket.transport.abort()
                return
            case Timeout():
                answer = self._failed(Failed(kernel_error("Timeout", 0)), call.echo)
            case Failure(retcode=code, message=message):
                answer = self._failed(Failed(message, retcode=code), call.echo)
            case Stall():
                await armed.gate.passed()
            case Twice():
                await self._reply(dialer, socket, answer)
        await self._reply(dialer, socket, answer)

    async def _outcome(self, call: Call) -> dict[str, Any]:
        action = call.action
        for suffix in SUFFIXES:
            if not action.startswith("."):
                action = action.removesuffix(suffix)
        try:
            data = await self._actions.perform(action, call.params or {})
        except Failed as failed:
            return self._failed(failed, call.echo)
        if call.action.endswith("_async"):
            return self._ok(None, call.echo) | {"status": "async", "retcode": 1}
        return self._ok(data, call.echo)

    def _ok(self, data: Any, echo: Any) -> dict[str, Any]:
        words = {"status": "ok", "retcode": 0, "data": data, "message": "", "wording": ""}
        return {**words, "echo": echo, **self._flavour.reply}

    def _failed(self, failed: Failed, echo: Any) -> dict[str, Any]:
        retcode = failed.retcode
        if retcode is None:
            retcodes: Mapping[str, int] = {
                "bad_request": self._flavour.bad_request,
                "failed": self._flavour.failed,
                "unknown": self._flavour.unknown,
            }
            retcode = retcodes[failed.reason]
        words = {"message": failed.message, "wording": failed.message, "data": None}
        outcome = {"status": "failed", "retcode": retcode, **words, "echo": echo}
        return {**outcome, **self._flavour.reply}

    async def _reply(
        self, dialer: Dialer, socket: ClientConnection, answer: dict[str, Any]
    ) -> None:
        await dialer.reply(socket, self._encoder.encode(answer).decode())
