"""An account whose words do not arrive is left in peace for a while: QQ may suspect it."""

from core.ports.clock import Clock

UNSURE = 3
FIRST_S = 60.0
LONGEST_S = 600.0


class Breaker:
    """Opens after UNSURE sends in a row of which nobody knows whether they arrived."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._unsure = 0
        self._pause_s = FIRST_S
        self._until = 0.0

    @property
    def wait_s(self) -> float:
        """How long nothing is to be sent yet."""
        return max(0.0, self._until - self._clock.monotonic()) if self._until else 0.0

    @property
    def trouble(self) -> str:
        if not self.wait_s:
            return ""
        return "QQ does not confirm what it sends (risk control?): it pauses"

    def fine(self) -> None:
        self._unsure, self._pause_s, self._until = 0, FIRST_S, 0.0

    def unsure(self) -> None:
        """After a pause one more is enough for a longer one."""
        self._unsure += 1
        if self._unsure >= UNSURE:
            self._until = self._clock.monotonic() + self._pause_s
            self._pause_s = min(self._pause_s * 2, LONGEST_S)
            self._unsure = UNSURE - 1
