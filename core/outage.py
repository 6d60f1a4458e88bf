"""Messages that wait until a route has a relay again, and who of them tries it.

While no relay of a route serves, its messages wait. One at a time tries the route, the one
that waits longest first: its own call is the probe. Once a call succeeds, all go on.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from core.errors import ParleyError, RelayRateLimited, RelayRefused, RelayUnavailable
from core.patience import Sleep
from core.ports.clock import Clock

log = logging.getLogger(__name__)

Route: TypeAlias = tuple[str, str]
"""What fails and works together: the "relay:model" that was picked, and what is asked for."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 4.0
"""Between two tries of a route; with jitter, and never sooner than its relays want."""

TURN_S = 10.0
"""How long a try may take before the next message tries beside it: models may be slow."""

SPREAD_S, SPREAD_EACH_S = 2.0, 0.02
"""Over how long the messages that waited begin, at most and for each of them: not at once."""

TOLD_AFTER_S = 3.0
"""So that a hiccup shows nothing."""

MOST = 1000
"""Routes at once: people may pick models that no relay has, each a route of its own."""


def passes(error: ParleyError) -> bool:
    """Whether it passes by itself, and it is certain that no relay did anything."""
    match error:
        case RelayRefused() | RelayRateLimited() | RelayUnavailable():
            return error.certain and not error.lost
        case _:
            return False


@dataclass(slots=True, kw_only=True)
class Late:
    """When `tell` is called for a message, once, and when it has waited long enough: monotonic
    seconds."""

    tell_at: float
    tell: Callable[[], None]
    until: float


@dataclass(slots=True, eq=False)
class _Waiter:
    """One message. `bell` rings when it became the first, or the outage is over."""

    bell: asyncio.Event = field(default_factory=asyncio.Event)
    spread_s: float | None = None
    """Once the outage is over: how long until it begins, at most."""


@dataclass(slots=True)
class _Outage:
    """`due` is when the first may try: monotonic seconds."""

    due: float
    failures: int = 1
    waiters: dict[_Waiter, None] = field(default_factory=dict)

    def first(self) -> _Waiter | None:
        return next(iter(self.waiters), None)

    def wake_first(self) -> None:
        if first := self.first():
            first.bell.set()


class Outages:
    """The routes that no relay serves now. Belongs to one event loop."""

    def __init__(
        self, clock: Clock, sleep: Sleep, chance: Callable[[], float] = random.random
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._outages: dict[Route, _Outage] = {}

    def lasts(self, route: Route) -> bool:
        """Whether messages wait for this route: another one waits behind them."""
        outage = self._outages.get(route)
        return outage is not None and bool(outage.waiters)

    @contextmanager
    def trying(self, route: Route) -> Iterator[None]:
        """A call of the route, which tells whether it works again."""
        try:
            yield
        except BaseException as error:
            self._failed(route, error)
            raise
        self._served(route)

    async def wait(self, route: Route, late: Late, again_s: float = 0.0) -> bool:
        """Until the caller may try the route; False once that is too late.

        The route is left alone for `again_s`.
        """
        outage = self._outages.get(route) or self._begun(route, again_s)
        waiter = _Waiter()
        outage.waiters[waiter] = None
        try:
            return await self._turn(outage, waiter, late)
        finally:
            outage.waiters.pop(waiter, None)
            outage.wake_first()

    async def _turn(self, outage: _Outage, waiter: _Waiter, late: Late) -> bool:
        while waiter.spread_s is None:
            now = self._clock.monotonic()
            if now >= late.until:
                return False
            if now >= late.tell_at:
                late.tell_at = late.until
                late.tell()
            wakes = min(late.tell_at, late.until)
            if outage.first() is waiter:
                if now >= outage.due:
                    outage.due = now + TURN_S
                    return True
                wakes = min(wakes, outage.due)
            await self._nap(waiter.bell, wakes - now)
        await self._sleep(waiter.spread_s * self._chance())
        return True

    async def _nap(self, bell: asyncio.Event, seconds: float) -> None:
        """So long, or until the bell rings."""
        waking = {
            asyncio.ensure_future(self._sleep(seconds)),
            asyncio.ensure_future(bell.wait()),
        }
        try:
            await asyncio.wait(waking, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waking:
                task.cancel()
            bell.clear()

    def _begun(self, route: Route, again_s: float) -> _Outage:
        log.warning("no relay serves %s now: messages wait", route[1])
        if len(self._outages) >= MOST:
            idle = (other for other, outage in self._outages.items() if not outage.waiters)
            self._outages.pop(next(idle, route), None)
        due = self._clock.monotonic() + self._pause_s(1, again_s)
        outage = self._outages[route] = _Outage(due)
        return outage

    def _failed(self, route: Route, error: BaseException) -> None:
        outage = self._outages.get(route)
        if outage is None:
            return
        outage.failures += 1
        again_s = getattr(error, "again_s", 0.0)
        outage.due = self._clock.monotonic() + self._pause_s(outage.failures, again_s)
        if outage.waiters:
            outage.wake_first()
        elif not (isinstance(error, ParleyError) and passes(error)):
            del self._outages[route]

    def _served(self, route: Route) -> None:
        outage = self._outages.pop(route, None)
        if outage is None:
            return
        log.info("a relay serves %s again; messages that go on: %d", route[1], len(outage.waiters))
        spread_s = min(SPREAD_S, SPREAD_EACH_S * len(outage.waiters))
        for waiter in outage.waiters:
            waiter.spread_s = spread_s
            waiter.bell.set()

    def _pause_s(self, failures: int, again_s: float) -> float:
        """Exponential, with jitter over its second half."""
        longest_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 8))
        return max(again_s, longest_s * (1 + self._chance()) / 2)
