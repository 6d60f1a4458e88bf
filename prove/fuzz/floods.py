"""What a relay may answer that is without an end, or far more than it seems: byte for byte.

Each is sent over a real socket for as long as the client takes it, and `SENT_BYTES` at most.
"""

import asyncio
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, repeat
from typing import TypeAlias

from msgspec import Struct

from core.relay.crowd import FEW_BYTES, NESTS, TEXTS, VALUES
from core.relay.wire import Bounds

SENT_BYTES = 2**30
BLOCK = 2**16
DEEP = 500_000
HEAD = b"HTTP/1.1 200 OK\r\n"
JSON = HEAD + b"content-type: application/json\r\n"
EVENTS = HEAD + b"content-type: text/event-stream\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
LONG = b"content-length: %d\r\n\r\n" % SENT_BYTES

Pieces: TypeAlias = Iterator[bytes]
Made: TypeAlias = Callable[[], Pieces]


class Flood(Struct, frozen=True, kw_only=True):
    """`pieces` are sent one by one, with `pause_s` between two; then the socket stays open.

    `calls` are those that it answers, by the names in prove/fuzz/flooded.py. `answered`
    where a whole answer comes first.
    """

    pieces: Made
    calls: tuple[str, ...] = ("chat",)
    pause_s: float = 0.0
    answered: bool = False


async def pour(flood: Flood, writer: asyncio.StreamWriter) -> None:
    sent = 0
    for piece in flood.pieces():
        writer.write(piece)
        sent += len(piece)
        if flood.pause_s or len(piece) < 2**12:
            await asyncio.sleep(flood.pause_s)  # or small ones would go out as one
        await writer.drain()
        if sent > SENT_BYTES:
            return


