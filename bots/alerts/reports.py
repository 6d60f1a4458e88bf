"""When a report is due, and of which days. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bots.config.model import Alerts

LATE = {"daily": timedelta(hours=12), "weekly": timedelta(days=3)}
"""How late a report may come, where the bot was not there or nobody could be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """`since` and `until` are accounting days, both in it; `at` is when it was to go out."""

    name: str
    at: datetime
    since: str
    until: str

    @property
    def job(self) -> str:
        return f"report {self.name}"


def due(now: datetime, zone: ZoneInfo, alerts: Alerts) -> Iterator[Due]:
    """Those whose time has come by the clock as it stands, each under the same `at` whenever
    it is asked."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    wanted = (("daily", alerts.daily, today, 1), ("weekly", alerts.weekly, monday, 7))
    for name, on, day, days in wanted:
        at = datetime.combine(day, time(alerts.report_hour), tzinfo=zone)
        if on and timedelta() <= now - at <= LATE[name]:
            yield Due(
                name=name,
                at=at,
                since=_iso(day - timedelta(days=days)),
                until=_iso(day - timedelta(days=1)),
            )


def span(due: Due, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From its first day's midnight to the midnight after its last."""
    first = date.fromisoformat(due.since)
    after = date.fromisoformat(due.until) + timedelta(days=1)
    return (
        datetime.combine(first, time.min, tzinfo=zone),
        datetime.combine(after, time.min, tzinfo=zone),
    )


def _iso(day: date) -> str:
    return day.isoformat()
