"""Serves the sandbox relay and the simulated platforms on ports of this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from bots.listener import Listener, bind
from bots.sandbox.app import create_app
from bots.sandbox.line import LineProtocol
from core.errors import ConfigError
from core.loopback import is_loopback

HOST = "127.0.0.1"
PORT = 8765


@asynccontextmanager
async def running(
    app: Starlette, host: str = HOST, port: int = 0, *, off_loopback: bool = False
) -> AsyncIterator[Listener]:
    """The app while the context lasts; port 0 is any free one, told by `listener.port`.

    What faults hold back is released at the end; an app that holds more has
    an async `state.close`. Raises ConfigError for a taken port, and for a
    host off loopback unless `off_loopback`.
    """
    if not off_loopback:
        _check_loopback(host)
    listener = Listener(app, bind(host, port))
    listener.config.http = LineProtocol
    listener.open()
    try:
        yield listener
    finally:
        app.state.faults.clear()
        if hasattr(app.state, "close"):
            await app.state.close()
        await listener.close()


async def serve(
    host: str = HOST, port: int = PORT, *, pace_s: float, off_loopback: bool = False
) -> None:
    """Serve until cancelled. Raises ConfigError."""
    app = create_app(pace_s=pace_s, local_only=not off_loopback)
    async with running(app, host, port, off_loopback=off_loopback):
        await asyncio.Event().wait()


def _check_loopback(host: str) -> None:
    if not is_loopback(host):
        raise ConfigError(
            f"expected a loopback address for the sandbox relay, got {host}: it answers anyone, "
            "without a key. Use 127.0.0.1, or allow it explicitly."
        )
