"""An injected sleep that lasts as long as the test's clock says."""

import asyncio
from collections.abc import Callable

from tests.commands.clock import ManualClock
from tests.core.held import PATIENCE_S
from tests.core.house import Naps

JUST_AFTER_S = 1e-4
"""The clock has whole microseconds: what is rounded down would never come."""

LOOKS = 50
"""So many turns of the event loop with nothing to do are quiet."""


class Hours(Naps):
    """The clock stands still until a test lets it run; whoever sleeps wakes when it is time.

    `busy`: something goes on beside the event loop, so that the clock must wait.
    """

    def __init__(self, clock: ManualClock, busy: Callable[[], bool]) -> None:
        super().__init__()
        self._busy = busy
        self._clock = clock
        self._sleepers: dict[asyncio.Future[None], float] = {}

    async def __call__(self, seconds: float) -> None:
        self.spans.append(seconds)
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers[sleeper] = self._clock.monotonic() + seconds
        try:
            await sleeper
        finally:
            del self._sleepers[sleeper]

    async def until(self, seen: Callable[[], bool]) -> None:
        """Let time run, from one awakening to the next, until the test has seen enough."""
        async with asyncio.timeout(PATIENCE_S):
            while not seen():
                await self._quiet()
                if self._sleepers and not seen():
                    self.pass_(
                        min(self._sleepers.values()) - self._clock.monotonic() + JUST_AFTER_S
                    )

    def pass_(self, seconds: float) -> None:
        self._clock.pass_(seconds=max(0.0, seconds))
        for sleeper, due in list(self._sleepers.items()):
            if due <= self._clock.monotonic() and not sleeper.done():
                sleeper.set_result(None)

    async def _quiet(self) -> None:
        """Until all who are awake have gone as far as they come without time."""
        idle = 0
        while idle < LOOKS:
            idle = 0 if self._busy() else idle + 1
            await asyncio.sleep(0)
