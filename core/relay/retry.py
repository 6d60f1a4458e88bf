"""When a call may be made again, and after how long. Pure."""

from dataclasses import dataclass

from core.errors import RelayError, RelayRateLimited, RelayRefused, RelayUnavailable

_NOT_BEGUN = frozenset({503, 529})
"""What says that the work was never begun: no channel, overloaded."""


def repeatable(error: RelayError) -> bool:
    """Whether nothing can have been billed: a lost connection or a time-out says no."""
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

    `patience_s` is the longest Retry-After worth waiting for.
    """

    tries: int = 3
    base_s: float = 0.5
    cap_s: float = 8.0
    patience_s: float = 20.0

    def delay_s(self, tried: int, chance: float, asked_s: float | None = None) -> float | None:
        """The wait after `tried` tries; None to give up.

        `chance` is a random number in [0, 1); `asked_s` the relay's Retry-After.
        """
        if tried >= self.tries or (asked_s is not None and asked_s > self.patience_s):
            return None
        jitter = chance * min(self.cap_s, self.base_s * 2.0 ** (tried - 1))
        return jitter + (asked_s or 0.0)
