"""What the servers of this internet answer."""

import asyncio
import struct
import zlib
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]

SMALL = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 8, 8, 8, 2, 0, 0, 0)
HUGE = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 10**4, 10**4, 8, 2, 0, 0, 0)
PAGE = b"<!doctype html><html><body>sign in</body></html>"
STALL_S = 0.05


async def site(path: str, writer: asyncio.StreamWriter) -> None:
    """`/to/ADDRESS` leads on to a percent-encoded one; other paths are named by what they do."""
    if path.startswith("/to/"):
        await _head(writer, f"302 Found\r\nLocation: {unquote(path[4:])}\r\nContent-Length: 0")
        return
    match path:
        case "/slow":
            await _endless(writer, b"x", STALL_S)
        case "/endless":
            await _endless(writer, b"x" * 2**16, 0)
        case "/bomb":
            await _whole(writer, _bomb(64 << 20), "Content-Encoding: gzip\r\n")
        case "/page.png":
            await _whole(writer, PAGE)
        case "/huge.png":
            await _whole(writer, HUGE)
        case "/round":
            await _head(writer, "302 Found\r\nLocation: /round\r\nContent-Length: 0")
        case _:
            await _whole(writer, SMALL)


async def _whole(writer: asyncio.StreamWriter, body: bytes, more: str = "") -> None:
    told = f"200 OK\r\nContent-Type: image/png\r\n{more}Content-Length: {len(body)}"
    await _head(writer, told)
    writer.write(body)
    await writer.drain()


async def _endless(writer: asyncio.StreamWriter, piece: bytes, pause_s: float) -> None:
    await _head(writer, "200 OK\r\nContent-Type: image/png")
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause_s)


async def _head(writer: asyncio.StreamWriter, told: str) -> None:
    writer.write(f"HTTP/1.1 {told}\r\nConnection: close\r\n\r\n".encode("latin-1"))
    await writer.drain()


def _bomb(size: int) -> bytes:
    """`size` zeros in a thousandth of the room."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(bytes(size)) + packer.flush()
