"""Keeping adapters running: one that fails is started again, later each time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from core.ports.adapter import Adapter, Emit, Watched
from core.ports.clock import Clock

log = logging.getLogger(__name__)

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
STEADY_S = 60.0
"""Whoever received for so long begins with the first wait again."""


class Supervision:
    """Runs every adapter in a task of its own, and knows which are down."""

    def __init__(
        self,
        adapters: Sequence[Adapter],
        emit: Emit,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._adapters = adapters
        self._emit = emit
        self._clock = clock
        self._sleep = sleep
        self._down: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def down(self) -> dict[str, str]:
        """Bots that do not receive now, with the reason, by their own word too."""
        deaf = {
            adapter.bot: adapter.trouble
            for adapter in self._adapters
            if isinstance(adapter, Watched) and adapter.trouble
        }
        return {**deaf, **self._down}

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._keep(adapter)) for adapter in self._adapters]

    async def finished(self) -> None:
        """Until every adapter has nothing more to receive: a console at its end."""
        await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)  # which, unlike gather, a time-out can end

    async def _keep(self, adapter: Adapter) -> None:
        wait_s = FIRST_WAIT_S
        while True:
            started = self._clock.monotonic()
            try:
                await adapter.run(self._emit)
            except Exception as error:
                if self._clock.monotonic() - started > STEADY_S:
                    wait_s = FIRST_WAIT_S
                log.exception("bot %s does not receive; again in %.0f s", adapter.bot, wait_s)
                self._down[adapter.bot] = f"{type(error).__name__}; again in {wait_s:.0f} s"
            else:
                return
            await self._sleep(wait_s)
            self._down.pop(adapter.bot, None)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
