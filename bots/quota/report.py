"""A report at the terminal: the same figures as in the chat."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bots.balances.compared import compared
from bots.balances.compared import lines as drift_lines
from bots.columns import columns
from bots.config import Config
from bots.loop import run_async
from bots.printable import printable
from bots.quota.desk import configured
from core.amounts import dollars, number
from core.errors import ConfigError
from core.quota.calendar import Calendar
from core.quota.drift import Drift
from core.quota.report import Figures, Part, Report
from storage.reading import reading
from storage.spending import Spending

HEADS = ("calls", "tokens", "images", "audio", "dollars", "unpriced", "unsure")


def report(options: argparse.Namespace) -> int:
    """Raises ConfigError, StoreError."""
    config = configured(options.config)
    since, until = span(config, options, datetime.now(UTC))
    made, drifts = run_async(asked(config, since, until))
    sys.stdout.write("\n".join([*lines(made), *beside(drifts)]) + "\n")
    return 0


def span(config: Config, options: argparse.Namespace, now: datetime) -> tuple[str, str]:
    """The first and the last day that are meant: this month, where none is said.

    Raises ConfigError.
    """
    calendar = Calendar(ZoneInfo(config.people.timezone))
    until = options.until or calendar.day(now)
    since = options.since or f"{until[:7]}-01"
    if since > until:
        raise ConfigError(f"expected --from before --to or on it, got {since} to {until}")
    return since, until


async def asked(config: Config, since: str, until: str) -> tuple[Report, Sequence[Drift]]:
    async with reading(config.storage.url.reveal()) as database:
        found = await database.ask(Spending(since=since, until=until))
        drifts = await compared(database, since, until, ZoneInfo(config.people.timezone))
    return Report(since=since, until=until, lines=found), drifts


def beside(drifts: Sequence[Drift]) -> Iterator[str]:
    """The ledger beside the relays' own figures, where they were read."""
    if drifts:
        yield ""
        yield from drift_lines(drifts)


def lines(made: Report) -> Iterator[str]:
    yield f"{made.since} to {made.until}"
    if not made.lines:
        yield "Nothing was spent."
        return
    people = made.by_person()
    whole = [("", made.total)]
    for head, parts in (
        ("in all", whole),
        ("by kind", made.by_kind()),
        ("by model", made.by_model()),
        (f"top {min(len(people), 10)} of {len(people)} people", made.top()),
    ):
        yield ""
        yield from table(head, parts)
    yield from notes(made.total)


def table(head: str, parts: Sequence[Part]) -> Iterator[str]:
    cells = [(name_of(name), *row(figures)) for name, figures in parts]
    yield from columns([(head, *HEADS), *cells])


def notes(total: Figures) -> Iterator[str]:
    if total.unpriced or total.unsure:
        yield ""
    if total.unpriced:
        yield (
            f"{number(total.unpriced)} calls have no known price and are not in the dollars: "
            "set it under"
        )
        yield "[relays.NAME.prices]."
    if total.unsure:
        unsure = number(total.unsure)
        yield f"Of {unsure} calls it is not known whether they were billed; they are counted."


def row(figures: Figures) -> tuple[str, ...]:
    return (
        number(figures.calls),
        number(figures.prompt_tokens + figures.completion_tokens),
        number(figures.images),
        f"{number(figures.audio_s)} s",
        dollars(figures.nano_usd),
        number(figures.unpriced),
        number(figures.unsure),
    )


def name_of(name: str) -> str:
    return printable(name) or "–"
