"""Accounting days and months in the common zone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.ports.ledger import Period


def zone_of(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    """A person's own zone; a name that this machine does not know is none."""
    if not name:
        return otherwise
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return otherwise


class Calendar:
    """By the zone of [people]."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def day(self, now: datetime) -> str:
        """The accounting day, YYYY-MM-DD."""
        return now.astimezone(self.zone).date().isoformat()

    def since(self, now: datetime, period: Period) -> str:
        """The first day of the period that `now` is in."""
        day = self.day(now)
        return day if period == "day" else f"{day[:7]}-01"

    def renewal(self, since: str, period: Period) -> datetime:
        """When the period that began on a day ends: a midnight in the zone."""
        first = date.fromisoformat(since)
        if period == "day":
            after = first + timedelta(days=1)
        else:
            after = (first + timedelta(days=32)).replace(day=1)
        return datetime.combine(after, time.min, tzinfo=self.zone)
