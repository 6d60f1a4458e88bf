"""Whether an account is heard: its heartbeats, its silence, what it says of itself."""

from collections.abc import Mapping
from typing import Any

from core.ports.clock import Clock

MISSED_BEATS = 3
AWAY_S = 30.0
"""How long an account may be gone before it is told: implementations come back in 3 to 5 s."""


class Health:
    """Fed with every event of one account. Times are the clock's monotonic."""

    def __init__(self, clock: Clock, silence_s: float) -> None:
        self._clock = clock
        self._silence_s = silence_s
        self._since = clock.monotonic()
        self._heard_at: float | None = None
        self._interval_s = 0.0
        self._offline = False
        self._connected = False

    def came(self) -> None:
        """A socket for events opened: all that was known before is of the past."""
        self._connected = True
        self._since = self._clock.monotonic()
        self._heard_at = None
        self._interval_s = 0.0
        self._offline = False

    def went(self) -> None:
        self._connected = False
        self._since = self._clock.monotonic()

    def heard(self) -> None:
        self._heard_at = self._clock.monotonic()

    def beat(self, event: Mapping[str, Any]) -> None:
        """A heartbeat. `interval` is in ms; `online` is the account's word on QQ."""
        interval = event.get("interval")
        if isinstance(interval, int | float) and 0 < interval < 3_600_000:
            self._interval_s = interval / 1000
        status = event.get("status")
        self._offline = isinstance(status, Mapping) and status.get("online") is False

    @property
    def trouble(self) -> str:
        now = self._clock.monotonic()
        if not self._connected:
            gone_s = now - self._since
            return f"not connected for {gone_s:.0f} s" if gone_s > AWAY_S else ""
        if self._offline:
            return "connected, but logged out of QQ: log in again in the implementation"
        return self._deaf(now)

    def _deaf(self, now: float) -> str:
        """Silence where there should be none: a beat was promised, or nothing ever came."""
        silent_s = now - (self._since if self._heard_at is None else self._heard_at)
        if self._heard_at is None:
            patience_s = self._silence_s
        elif self._interval_s:
            patience_s = max(self._silence_s, MISSED_BEATS * self._interval_s)
        else:
            return ""
        return f"connected, but nothing heard for {silent_s:.0f} s" if silent_s > patience_s else ""
