"""A small circuit breaker: a target that failed goes to the back of the queue for a while."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Target = TypeVar("Target", bound=Hashable)


@dataclass(slots=True)
class _Trouble:
    failures: int
    until: float


class Cooldowns(Generic[Target]):
    """Pauses double with each failure in a row, from `first_s` to `longest_s` seconds.

    A pause that ended lets one caller through to probe; the others wait for what
    comes of it, or for another pause.
    """

    def __init__(
        self, monotonic: Callable[[], float], first_s: float = 2.0, longest_s: float = 60.0
    ) -> None:
        self._monotonic = monotonic
        self._first_s = first_s
        self._longest_s = longest_s
        self._troubles: dict[Target, _Trouble] = {}

    def ordered(self, targets: Iterable[Target]) -> list[Target]:
        """The healthy ones as they come, then the rest: none is left out."""
        if not self._troubles:
            return list(targets)
        now = self._monotonic()
        return sorted(targets, key=lambda target: self._cools(target, now))

    def trying(self, target: Target) -> None:
        """Note that a target is being tried."""
        trouble = self._troubles.get(target)
        if trouble is not None:
            trouble.until = max(trouble.until, self._monotonic() + self._pause_s(trouble.failures))

    def failed(self, target: Target, at_least_s: float = 0.0) -> None:
        trouble = self._troubles.get(target)
        failures = trouble.failures + 1 if trouble else 1
        pause_s = max(self._pause_s(failures), at_least_s)
        self._troubles[target] = _Trouble(failures, self._monotonic() + pause_s)

    def served(self, target: Target) -> None:
        self._troubles.pop(target, None)

    def _cools(self, target: Target, now: float) -> bool:
        trouble = self._troubles.get(target)
        return trouble is not None and now < trouble.until

    def _pause_s(self, failures: int) -> float:
        return min(self._longest_s, self._first_s * 2.0 ** min(failures - 1, 16))
