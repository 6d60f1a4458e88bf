"""The Bot API's two addresses: /bot<token>/<method> and /file/bot<token>/<path>."""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from bots.sandbox.faults import Armed, Garbage, Lose, Reset, Stall, Status
from bots.sandbox.journal import Entry
from bots.sandbox.line import close, reset
from bots.sandbox.presence import Left, Presence
from bots.sandbox.telegram.call import Call, read_call
from bots.sandbox.telegram.failure import Refused, refused
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.telegram.sending import Handler

BODY_LIMIT_BYTES = 56 * 2**20
"""Beyond the largest upload with its form."""

NONSENSE = b"<html>\xff\xfe"


class Api:
    """Answers method calls. As the real server, it reads method names in any case."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._methods: dict[str, tuple[str, Handler]] = {}
        self._encoder = msgspec.json.Encoder()

    def add(self, methods: Mapping[str, Handler]) -> None:
        self._methods |= {name.lower(): (name, handler) for name, handler in methods.items()}

    async def perform(self, call: Call) -> Any:
        """Do what a call asks for; its result. Raises Refused."""
        _, handler = self._method(call.method)
        return await handler(call)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entry = self._entry(scope)
        try:
            await self._serve(scope, receive, send, entry)
        except Refused as error:
            await self._answer(send, entry, error.code, error.envelope(), error.parameters)
        except (Left, ClientDisconnect):
            self._telegram.journal.leave(entry)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, entry: Entry) -> None:
        call = await self._read(scope, receive, entry)
        armed = self._telegram.faults.take(entry.call, streaming=False)
        if armed is None:
            result = await self.perform(call)
        else:
            await strike(armed, scope, receive)
            result = await self.perform(call)
            await lose(armed, scope, receive)
            if isinstance(armed.fault, Garbage):
                await respond(send, 200, NONSENSE)
                return
        await self._answer(send, entry, 200, {"ok": True, "result": result}, {})

    async def _read(self, scope: Scope, receive: Receive, entry: Entry) -> Call:
        """The call, noted in the journal. Raises Refused, ClientDisconnect."""
        body = await read_body(scope, receive)
        check_token(self._telegram, scope)
        entry.call, _ = self._method(scope["path_params"]["method"])
        kind = _header(scope, b"content-type")
        call = read_call(entry.call, scope["query_string"], body, kind)
        entry.fields = call.shown()
        self._telegram.journal.write(entry)
        if self._telegram.logged_out:
            raise Refused(400, "Logged out")
        return call

    def _method(self, name: str) -> tuple[str, Handler]:
        found = self._methods.get(name.lower())
        if found is None:
            raise refused(404, "method not found")
        return found

    def _entry(self, scope: Scope) -> Entry:
        told = scope["path_params"]
        return Entry(
            number=0,
            at=self._telegram.now(),
            method=scope["method"],
            path=f"/bot…/{told['method']}",
            call="",
            key_last4=told["token"][-4:],
        )

    async def _answer(
        self, send: Send, entry: Entry, status: int, told: object, parameters: Mapping[str, int]
    ) -> None:
        self._telegram.journal.begin_answer(entry, status)
        retry_after_s = parameters.get("retry_after")
        headers = [(b"retry-after", b"%d" % retry_after_s)] if retry_after_s else []
        await respond(send, status, self._encoder.encode(told), headers=headers)


class FileLinks:
    """Answers downloads."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            content = await self._find(scope, receive)
        except Refused as error:
            await respond(send, error.code, msgspec.json.encode(error.envelope()))
        except Left:
            return
        else:
            await respond(send, 200, content, b"application/octet-stream")

    async def _find(self, scope: Scope, receive: Receive) -> bytes:
        check_token(self._telegram, scope)
        armed = self._telegram.faults.take("file", streaming=False)
        if armed:
            await strike(armed, scope, receive)
        content = self._telegram.files.download(scope["path_params"]["path"])
        if content is None:
            raise refused(404)
        return content


def check_token(telegram: Telegram, scope: Scope) -> None:
    """Raises Refused (401)."""
    token = scope["path_params"]["token"]
    if not compare_digest(token.encode(), telegram.token.encode()):
        raise refused(401)


async def strike(armed: Armed, scope: Scope, receive: Receive) -> None:
    """What goes wrong before the call is done. Raises Refused, Left."""
    fault = armed.fault
    async with Presence(receive) as presence:
        if fault.delay_s:
            await presence.sleep(fault.delay_s)
        match fault:
            case Stall():
                armed.strike()
                await presence.wait(armed.gate.passed())
            case Reset():
                armed.strike()
                reset(scope)
                await presence.end()
                raise Left
            case Status():
                armed.strike()
                raise _failed(fault)


async def lose(armed: Armed, scope: Scope, receive: Receive) -> None:
    """What goes wrong after the call was done. Raises Left."""
    armed.strike()
    if not isinstance(armed.fault, Lose):
        return
    async with Presence(receive) as presence:
        if armed.fault.silent:
            await presence.wait(armed.gate.passed())
            return
        close(scope)
        await presence.end()
    raise Left


def _failed(fault: Status) -> Refused:
    if fault.retry_after_s is None:
        return refused(fault.status, fault.message)
    return Refused(
        fault.status,
        f"Too Many Requests: retry after {fault.retry_after_s:g}",
        {"retry_after": round(fault.retry_after_s)},
    )


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Raises Refused (413), ClientDisconnect."""
    pieces: list[bytes] = []
    size_bytes = 0
    async for piece in Request(scope, receive).stream():
        size_bytes += len(piece)
        if size_bytes > BODY_LIMIT_BYTES:
            raise refused(413)
        pieces.append(piece)
    return b"".join(pieces)


async def respond(
    send: Send,
    status: int,
    body: bytes,
    kind: bytes = b"application/json",
    headers: list[tuple[bytes, bytes]] | None = None,
) -> None:
    told = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *(headers or ())]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})


def _header(scope: Scope, name: bytes) -> str:
    found = (value for key, value in scope["headers"] if key == name)
    return next(found, b"").decode("latin-1")
