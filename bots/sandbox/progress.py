"""How jobs go through their states: by the clock, or by being looked at."""

from datetime import datetime, timedelta

from msgspec import Struct


class Pace(Struct, frozen=True, kw_only=True):
    """A state lasts `step_s` seconds, or until looked at `polls` times, whichever is first.

    With 0 `polls` looking changes nothing.
    """

    step_s: float = 2.0
    polls: int = 0


class Progress:
    """A job that takes `steps` steps. `times` tells when it took those it has taken."""

    def __init__(self, pace: Pace, begun: datetime, steps: int) -> None:
        self._pace = pace
        self._since = begun
        self._steps = steps
        self._looks = 0
        self.times: list[datetime] = []

    @property
    def ended(self) -> bool:
        return len(self.times) >= self._steps

    def pass_to(self, now: datetime) -> None:
        """Take the steps that are due by the clock."""
        step = timedelta(seconds=self._pace.step_s)
        while not self.ended and now - self._since >= step:
            self._take(self._since + step)

    def look(self, now: datetime) -> None:
        """As `pass_to`, and count that the job was asked about."""
        self.pass_to(now)
        self._looks += 1
        if self._pace.polls and self._looks >= self._pace.polls and not self.ended:
            self._take(now)

    def _take(self, at: datetime) -> None:
        self.times.append(at)
        self._since = at
        self._looks = 0

    def time(self, step: int) -> int | None:
        """When step `step` (from 1) was taken, in seconds since 1970; None if it was not."""
        return int(self.times[step - 1].timestamp()) if len(self.times) >= step else None
