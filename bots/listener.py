"""An HTTP listener inside this process; the application decides when it ends."""

import asyncio
import contextlib
import errno
import socket
import time
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from bots.arrival import data_s, word_s
from core.errors import ConfigError
from core.ports.adapter import ARRIVED, LEFT

FRAME_LIMIT_BYTES = 1 << 20
PLATFORM_FRAME_BYTES = 64 << 20
"""On the public listener: a recording travels inside an event, and NapCat sends up to 50 MB."""

HEAD_BYTES = 64 << 10
"""Of a request before its body, or between two pieces of it. What WeChat, Telegram and QQ's
implementations send is under 2 KB; uvicorn would keep without end what httptools gives it."""

HEAD_S = 10.0
"""How long a request's head may take. Telegram and WeChat send theirs at once."""

BODY_S, SLOWEST_BYTES_S = 30.0, 1000
"""How long nothing of a body may come, and the rate below which it counts as nothing."""

MOST_CONNECTIONS = 6000
"""Open at once on a listener, each of some 8 KB: 200 pushes a second of WeChat's, held for all
of their three tries, are 3,000. What is more is hung up on at once, so that WeChat asks again."""


BACKLOG = 6000
"""What may wait to be accepted, as right after a start; the system may allow less (net.core.
somaxconn). What does not fit has to knock again, 1 s later."""


def bind(host: str, port: int) -> socket.socket:
    """Take the port now. Raises ConfigError where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # the protocol named, or asyncio leaves Nagle on: 40 ms an answer
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise ConfigError(_why(error, host, port)) from error
    sock.listen(BACKLOG)
    sock.setblocking(False)
    return sock


def _why(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} on {host} is taken: stop what uses it, or choose another port"
        case errno.EACCES:
            return f"port {port} on {host} may not be opened by this user: choose one above 1023"
        case _:
            return f"cannot listen on {host} port {port}: {error.strerror or error}"


class HttpProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's, which hangs up where a request does not end, or does not come.

    uvicorn itself waits for both for ever, and each of them holds a file descriptor.
    """

    _unread_bytes = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._expect(HEAD_S)
        if len(self.connections) > MOST_CONNECTIONS:
            self._hang_up()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unread_bytes += len(data)
        if self._late is None:
            self._expect(HEAD_S)
        super().data_received(data)
        if self._unread_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._unread_bytes = 0
        self._expect(BODY_S)
        self.scope[ARRIVED] = time.monotonic() - self._ago_s(data_s)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread_bytes = 0
        if self._late:
            left_s = self._late.when() - self.loop.time()
            self._expect(min(BODY_S, left_s + len(body) / SLOWEST_BYTES_S))
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unread_bytes = 0
        super().on_message_complete()
        self._rest()

    def eof_received(self) -> None:
        if self.scope:
            self.scope[LEFT] = time.monotonic() - self._ago_s(word_s)
        super().eof_received()

    def handle_websocket_upgrade(self) -> None:
        self._rest()
        super().handle_websocket_upgrade()

    def _ago_s(self, ago_s: Callable[[int], float]) -> float:
        sock = self.transport.get_extra_info("socket")
        return ago_s(sock.fileno()) if sock else 0.0

    def _expect(self, within_s: float) -> None:
        self._rest()
        self._late = self.loop.call_later(within_s, self._hang_up)

    def _rest(self) -> None:
        if self._late:
            self._late.cancel()
            self._late = None

    def _hang_up(self) -> None:
        self._late = None
        self.transport.abort()


class Listener(uvicorn.Server):
    """uvicorn on a socket that is bound already, without its signal handlers."""

    def __init__(
        self, app: ASGIApp, sock: socket.socket, frame_bytes: int = FRAME_LIMIT_BYTES
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=HttpProtocol if hasattr(AutoHTTPProtocol, "on_body") else AutoHTTPProtocol,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=2,
                ws_max_size=frame_bytes,
                ws_per_message_deflate=False,
            )
        )
        self._sock = sock
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def open(self) -> None:
        self._task = asyncio.create_task(self.serve(sockets=[self._sock]))

    async def close(self) -> None:
        self.should_exit = True
        if self._task:
            await self._task

    def cut(self) -> None:
        """Let the port go at once; harmless after `close`."""
        if self._task:
            self._task.cancel()
        self._sock.close()

    @property
    def port(self) -> int:
        return int(self._sock.getsockname()[1])
