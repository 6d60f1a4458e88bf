"""A time that goes on whatever the machine's clock is set to."""

from datetime import datetime, timedelta

from core.ports.clock import Clock


class SteadyTime:
    """The clock's time when this was made, and what has gone by since. UTC and aware.

    Where the machine sleeps, it may stand still: use it beside the clock, not in its place.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._zero = clock.now() - timedelta(seconds=clock.monotonic())

    def now(self) -> datetime:
        return self._zero + timedelta(seconds=self._clock.monotonic())
