"""A held installation: probes, and nothing else, until it is released or stopped."""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from starlette.applications import Starlette

from bots.backup.leftovers import counts
from bots.clock import SystemClock
from bots.config import Config
from bots.listener import Listener
from bots.orders import Orders, Payload
from bots.probes import Readiness, probe_routes
from bots.release import ORDER, carry_out
from bots.web.access import LoopbackOnly
from core.errors import ConfigError
from storage.sqlite.database import path_of
from storage.sqlite.holding import Hold, Left, held, left_over

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5

Tell = Callable[[Hold, Left], None]
"""Says on the terminal that it is held, and what is left over."""


class StoppedWhileHeld(Exception):
    """The process is to end, and was never released."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Who starts the process can wait for a release, until `stopping`."""

    stopping: asyncio.Event
    tell: Tell


async def until_released(config: Config, private: socket.socket, patience: Patience | None) -> None:
    """Return at once unless the database is held. The caller has the data folder to itself.

    Raises StoppedWhileHeld, StoreError, and ConfigError where there is nobody to wait.
    """
    path = path_of(config.storage.url.reveal())
    hold = await asyncio.to_thread(held, path)
    if hold is None:
        return
    if patience is None:
        raise ConfigError(f"expected a data folder at work, got one that is held: {hold.reason}")
    left = await asyncio.to_thread(left_over, path)
    log.warning("held: %s; left over: %s", hold.reason, counts(left))
    patience.tell(hold, left)
    listener = _listener(config, private, hold)
    listener.open()
    try:
        await _wait(config, patience.stopping)
    finally:
        await listener.close()
        listener.cut()


async def _wait(config: Config, stopping: asyncio.Event) -> None:
    released = asyncio.Event()

    async def do(payload: Payload) -> Payload:
        answer = await carry_out(config, payload)
        released.set()
        return answer

    orders = Orders(config.storage.data, {ORDER: do})
    while not released.is_set():
        await _look(orders)
        if stopping.is_set():
            raise StoppedWhileHeld
        if not released.is_set():
            await _either(stopping, LOOK_EVERY_S)
    log.warning("released")


async def _look(orders: Orders) -> None:
    try:
        await orders.look()
    except OSError as error:
        log.warning("orders cannot be read: %s", error)


async def _either(event: asyncio.Event, within_s: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), within_s)


def _listener(config: Config, private: socket.socket, hold: Hold) -> Listener:
    """On the private port, which the bots' listener takes over: its socket stays open."""
    server = config.server
    is_open = server.private.loopback and not server.access_code

    async def wrong() -> Mapping[str, str]:
        return {"held": hold.reason}

    async def metrics() -> bytes:
        return b""

    probes = probe_routes(Readiness(wrong, SystemClock(), reasons=is_open), metrics)
    app = Starlette(routes=[route for route in probes if route.path != "/metrics"])
    return Listener(LoopbackOnly(app) if is_open else app, private.dup())
