"""Jobs as people read them: a table, times and spans. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from bots.columns import columns
from core.relay_job import RelayJob

HEADS = ("N", "relay", "state", "done", "age", "file", "")


def table(jobs: Sequence[RelayJob], now: datetime, zone: tzinfo | None = None) -> str:
    """A line a job, in columns. `zone` is the machine's own unless given."""
    rows = [HEADS, *(_row(job, now, zone) for job in jobs)]
    return "\n".join(columns(rows)) + "\n"


def _row(job: RelayJob, now: datetime, zone: tzinfo | None) -> tuple[str, ...]:
    done = f"{job.completed + job.failed}/{job.total}" if job.kind == "batch" else ""
    return (
        str(job.number),
        job.relay,
        state(job),
        done,
        span(now - job.at),
        job.file,
        deadline(job, now, zone),
    )


def state(job: RelayJob) -> str:
    """The relay's word while it works; ours where that says more."""
    match job.state:
        case "creating":
            return "in doubt"
        case "submitted":
            return job.told
        case "ended" | "failed" if job.told not in ("completed", "failed"):
            return f"{job.state} ({job.told})"
        case _:
            return job.state


def deadline(job: RelayJob, now: datetime, zone: tzinfo | None = None) -> str:
    """What to do until when; or why it stands still."""
    match job.state:
        case "prepared" | "uploaded":
            return job.trouble or "the same command submits it"
        case "creating":
            asked = moment(job.tried_at or job.at, now, zone)
            return f"asked for at {asked}; the same command tells what to do"
        case "submitted":
            kept = _left("record kept until", job.record_until, now, zone)
            return "; ".join(words for words in (job.trouble, kept) if words)
        case "ended":
            return _ended(job, now, zone)
        case "fetched":
            return f"parley batch fetch {job.number}"
        case _:
            return job.trouble


def _ended(job: RelayJob, now: datetime, zone: tzinfo | None) -> str:
    if job.kind == "fine_tune":
        return job.fine_tuned_model
    if job.output_until is None:
        return f"parley batch fetch {job.number}"
    if now < job.output_until:
        return _left("fetch before", job.output_until, now, zone)
    kept = moment(job.output_until, now, zone)
    return f"fetch at once: it was kept until {kept} at least"


def _left(words: str, until: datetime | None, now: datetime, zone: tzinfo | None) -> str:
    if until is None:
        return ""
    return f"{words} {moment(until, now, zone)}, {span(until - now)} left"


def moment(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """By the clock on the wall; with the date where it is not today's."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%Y-%m-%d %H:%M}"


def span(time: timedelta) -> str:
    """As in "2 h 10 min": the two largest units, rounded down."""
    seconds = max(int(time.total_seconds()), 0)
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"
