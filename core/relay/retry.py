"""When a call may be made again, and after how long. Pure."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.errors import RelayError, RelayRateLimited, RelayRefused, RelayUnavailable

Target = TypeVar("Target", bound=Hashable)

_NOT_BEGUN = frozenset({503, 529})
"""What says that the work was never begun: no channel, overloaded."""


def repeatable(error: RelayError) -> bool:
    """Whether nothing can have been billed: a lost connection or a time-out says no."""
    if not error.certain:
        return False
    match error:
        case RelayRefused() | RelayRateLimited():
            return True
        case RelayUnavailable(status=status):
            return status in _NOT_BEGUN
        case _:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Exponential, with full jitter. Seconds.

    `tries` counts those of one target. `patience_s` is the longest Retry-After
    worth waiting for.
    """

    tries: int = 3
    base_s: float = 0.5
    cap_s: float = 8.0
    patience_s: float = 20.0

    def jitter_s(self, tried: int, chance: float) -> float:
        """The wait after `tried` tries, beside a Retry-After. `chance` is random in [0, 1)."""
        return chance * min(self.cap_s, self.base_s * 2.0 ** (tried - 1))


class Rounds(Generic[Target]):
    """Which targets of one call are `ready` to be asked; each waits out its own Retry-After."""

    def __init__(self, targets: Iterable[Target], backoff: Backoff) -> None:
        self.ready = list(targets)
        self._backoff = backoff
        self._tried: Counter[Target] = Counter()
        self._due: dict[Target, float] = {}

    def failed(self, target: Target, error: RelayError, now: float) -> None:
        """Note a failure. The target comes again where that costs nothing and is soon enough."""
        self._tried[target] += 1
        wait_s = error.retry_after_s or 0.0
        left = self._tried[target] < self._backoff.tries and wait_s <= self._backoff.patience_s
        if left and repeatable(error):
            self._due[target] = now + wait_s

    def pause_s(self, now: float, chance: float) -> float | None:
        """How long to wait for those that are `ready` then; None if nobody is left."""
        if not self._due:
            return None
        first = min(self._due, key=self._due.__getitem__)
        until = max(now, self._due[first]) + self._backoff.jitter_s(self._tried[first], chance)
        self.ready = [target for target, due in self._due.items() if due <= until]
        for target in self.ready:
            del self._due[target]
        return until - now
