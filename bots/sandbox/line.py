"""The connection beneath a call, for faults that no HTTP answer can express.

uvicorn gives apps no way to break a connection, so its protocol class is
extended: each connection's app puts a `Line` into the scope.
"""

import asyncio
import socket
import struct
from typing import cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

_EXTENSION = "parley.line"


class Line:
    """The app of one connection."""

    def __init__(self, app: ASGIApp, transport: asyncio.Transport) -> None:
        self._app = app
        self._transport = transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[_EXTENSION] = self
        await self._app(scope, receive, send)

    def close(self) -> None:
        """Send what is written and close (FIN), in the middle of an answer."""
        self._transport.close()

    def reset(self) -> None:
        """Drop the connection at once (RST)."""
        found = self._transport.get_extra_info("socket")
        if found is not None:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class LineProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's HTTP protocol, each connection with a Line."""

    app: ASGIApp

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.app = Line(self.app, cast("asyncio.Transport", transport))


def line_of(scope: Scope) -> Line:
    """Raises RuntimeError where the app is not served by `bots.sandbox.serve`."""
    match scope.get("extensions", {}).get(_EXTENSION):
        case Line() as line:
            return line
        case _:
            raise RuntimeError(
                "the sandbox can break connections only when served by bots.sandbox.serve, "
                "with http=LineProtocol"
            )


def reset(scope: Scope) -> None:
    line_of(scope).reset()


def close(scope: Scope) -> None:
    line_of(scope).close()
