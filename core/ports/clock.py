"""Time and names, given from outside: nothing in the core reads a clock of its own."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeAlias


class Clock(Protocol):
    def now(self) -> datetime:
        """Wall-clock time, UTC and aware."""
        ...

    def monotonic(self) -> float:
        """Seconds from some start; never goes back."""
        ...


NewId: TypeAlias = Callable[[], str]
"""Makes ids that sort by time."""
