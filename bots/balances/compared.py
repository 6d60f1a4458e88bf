"""The ledger beside the relays' own figures, for the terminal."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bots.columns import columns
from bots.printable import printable
from core.amounts import dollars
from core.quota.drift import Drift
from storage.reading import Asked
from storage.readings import Drifts

HEAD = ("ledger and relay", "ledger", "relay", "apart")


async def compared(database: Asked, since: str, until: str, zone: ZoneInfo) -> Sequence[Drift]:
    """Of the accounting days from `since` to `until`, both in it. Raises StoreError."""
    begin, last = date.fromisoformat(since), date.fromisoformat(until)
    after = last + timedelta(days=1)
    return await database.ask(
        Drifts(
            since=datetime.combine(begin, time.min, tzinfo=zone),
            until=datetime.combine(after, time.min, tzinfo=zone),
        )
    )


def lines(drifts: Sequence[Drift]) -> Iterator[str]:
    """A table; nothing where no token was read twice."""
    if drifts:
        yield from columns([HEAD, *map(_cells, drifts)])


def _cells(drift: Drift) -> tuple[str, ...]:
    return (
        printable(f"{drift.relay}:{drift.alias}"),
        dollars(drift.ledger_nano_usd),
        dollars(drift.relay_nano_usd),
        _apart(drift),
    )


def _apart(drift: Drift) -> str:
    if drift.unpriced:
        return f"not comparable: {drift.unpriced} calls without a known price"
    if drift.percent is None:
        return "not comparable: the relay began its figure anew"
    return f"{drift.percent:+.1f} %"
