"""A relay that answers at once with ready bytes, on a bare socket, in a process of its own."""

import asyncio
import contextlib
import json
from multiprocessing.connection import Connection

import uvloop

STREAM_CHUNKS = 200
WORD = "word "
SAID = WORD * STREAM_CHUNKS
PACE_S = 0.001
"""Between two chunks, so that each is a read of its own."""

WHOLE = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1705223217,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "This is a test! " * 20},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 13, "completion_tokens": 5, "total_tokens": 18},
    }
).encode()


def event(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    body = {
        "id": "chatcmpl-9aBcDeFgHiJkLmNoPqRsTuVwXyZ",
        "object": "chat.completion.chunk",
        "created": 1705223217,
        "model": "m",
        "choices": [choice],
    }
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def events() -> list[bytes]:
    return [event(WORD)] * STREAM_CHUNKS + [event("", "stop"), b"data: [DONE]\n\n"]


class Answering(asyncio.Protocol):
    """Answers each request on a connection; a stream in HTTP chunks, one an event."""

    pieces = tuple(b"%x\r\n%s\r\n" % (len(data), data) for data in events())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._read = b""
        self._writing: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            if len(self._read) < end + 4 + size:
                return
            body, self._read = self._read[end + 4 : end + 4 + size], self._read[end + 4 + size :]
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        if b'"stream":true' not in body:
            self._write(b"application/json", b"Content-Length: %d" % len(WHOLE), WHOLE)
        elif b'"burst"' in body:
            whole = b"".join(self.pieces) + b"0\r\n\r\n"
            self._write(b"text/event-stream", b"Transfer-Encoding: chunked", whole)
        else:
            self._writing = asyncio.ensure_future(self._stream())

    def _write(self, kind: bytes, framing: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s\r\n\r\n" % (kind, framing)
        self._transport.write(head + body)  # type: ignore[attr-defined]

    async def _stream(self) -> None:
        self._write(b"text/event-stream", b"Transfer-Encoding: chunked", b"")
        for piece in (*self.pieces, b"0\r\n\r\n"):
            await asyncio.sleep(PACE_S)
            self._transport.write(piece)  # type: ignore[attr-defined]


def serve(told: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(
            Answering, "127.0.0.1", 0, backlog=2000
        )
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(run())
