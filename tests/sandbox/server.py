"""The sandbox relay on a free loopback port, in a thread and event loop of its own.

    with sandbox() as relay:
        ... relay.base_url, relay.journal, relay.faults ...

The journal and the faults are safe to use from the test's thread.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from starlette.applications import Starlette

from bots.sandbox.accounts import GRANT_USD, UNITS_PER_USD
from bots.sandbox.app import create_app, utc_now
from bots.sandbox.dialects.dialect import Dialect
from bots.sandbox.faults import Faults
from bots.sandbox.journal import Journal
from bots.sandbox.machine import Machine
from bots.sandbox.progress import Pace
from bots.sandbox.serve import running

WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A running relay. `origin` is "http://127.0.0.1:PORT"; OpenAI clients want `base_url`."""

    port: int
    journal: Journal
    faults: Faults

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1"

    def fresh(self) -> None:
        """Forget what was asked and take all faults away."""
        self.faults.clear()
        self.journal.clear()


@contextmanager
def sandbox(
    *,
    pace_s: float = 0.0,
    now: Callable[[], datetime] = utc_now,
    grant: int = GRANT_USD * UNITS_PER_USD,
    machine: Machine | None = None,
    jobs: Pace | None = None,
    dialect: Dialect | None = None,
) -> Iterator[Sandbox]:
    journal, faults = Journal(), Faults()
    app = create_app(
        journal=journal,
        faults=faults,
        pace_s=pace_s,
        now=now,
        grant=grant,
        machine=machine,
        jobs=jobs,
        dialect=dialect,
    )
    started: Future[tuple[int, Callable[[], None]]] = Future()
    thread = threading.Thread(target=_run, args=(app, started), name="sandbox relay")
    thread.start()
    port, stop = started.result(WAIT_S)
    try:
        yield Sandbox(port=port, journal=journal, faults=faults)
    finally:
        stop()
        thread.join(WAIT_S)
        assert not thread.is_alive(), "the sandbox relay did not stop"


def _run(app: Starlette, started: "Future[tuple[int, Callable[[], None]]]") -> None:
    try:
        asyncio.run(_serve(app, started))
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)


async def _serve(app: Starlette, started: "Future[tuple[int, Callable[[], None]]]") -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    async with running(app) as listener:
        started.set_result((listener.port, lambda: _call(loop, stopped.set)))
        await stopped.wait()


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(function)
