"""A clock that is moved by hand."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


class ManualClock:
    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def pass_(self, **span: float) -> None:
        self.at += timedelta(**span)
