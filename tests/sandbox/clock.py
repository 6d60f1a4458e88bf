"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

STEP_S = 60
"""How long a step of a batch or a fine-tuning job takes by it."""


class Clock:
    """Given to a relay as its `now`; safe to move from the test's thread."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """`move(hours=1)`: by what `timedelta` takes."""
        self.at += timedelta(**by)

    @property
    def seconds(self) -> int:
        """Since 1970."""
        return int(self.at.timestamp())