def then(*before: bytes, again: bytes = b"", times: int | None = None) -> Made:
    """`before`, then `again` without end, or so many times."""
    return lambda: chain(before, repeat(again) if times is None else repeat(again, times))


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def filled(piece: bytes, size: int = BLOCK) -> bytes:
    return piece * (size // len(piece))


def whole(
    before: bytes, again: bytes = b"", times: int = 0, behind: bytes = b"", spaces: int = 0
) -> Made:
    """One answer that ends as it should, `again` so many times in it."""

    def made() -> Pieces:
        body = before + again * times + behind + b" " * spaces
        yield JSON + b"content-length: %d\r\n\r\n" % len(body) + body

    return made


def packed(coding: bytes, wbits: int, inside: bytes = b" ", head: bytes = JSON) -> Made:
    """A thousand times as long as what is sent: each block is decompressed by itself."""

    def made() -> Pieces:
        packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
        first = packer.compress(filled(inside, 2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
        block = packer.compress(filled(inside, 2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
        yield head + b"content-encoding: " + coding + b"\r\n" + CHUNKED
        yield chunk(first)
        yield from repeat(chunk(block * 16))

    return made


def twice_packed() -> Pieces:
    inner = zlib.compressobj(9, zlib.DEFLATED, 31)
    once = inner.compress(bytes(2**26)) + inner.flush()
    outer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = outer.compress(once) + outer.flush()
    yield JSON + b"content-encoding: gzip, gzip\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def deep(opening: bytes, closing: bytes, before: bytes = b"", behind: bytes = b"") -> Made:
    def made() -> Pieces:
        yield from whole(before + opening * DEEP, closing, DEEP, behind)()

    return made


def crowd(piece: bytes, before: bytes, behind: bytes, size: int) -> Made:
    times = (size - len(before) - len(behind)) // len(piece) - 1
    return whole(before, piece, times, piece.rstrip(b",") + behind)


def events_of(before: bytes, again: bytes, times: int, behind: bytes) -> Made:
    """The same large event without end."""

    def made() -> Pieces:
        event = b"data: " + before + again * times + behind + b"\n\n"
        yield from then(EVENTS + CHUNKED, again=chunk(event))()

    return made


def keys() -> Pieces:
    yield from whole(b'{"error":{' + b",".join(b'"%x":0' % i for i in range(2**19)) + b"}}")()


def events(event: bytes, size: int = BLOCK) -> Made:
    return then(EVENTS + CHUNKED, again=chunk(filled(event, size)))


JSON_BYTES = Bounds().json_bytes
PICTURES_BYTES = Bounds().pictures_bytes
TOKEN = b'data: {"choices":[{"delta":{"content":"word "}}]}\n\n'
REASON = b'data: {"choices":[{"delta":{"reasoning_content":"hm "}}]}\n\n'
SHORT_TOKEN = 'data: {"choices":[{"text":"我们"}]}\n'.encode()
ENDED = b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
JSON_CALLS = ("chat", "completion", "embeddings", "models", "transcription", "batch", "images")
EVERY = ("stream", "reduced", *JSON_CALLS, "speech", "user_stat")

FLOODS: Mapping[str, Flood] = {
    "gzip without end": Flood(pieces=packed(b"gzip", 31), calls=(*EVERY, "file")),
    "deflate without end": Flood(pieces=packed(b"deflate", 15), calls=("chat", "stream")),
    "bare deflate without end": Flood(pieces=packed(b"deflate", -15)),
    "gzip of an event without end": Flood(
        pieces=packed(b"gzip", 31, b"data:", EVENTS), calls=("stream", "reduced")
    ),
    "gzip of lines of data": Flood(
        pieces=packed(b"gzip", 31, b"data:{\n", EVENTS), calls=("stream", "reduced")
    ),
    "gzip in gzip": Flood(pieces=twice_packed, calls=("chat", "stream")),
    "br": Flood(
        pieces=then(JSON + b"content-encoding: br\r\n" + CHUNKED, again=chunk(bytes(BLOCK))),
        calls=("chat", "stream"),
    ),
    "zstd": Flood(
        pieces=then(JSON + b"content-encoding: zstd\r\n" + CHUNKED, again=chunk(bytes(BLOCK))),
        calls=("chat", "stream"),
    ),
    "a refusal in gzip without end": Flood(
        pieces=packed(
            b"gzip", 31, b"x", b"HTTP/1.1 503 Busy\r\ncontent-type: application/json\r\n"
        ),
        calls=("chat", "stream"),
    ),
    "a GB announced and sent": Flood(
        pieces=then(JSON + LONG, again=bytes(BLOCK)), calls=(*JSON_CALLS, "stream")
    ),
    "a GB announced and not sent": Flood(
        pieces=then(JSON + LONG, times=0), calls=("chat", "stream")
    ),
    "a body without length or end": Flood(
        pieces=then(JSON + b"connection: close\r\n\r\n", again=bytes(BLOCK))
    ),
    "chunks of one byte": Flood(
        pieces=then(JSON + CHUNKED, again=filled(chunk(b" "))), calls=("chat", "stream")
    ),
    "a byte at a time": Flood(
        pieces=then(JSON + CHUNKED, again=chunk(b" ")), calls=("chat", "stream"), pause_s=0.001
    ),
    "a chunk's name without end": Flood(pieces=then(JSON + CHUNKED + b"1;", again=filled(b"a"))),
    "a chunk's number without end": Flood(pieces=then(JSON + CHUNKED, again=filled(b"0"))),
    "trailers without end": Flood(
        pieces=then(
            JSON + CHUNKED + chunk(b"{}") + b"0\r\n", again=filled(b"x-more: and more\r\n")
        ),
        calls=("chat", "stream"),
    ),
    "a trailer without end": Flood(
        pieces=then(JSON + CHUNKED + chunk(b"{}") + b"0\r\nx-more: ", again=filled(b"a"))
    ),
    "headers without end": Flood(pieces=then(JSON, again=filled(b"x-more: and more\r\n"))),
    "a header without end": Flood(pieces=then(JSON + b"x-more: ", again=filled(b"a"))),
    "a header's name without end": Flood(pieces=then(JSON, again=filled(b"a"))),
    "a header a byte at a time": Flood(pieces=then(JSON + b"x-more: ", again=b"a"), pause_s=0.01),
    "a first line without end": Flood(pieces=then(b"HTTP/1.1 200 ", again=filled(b"O"))),
    "preliminary answers without end": Flood(
        pieces=then(again=filled(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"))
    ),
    "cookies": Flood(pieces=then(JSON, again=filled(b"set-cookie: a=b; path=/\r\n"))),
    "an event's line without end": Flood(
        pieces=then(EVENTS + CHUNKED, chunk(b"data: "), again=chunk(filled(b"a"))),
        calls=("stream", "reduced"),
    ),
    "an event's line in small pieces": Flood(
        pieces=then(EVENTS + CHUNKED, chunk(b"data: "), again=chunk(b"a" * 40)),
        calls=("stream", "reduced"),
    ),
    "lines of data without an event": Flood(pieces=events(b"data: {\n"), calls=("stream",)),
    "keep-alives": Flood(pieces=events(b": \n\n"), calls=("stream", "reduced")),
    "slow keep-alives": Flood(
        pieces=then(EVENTS + CHUNKED, again=chunk(b": \n\n")), calls=("stream",), pause_s=0.02
    ),
    "line ends": Flood(pieces=events(b"\r"), calls=("stream",)),
    "empty events": Flood(pieces=events(b'data: {"choices":[]}\n\n'), calls=("stream",)),
    "tokens": Flood(pieces=events(TOKEN), calls=("stream",)),
    "thoughts": Flood(pieces=events(REASON), calls=("stream",)),
    "tokens one by one": Flood(
        pieces=then(EVENTS + CHUNKED, again=chunk(SHORT_TOKEN)), calls=("stream",)
    ),
    "slow tokens": Flood(
        pieces=then(EVENTS + CHUNKED, again=chunk(TOKEN)), calls=("stream",), pause_s=0.02
    ),
    "more after the end": Flood(
        pieces=then(EVENTS + CHUNKED + chunk(ENDED), again=chunk(filled(b": \n"))),
        calls=("stream",),
        answered=True,
    ),
    "lists in lists": Flood(pieces=deep(b"[", b"]"), calls=EVERY),
    "objects in objects": Flood(pieces=deep(b'{"error":', b"}"), calls=EVERY),
    "a choice of lists in lists": Flood(
        pieces=deep(b"[", b"]", b'{"choices":[{"message":', b"}]}"), calls=EVERY
    ),
    "lists in few lists": Flood(
        pieces=whole(b"[" * NESTS, b"]", NESTS, spaces=FEW_BYTES), calls=EVERY
    ),
    "an event of lists in lists": Flood(
        pieces=events_of(b"[" * 400_000, b"]", 400_000, b""), calls=("stream", "reduced")
    ),
    "empty choices": Flood(
        pieces=crowd(b"{},", b'{"choices":[', b"]}", JSON_BYTES), calls=("chat", "completion")
    ),
    "choices of null": Flood(
        pieces=crowd(b'{"message":{}},', b'{"choices":[', b"]}", JSON_BYTES), calls=("chat",)
    ),
    "an error of lists": Flood(
        pieces=crowd(b"[],", b'{"error":[', b"]}", JSON_BYTES), calls=("chat", "models", "batch")
    ),
    "an error of words": Flood(
        pieces=crowd(b'"ab",', b'{"error":[', b"]}", JSON_BYTES), calls=("chat", "user_stat")
    ),
    "an error of keys": Flood(pieces=keys),
    "errors of lists": Flood(
        pieces=crowd(b"[],", b'{"id":"a","status":"failed","errors":[', b"]}", JSON_BYTES),
        calls=("batch",),
    ),
    "numbers": Flood(
        pieces=crowd(b"1,", b'{"data":[{"embedding":[', b"]}]}", JSON_BYTES), calls=("embeddings",)
    ),
    "vectors": Flood(
        pieces=crowd(b'{"embedding":[]},', b'{"data":[', b"]}", JSON_BYTES), calls=("embeddings",)
    ),
    "models": Flood(
        pieces=crowd(b'{"id":"a"},', b'{"data":[', b"]}", JSON_BYTES), calls=("models",)
    ),
    "segments": Flood(
        pieces=crowd(
            b'{"start":0,"end":1,"text":""},', b'{"text":"","segments":[', b"]}", JSON_BYTES
        ),
        calls=("transcription",),
    ),
    "pictures of nothing": Flood(
        pieces=crowd(b"{},", b'{"data":[', b"]}", PICTURES_BYTES), calls=("images",)
    ),
    "as many choices as may be": Flood(
        pieces=whole(b'{"choices":[', b"{},", NESTS - 4, b"{}]}", JSON_BYTES // 2), answered=True
    ),
    "an error of as many objects as may be": Flood(
        pieces=whole(b'{"error":[', b'{"a":0},', NESTS - 3, b"0]}", JSON_BYTES - 8 * NESTS - 99),
        calls=("chat", "batch"),
    ),
    "as many numbers as may be": Flood(
        pieces=whole(b'{"data":[{"embedding":[', b"0.1234567,", VALUES - 9, b"0]}]}"),
        calls=("embeddings",),
        answered=True,
    ),
    "an error of as many words as may be": Flood(
        pieces=whole(b'{"error":[', b'"my words",', TEXTS - 3, b'"ab"]}')
    ),
    "events of choices": Flood(
        pieces=events_of(b'{"choices":[', b"{},", 340_000, b"{}]}"), calls=("stream",)
    ),
    "events of lists": Flood(
        pieces=events_of(b'{"error":[', b"[],", 340_000, b"[]]}"), calls=("stream", "reduced")
    ),
}
