"""Servers on every address of this machine, which note who is reached; and proxies likewise."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from prove.internet.site import Answer

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(kw_only=True)
class Reached:
    """`at` are the local addresses of the connections that came, `heard` all their heads."""

    port: int = 0
    at: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[Reached]:
    """On one port of every address of this machine."""
    reached = Reached()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        if not first.isalpha():  # TLS: whoever comes is counted, and that is all
            return
        head = first + await reader.readuntil(b"\r\n\r\n")
        reached.heard.append(head.decode("latin-1"))
        await answer(head.split(b" ", 2)[1].decode("latin-1"), writer)

    async with listening(serve, reached, everywhere=True):
        yield reached


@asynccontextmanager
async def listening(
    serve: Serve, reached: Reached, *, everywhere: bool = False
) -> AsyncIterator[None]:
    tasks: set[asyncio.Task[None]] = set()

    async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            tasks.add(task)
        reached.at.append(writer.get_extra_info("sockname")[0])
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()

    servers = [await asyncio.start_server(come, sock=_bound("0.0.0.0", 0))]  # noqa: S104
    reached.port = servers[0].sockets[0].getsockname()[1]
    if everywhere:
        with suppress(OSError):  # no IPv6 here
            servers.append(await asyncio.start_server(come, sock=_bound("::", reached.port)))
    try:
        yield
    finally:
        for server in servers:
            server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _bound(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if ":" in host:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind((host, port))
    return made


@dataclass(kw_only=True)
class Proxy:
    """`asked` are the hosts that it was to reach. It goes to `leads` alone, and from each of
    them to the machine that is told there; whatever else it is asked for it refuses."""

    leads: dict[str, str]
    asked: list[str] = field(default_factory=list)
    reached: Reached = field(default_factory=Reached)

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.decode("latin-1").split(" ", 2)
        if method != "CONNECT":  # with an absolute address: a proxy of this kind resolves it
            self.asked.append(target)
            return
        host, _, port = target.rpartition(":")
        self.asked.append(host.strip("[]"))
        if onward := self.leads.get(host):
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await _join(reader, writer, onward, int(port))
        else:
            writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")

    async def socks5(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """RFC 1928 without a login."""
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        *_, kind = await reader.readexactly(4)
        size = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        told = await reader.readexactly(size)
        families = {1: socket.AF_INET, 4: socket.AF_INET6}
        host = socket.inet_ntop(families[kind], told) if kind in families else told.decode()
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append(host)
        onward = self.leads.get(host)
        writer.write(b"\x05" + (b"\x00" if onward else b"\x02") + b"\x00\x01" + bytes(6))
        if onward:
            await _join(reader, writer, onward, port)


@asynccontextmanager
async def proxying(kind: str, leads: dict[str, str]) -> AsyncIterator[Proxy]:
    """`kind` is "http", "socks5" or "socks5h"."""
    proxy = Proxy(leads=leads)
    async with listening(proxy.http if kind == "http" else proxy.socks5, proxy.reached):
        yield proxy


async def _join(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
) -> None:
    there, onward = await asyncio.open_connection(host, port)
    await asyncio.gather(_pump(reader, onward), _pump(there, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    writer.close()
