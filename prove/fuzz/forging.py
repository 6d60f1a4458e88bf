"""Requests that prove who sent them, and what is made of such proofs by who cannot make them."""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote

from msgspec import Struct

Values: TypeAlias = Sequence[bytes]
"""A field's values, in order: none where it is missing."""

PATIENCE_S = 10.0
LEFT_ALONE = b' \t\r\n\0";,'
"""What HTTP trims, ends or parts fields by: another request, not another proof."""


class Asked(Struct, frozen=True, kw_only=True):
    """A request as it goes over the wire; `query` and `headers` by name, each with its values."""

    port: int
    path: str
    method: str = "GET"
    query: Mapping[str, Values] = {}
    headers: Mapping[str, Values] = {}
    body: bytes = b""
    upgrade: bool = False

    def wire(self) -> bytes:
        words = [f"{name}={quote(one)}" for name, all_ in self.query.items() for one in all_]
        address = self.path + ("?" + "&".join(words) if words else "")
        headers = {"Host": [b"127.0.0.1:%d" % self.port], **self.headers}
        if self.upgrade:
            headers |= {"Connection": [b"Upgrade"], "Upgrade": [b"websocket"]}
            headers |= {"Sec-WebSocket-Version": [b"13"]}
            headers |= {"Sec-WebSocket-Key": [b"dGhlIHNhbXBsZSBub25jZQ=="]}
        else:
            headers |= {"Connection": [b"close"]}
        if self.body or self.method == "POST":
            headers |= {"Content-Length": [b"%d" % len(self.body)]}
        lines = [b"%s: %s" % (name.encode(), one) for name, all_ in headers.items() for one in all_]
        head = f"{self.method} {address} HTTP/1.1".encode()
        return b"\r\n".join([head, *lines, b"", self.body])


async def answer(asked: Asked) -> tuple[int, bytes]:
    """Status, and the answer as it came; 0 where there was none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", asked.port)
    try:
        writer.write(asked.wire())
        async with asyncio.timeout(PATIENCE_S):
            head = await reader.readuntil(b"\r\n\r\n")
            whole = head if asked.upgrade else head + await reader.read()
    except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
        return 0, b""
    finally:
        writer.transport.abort()
    return int(head.split(b" ", 2)[1]), whole


def forged(right: bytes, chance: random.Random, each: int) -> Iterator[tuple[str, Values]]:
    """What is not `right`: `each` changes at every character, and as a whole."""
    other = bytes(chance.choice(b"abcdef0123456789") for _ in right)
    wholes: dict[str, Values] = {
        "missing": [],
        "empty": [b""],
        "twice": [right, right],
        "before another": [right, other],
        "behind another": [other, right],
        "after an empty one": [b"", right],
        "another": [other],
        "as long again": [right + right],
        "in the other case": [right.swapcase()],
        "in upper case": [right.upper()],
        "backwards": [right[::-1]],
        "half": [right[: len(right) // 2]],
        "cut": [right[:-1]],
        "begun late": [right[1:]],
        "longer": [right + b"0"],
        "filled up": [right + b"="],
        "wide": [right.decode("latin-1").translate(WIDE).encode()],
        "with a letter of two bytes": [right + "é".encode()],
        "no text": [right + b"\xff\xfe"],
        "a wildcard": [b"*"],
        "null": [b"null"],
        "zeros": [b"0" * len(right)],
        "very long": [right * 50],
    }
    for what, values in wholes.items():
        if values != [right]:
            yield what, values
    for place, letter in enumerate(right):
        for changed in chance.sample(range(33, 127), each):
            if changed != letter and changed not in LEFT_ALONE:
                yield f"letter {place}", [right[:place] + bytes([changed]) + right[place + 1 :]]
        yield f"without letter {place}", [right[:place] + right[place + 1 :]]
        yield f"one more at {place}", [right[:place] + b"A" + right[place:]]


WIDE = {code: code + 0xFEE0 for code in range(33, 127)}
"""The same letters as Unicode's compatibility forms, which normalising makes equal."""


def in_query(asked: Asked, name: str, values: Values) -> Asked:
    return _with(asked, query={**asked.query, name: values})


def in_header(asked: Asked, name: str, values: Values, prefix: bytes = b"") -> Asked:
    told = [prefix + value for value in values if b"\r" not in value and b"\n" not in value]
    return _with(asked, headers={**asked.headers, name: told})


def _with(asked: Asked, **changed: object) -> Asked:
    fields = {name: getattr(asked, name) for name in asked.__struct_fields__}
    return Asked(**(fields | changed))
