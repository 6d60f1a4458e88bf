"""One call, from its bytes to its answer: read, noted, struck by faults, answered, charged."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bots.sandbox.accounts import Accounts
from bots.sandbox.failure import Refusal
from bots.sandbox.faults import Armed, Faults, Garbage, Lose, Reset, Stall, Status
from bots.sandbox.form import Field, parse_form
from bots.sandbox.journal import Entry, Journal
from bots.sandbox.line import close, reset
from bots.sandbox.presence import Left, Presence

BODY_LIMIT_BYTES = 40 * 1024 * 1024

_NONSENSE = b'{"choices": [<html>\xff\xfe'


class Call(Struct, kw_only=True):
    """What a handler is given. `units` is the price it sets; `key` is the caller's whole key."""

    name: str
    request: Request
    body: bytes
    key: str
    entry: Entry
    units: int = 0

    def form(self) -> tuple[dict[str, Any], Field | None]:
        """The form's fields as text and its `file`; names ending in [] become lists.

        Raises Refusal.
        """
        fields: dict[str, Any] = {}
        file: Field | None = None
        for field in parse_form(self.body, self.request.headers.get("content-type", "")):
            if field.filename is not None or field.name == "file":
                file = field
            elif field.name.endswith("[]"):
                fields.setdefault(field.name[:-2], []).append(_text(field))
            else:
                fields[field.name] = _text(field)
        self.entry.fields = {**fields, **_described(file)}
        return fields, file


Handler: TypeAlias = Callable[[Call], Awaitable[ASGIApp]]


class Endpoint:
    """The ASGI app of one call; `priced` calls need quota and are counted."""

    def __init__(self, name: str, handler: Handler, desk: "Desk", *, priced: bool = True) -> None:
        self._name = name
        self._handler = handler
        self._desk = desk
        self._priced = priced

    def through(self, wrap: Callable[[Handler], Handler]) -> "Endpoint":
        """The same call, its handler wrapped."""
        return Endpoint(self._name, wrap(self._handler), self._desk, priced=self._priced)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            call = await self._read(Request(scope, receive))
        except Refusal as refusal:
            await refusal.response()(scope, receive, send)
            return
        except Left:
            return
        noted = _StatusNote(send, self._desk.journal, call.entry)
        try:
            answer = await self._answer(call)
            await answer(scope, receive, noted)
        except Refusal as refusal:
            await refusal.response()(scope, receive, noted)
        except Left:
            self._desk.journal.leave(call.entry)

    async def _read(self, request: Request) -> Call:
        body = await _body(request)
        key = _key(request.headers.get("authorization", ""))
        is_form = request.headers.get("content-type", "").startswith("multipart/")
        entry = Entry(
            number=0,
            at=self._desk.now(),
            method=request.method,
            path=request.url.path,
            call=self._name,
            key_last4=key[-4:],
            content=b"" if is_form else body,
        )
        self._desk.journal.write(entry)
        return Call(name=self._name, request=request, body=body, key=key, entry=entry)

    async def _answer(self, call: Call) -> ASGIApp:
        armed = self._desk.faults.take(self._name, streaming=False)
        if armed is not None:
            failed = await _strike(armed, call)
            if failed is not None:
                return failed
        answer = await self._serve(call)
        if armed is not None:
            await _lose(armed, call)
        return answer

    async def _serve(self, call: Call) -> ASGIApp:
        if not self._priced:
            return await self._handler(call)
        self._desk.accounts.admit(call.key)
        answer = await self._handler(call)
        self._desk.accounts.charge(call.key, call.units)
        call.entry.units = call.units
        return answer


class Desk(Struct, frozen=True, kw_only=True):
    """What all calls share."""

    journal: Journal
    faults: Faults
    accounts: Accounts
    now: Callable[[], datetime]


async def _strike(armed: Armed, call: Call) -> ASGIApp | None:
    """The faulty answer, or None if the call goes on. Raises Refusal, Left."""
    fault = armed.fault
    async with Presence(call.request.receive) as presence:
        if fault.delay_s:
            await presence.sleep(fault.delay_s)
        armed.strike()
        match fault:
            case Stall():
                await presence.wait(armed.gate.passed())
            case Reset():
                reset(call.request.scope)
                await presence.end()
                raise Left
            case Status():
                raise Refusal(
                    fault.status,
                    fault.message,
                    code=fault.code,
                    retry_after_s=fault.retry_after_s,
                )
            case Garbage():
                return _garbage(call)
    return None


async def _lose(armed: Armed, call: Call) -> None:
    """What happens to the answer of a call that was done. Raises Left."""
    if not isinstance(armed.fault, Lose):
        return
    async with Presence(call.request.receive) as presence:
        if armed.fault.silent:
            await presence.wait(armed.gate.passed())
            return
        close(call.request.scope)
        await presence.end()
    raise Left


def _garbage(call: Call) -> Response:
    """Neither JSON nor UTF-8; where a stream was asked for, as an event."""
    if _asks_for_stream(call.body):
        return Response(b"data: " + _NONSENSE + b"\n\n", media_type="text/event-stream")
    return Response(_NONSENSE, media_type="application/json")


class _Streamed(Struct):
    stream: bool | None = False


def _asks_for_stream(body: bytes) -> bool:
    try:
        return bool(msgspec.json.decode(body, type=_Streamed).stream)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


class _StatusNote:
    """Passes an answer on and notes its status."""

    def __init__(self, send: Send, journal: Journal, entry: Entry) -> None:
        self._send = send
        self._journal = journal
        self._entry = entry

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._journal.begin_answer(self._entry, message["status"])
        await self._send(message)


async def _body(request: Request) -> bytes:
    """The whole body. Raises Refusal (413) past the limit, Left."""
    pieces: list[bytes] = []
    size_bytes = 0
    try:
        async for piece in request.stream():
            size_bytes += len(piece)
            if size_bytes > BODY_LIMIT_BYTES:
                raise Refusal(413, f"The body is over {BODY_LIMIT_BYTES} bytes. Send less.")
            pieces.append(piece)
    except ClientDisconnect as error:
        raise Left from error
    return b"".join(pieces)


def _text(field: Field) -> str:
    return field.content.decode("utf-8", "replace")


def _described(file: Field | None) -> dict[str, object]:
    if file is None:
        return {}
    told = {
        "filename": file.filename,
        "content_type": file.content_type,
        "size_bytes": len(file.content),
    }
    return {"file": told}


def _key(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else authorization.strip()
