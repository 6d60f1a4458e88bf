"""Relays and proxies for the tests: real sockets that behave as each case asks."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from ssl import SSLContext

Answer = Callable[["Exchange"], Awaitable[None]]


@dataclass
class Exchange:
    """One request as it came in, and the means to answer it byte by byte."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def gone(self) -> None:
        """Wait until the client has closed its side."""
        with contextlib.suppress(OSError):
            while await self.reader.read(1024):
                continue

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def reply(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        headers.setdefault("content_type", "application/json")
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        head = "\r\n".join([f"HTTP/1.1 {status} Said", *lines, f"content-length: {len(body)}"])
        await self.send(head.encode() + b"\r\n\r\n" + body)

    async def begin_stream(self, *events: bytes) -> None:
        """A chunked event stream: its head and the first events."""
        await self.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        await self.more(*events)

    async def more(self, *events: bytes) -> None:
        await self.send(*(b"%x\r\n%s\r\n" % (len(event), event) for event in events))

    async def end_stream(self) -> None:
        await self.send(b"0\r\n\r\n")

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.close()


@dataclass
class Server:
    """A listening relay. `asked` has every request, `connections` counts them."""

    port: int = 0
    secure: bool = False
    asked: list[Exchange] = field(default_factory=list)
    connections: int = 0

    @property
    def base(self) -> str:
        scheme, host = ("https", "localhost") if self.secure else ("http", "127.0.0.1")
        return f"{scheme}://{host}:{self.port}"


@contextlib.asynccontextmanager
async def listening(
    answer: Answer, tls: SSLContext | None = None, port: int = 0
) -> AsyncIterator[Server]:
    """A server that gives each request to `answer`, keeping connections open between them."""
    server = Server(secure=tls is not None)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        while exchange := await _read_request(reader, writer):
            server.asked.append(exchange)
            await answer(exchange)
            if writer.is_closing():
                return

    async with accepting(serve, tls, port) as server.port:
        yield server


@contextlib.asynccontextmanager
async def accepting(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    tls: SSLContext | None = None,
    port: int = 0,
) -> AsyncIterator[int]:
    """The port of a server whose connections end with the test."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port, ssl=tls, backlog=1000)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        await server.wait_closed()


async def _read_request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Exchange | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode().strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Exchange(method, target, headers, body, reader, writer)


@contextlib.contextmanager
def swallowed() -> Iterator[int]:
    """A port whose queue of connections is full: the system drops what else comes."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        held = [socket.socket() for _ in range(4)]
        for one in held:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        try:
            yield full.getsockname()[1]
        finally:
            for one in held:
                one.close()


# -- proxies -------------------------------------------------------------------


@dataclass
class Proxy:
    """What a proxy was asked to reach, and with which login."""

    port: int = 0
    reached: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _join(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int, first: bytes
) -> None:
    there, onward = await asyncio.open_connection(host, port)
    onward.write(first)
    await asyncio.gather(_pump(reader, onward), _pump(there, writer))


@contextlib.asynccontextmanager
async def http_proxy(refuse: bytes = b"") -> AsyncIterator[Proxy]:
    """CONNECT tunnels, and requests with an absolute address passed on.

    `refuse` is a whole answer given to everybody instead; b"-" hangs up.
    """
    proxy = Proxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b" ", 2)
        proxy.reached.append(target.decode())
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"proxy-authorization:"):
                proxy.logins.append(line.partition(b":")[2].strip().decode())
        if refuse:
            writer.write(refuse.strip(b"-"))
            return
        if method == b"CONNECT":
            host, _, port = target.decode().partition(":")
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await _join(reader, writer, host, int(port), b"")
            return
        place, _, path = target.removeprefix(b"http://").partition(b"/")
        host, _, port = place.decode().partition(":")
        onward = head.replace(target, b"/" + path, 1)
        await _join(reader, writer, host, int(port), onward)

    async with accepting(serve) as proxy.port:
        yield proxy


@contextlib.asynccontextmanager
async def socks5_proxy(answer: int = 0) -> AsyncIterator[Proxy]:
    """RFC 1928, CONNECT alone, with or without RFC 1929's login. `answer` 0 is success."""
    proxy = Proxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        writer.write(b"\x05\x02" if 2 in methods else b"\x05\x00")
        if 2 in methods:
            _, size = await reader.readexactly(2)
            user = await reader.readexactly(size)
            (size,) = await reader.readexactly(1)
            password = await reader.readexactly(size)
            proxy.logins.append(f"{user.decode()}:{password.decode()}")
            writer.write(b"\x01\x00")
        *_, kind = await reader.readexactly(4)
        if kind == 3:
            (size,) = await reader.readexactly(1)
            host = (await reader.readexactly(size)).decode()
        else:
            family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
            host = socket.inet_ntop(family, await reader.readexactly(size))
        port = int.from_bytes(await reader.readexactly(2), "big")
        proxy.reached.append(f"{host}:{port}")
        writer.write(b"\x05" + bytes([answer]) + b"\x00\x01" + bytes(6))
        if not answer:
            await _join(reader, writer, host, port, b"")

    async with accepting(serve) as proxy.port:
        yield proxy
