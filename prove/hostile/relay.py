"""A relay that answers as it is told: with words of any kind, with its errors, or with none."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

HEAD_BYTES = 65_536
OTHERS = (b"\x16", b"\x05")
"""How TLS and SOCKS begin."""

Way: TypeAlias = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. `way` is its path's first step, by which it is answered."""

    line: str
    way: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        """Its JSON; nothing where there is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    @property
    def echo(self) -> str:
        """The request as careless servers show it in their errors."""
        shown = "; ".join(f"{name}: {value}" for name, value in self.headers.items())
        bare = " ".join(shown.split()).replace("Bearer ", "").replace("Basic ", "")
        return f"{self.line} {bare} {shown} {self.body[:500].decode(errors='replace')}"


@dataclass(slots=True)
class Relay:
    """`ways` by name; `asked` is its journal."""

    ways: Mapping[str, Way]
    port: int = 0
    connections: int = 0
    asked: list[Asked] = field(default_factory=list)

    def address(self, way: str) -> str:
        return f"http://127.0.0.1:{self.port}/{way}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while asked := await _read(reader):
                self.asked.append(asked)
                way = self.ways.get(asked.way) or self.ways[""]
                await way(asked, writer)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def relay(ways: Mapping[str, Way]) -> AsyncIterator[Relay]:
    """On loopback. `ways[""]` answers what has no way of its own."""
    made = Relay(ways)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, limit=HEAD_BYTES)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made
        server.close()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    start = await reader.read(2)
    if not start or start.startswith(OTHERS):
        return None
    head = (start + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.split("\r\n")
    headers = dict(pair.split(": ", 1) for pair in lines if ": " in pair)
    sized = {name.lower(): value for name, value in headers.items()}
    body = await reader.readexactly(int(sized.get("content-length", 0)))
    if sized.get("transfer-encoding") == "chunked":
        body = await _chunks(reader)
    path = line.split(" ")[1]
    _, way, *_ = [*path.split("/"), ""]
    return Asked(line=line, way=way, path=path, headers=headers, body=body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()
    return body


# -- ways ----------------------------------------------------------------------


def answer(
    writer: asyncio.StreamWriter, status: int, body: bytes, kind: str = "application/json"
) -> None:
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


def echoing(status: int, *, form: str = "json") -> Way:
    """An error that quotes the whole request."""

    async def echo(asked: Asked, writer: asyncio.StreamWriter) -> None:
        match form:
            case "html":
                body = f"<html><body>{asked.echo}</body></html>".encode()
                answer(writer, status, body, "text/html")
            case "plain":
                answer(writer, status, asked.echo.encode(), "text/plain")
            case _:
                error = {"message": f"Incorrect API key: {asked.echo}", "code": asked.echo[:400]}
                answer(writer, status, json.dumps({"error": error}).encode())

    return echo


async def garbage(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """A success that cannot be read, and quotes the request."""
    answer(writer, 200, b"{" + asked.echo.encode() + b"\x00\xff")


async def nonsense(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """No HTTP at all, but the request again."""
    writer.write(asked.echo.encode() + b"\r\n\r\n")
    writer.close()


async def reset(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def broken_off(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Half an answer, the request in it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99999\r\n\r\n"
    piece = {"choices": [{"delta": {"content": ""}}], "echo": asked.echo}
    writer.write(head + b"data: " + json.dumps(piece).encode() + b"\n\n")
    await writer.drain()
    writer.transport.abort()


def redirecting(place: str) -> Way:
    async def redirect(asked: Asked, writer: asyncio.StreamWriter) -> None:
        found = f"HTTP/1.1 302 Found\r\nLocation: {place}?{asked.echo[:50].split()[0]}\r\n"
        writer.write(found.encode() + b"Content-Length: 0\r\n\r\n")

    return redirect


def saying(words: Callable[[str], Mapping[str, Any]]) -> Way:
    """A model: `words` makes of a question the message that answers it.

    Its `content` is text; `finish_reason`, `tool_calls` and whatever else go as they are.
    """

    async def say(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if not asked.told.get("messages"):
            models = {"object": "list", "data": [{"id": "m", "object": "model"}]}
            return answer(writer, 200, json.dumps(models).encode())
        message = dict(words(_question(asked.told)))
        finish = message.pop("finish_reason", "stop")
        message = {"role": "assistant", **message}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        told = {"id": "c", "created": 1, "model": "m", "usage": usage}
        choice = {"index": 0, "finish_reason": finish}
        if not asked.told.get("stream"):
            whole = {
                **told,
                "object": "chat.completion",
                "choices": [choice | {"message": message}],
            }
            return answer(writer, 200, json.dumps(whole).encode())
        pieces = (
            {**told, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
            {**told, "choices": [choice | {"delta": {}}]},
        )
        lines = [f"data: {json.dumps({'object': 'chat.completion.chunk'} | p)}\n\n" for p in pieces]
        return answer(
            writer, 200, "".join([*lines, "data: [DONE]\n\n"]).encode(), "text/event-stream"
        )

    return say


def _question(told: Any) -> str:
    content = told["messages"][-1]["content"]
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content)
