"""Answers and errors in a relay's own form."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import msgspec
from msgspec import Struct
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bots.sandbox.dialects.dialect import Asked, Complaint, Dialect, Events, Rules, Told
from bots.sandbox.stream import DONE, event


class Whole(Struct, frozen=True):
    """A JSON answer with all that belongs to it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    async def send(self, send: Send) -> None:
        headers = {**self.headers, "content-length": str(len(self.body))}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": self.body})


Rewording: TypeAlias = Callable[[int, Mapping[str, str], bytes], Whole]
"""From a JSON answer's status, headers and body to what is sent."""


class Worded:
    """An answer of the sandbox as the relay would have it, under the model's name that was asked.

    What is neither JSON nor a stream goes out as it is.
    """

    def __init__(self, answer: ASGIApp, asked: Asked, rules: Rules, model: str) -> None:
        self._answer = answer
        self._asked = asked
        self._rules = rules
        self._model = model

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, _Sender(send, self._reword, self._retell()).take)

    def _reword(self, status: int, headers: Mapping[str, str], body: bytes) -> Whole:
        if status >= 400:
            return Whole(status, headers, body)
        told = self._named(msgspec.json.decode(body))
        return Whole(status, headers, msgspec.json.encode(self._rules.answer(self._asked, told)))

    def _retell(self) -> "_Retold":
        events = self._rules.events(self._asked) if self._rules.events else _each
        return _Retold(events, self._named)

    def _named(self, told: Told) -> Told:
        return {**told, "model": self._model} if "model" in told and self._model else told


def _each(chunk: Told | None) -> list[object]:
    return [] if chunk is None else [chunk]


class _Retold:
    """A stream's events told otherwise. Each piece that comes holds whole events."""

    def __init__(self, events: Events, named: Callable[[Told], Told]) -> None:
        self._events = events
        self._named = named

    def __call__(self, piece: bytes) -> bytes:
        return b"".join(self._told(piece))

    def _told(self, piece: bytes) -> Iterator[bytes]:
        for line in piece.split(b"\n\n"):
            data = line.removeprefix(b"data: ")
            if data == b"[DONE]":
                yield b"".join(map(event, self._events(None)))
                yield DONE
            elif data:
                yield from self._chunk(msgspec.json.decode(data))

    def _chunk(self, chunk: Told) -> Iterator[bytes]:
        if "error" in chunk:
            yield event(chunk)
        else:
            yield from map(event, self._events(self._named(chunk)))


class _Sender:
    """Gathers a JSON answer to reword it, rewrites a stream as it goes, passes on the rest."""

    def __init__(self, send: Send, reword: Rewording, retell: "_Retold | None" = None) -> None:
        self._send = send
        self._reword = reword
        self._retell = retell
        self._start: Message | None = None
        self._kind = ""
        self._body: list[bytes] = []

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            self._kind = headers.get("content-type", "").partition(";")[0]
            self._start = message
            if self._kind != "application/json":
                await self._send(message)
        elif self._kind == "application/json":
            await self._gather(message)
        elif self._kind == "text/event-stream" and self._retell is not None:
            await self._send({**message, "body": self._retell(message.get("body", b""))})
        else:
            await self._send(message)

    async def _gather(self, message: Message) -> None:
        self._body.append(message.get("body", b""))
        if message.get("more_body") or self._start is None:
            return
        headers = dict(Headers(raw=self._start["headers"]))
        whole = self._reword(self._start["status"], headers, b"".join(self._body))
        await whole.send(self._send)


class Complaining:
    """Middleware: errors leave in the relay's form. The sandbox's own pages keep theirs."""

    def __init__(self, app: ASGIApp, dialect: Dialect) -> None:
        self._app = app
        self._dialect = dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/sandbox/"):
            await self._app(scope, receive, send)
            return

        def reword(status: int, headers: Mapping[str, str], body: bytes) -> Whole:
            return self._worded(scope["path"], status, headers, body)

        await self._app(scope, receive, _Sender(send, reword).take)

    def _worded(self, path: str, status: int, headers: Mapping[str, str], body: bytes) -> Whole:
        if status < 400:
            return Whole(status, headers, body)
        told = Complaint(status=status, path=path, body=msgspec.json.decode(body), headers=headers)
        said = self._dialect.complain(told)
        return Whole(said.status, said.headers, msgspec.json.encode(said.body))
