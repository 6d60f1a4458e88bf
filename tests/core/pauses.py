"""Time that passes when a test says so."""

from collections.abc import Callable


class Timer:
    """Rings once, unless it was cancelled."""

    def __init__(self, at_s: float, ring: Callable[[], None]) -> None:
        self.at_s = at_s
        self.ring = ring
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Pauses:
    """The time that held messages wait by: it passes when a test says so."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._timers: list[Timer] = []

    def later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        timer = Timer(self.now_s + seconds, callback)
        self._timers.append(timer)
        return timer

    @property
    def waiting(self) -> int:
        return sum(not timer.cancelled for timer in self._timers)

    def pass_(self, seconds: float) -> None:
        """What is due rings, in the order of its time."""
        self.now_s += seconds
        due = [timer for timer in self._timers if timer.at_s <= self.now_s]
        self._timers = [timer for timer in self._timers if timer.at_s > self.now_s]
        for timer in sorted(due, key=lambda timer: timer.at_s):
            if not timer.cancelled:
                timer.ring()

    def forget(self) -> None:
        """Timers end with their process."""
        self._timers.clear()
