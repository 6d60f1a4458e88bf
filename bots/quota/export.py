"""The ledger's rows for spreadsheets and programs."""

import argparse
import csv
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

import msgspec

from bots.config import Config
from bots.loop import run_async
from bots.quota.desk import configured
from bots.quota.report import span
from core.amounts import said
from core.errors import ConfigError
from storage.reading import Asked, reading
from storage.spending import Entries, Entry

AT_ONCE = 1000
COLUMNS = (
    *("at", "day", "person", "group", "bot", "conversation", "message", "kind", "relay", "model"),
    *("key", "prompt_tokens", "completion_tokens", "characters", "images", "audio_s"),
    *("estimated", "unsure", "usd", "reserved_usd"),
)
FORMULA = re.compile(r"(?:^|(?<=[;,|\t\r\n]))(?=[=+\-@\t\r\n＝＋－＠])")
"""Before what a spreadsheet takes for a formula, at the start of a cell or of what is one where it
splits at another sign; the wide forms by some of them.
Source: https://owasp.org/www-community/attacks/CSV_Injection, as known in November 2026."""

BOM = "\ufeff"
"""By which Excel knows UTF-8."""


def export(options: argparse.Namespace) -> int:
    """Raises ConfigError, StoreError."""
    config = configured(options.config)
    since, until = span(config, options, datetime.now(UTC))
    count = run_async(written(config, since, until, options.file, as_csv=not options.json))
    sys.stderr.write(f"{count} rows from {since} to {until}\n")
    return 0


async def written(
    config: Config, since: str, until: str, path: Path | None, *, as_csv: bool
) -> int:
    """How many rows. A file is begun only once the database can be read."""
    count = 0
    async with reading(config.storage.url.reveal()) as database:
        with opened(path) as out:
            write = csv_writer(out) if as_csv else json_writer(out)
            async for entry in entries(database, since, until):
                write(values(entry))
                count += 1
    return count


async def entries(database: Asked, since: str, until: str) -> AsyncIterator[Entry]:
    """Oldest first; no more than AT_ONCE are held."""
    after = 0
    while True:
        asked = Entries(since=since, until=until, after=after, count=AT_ONCE)
        found = await database.ask(asked)
        for entry in found:
            yield entry
        if not found:
            return
        after = found[-1].seq


def values(entry: Entry) -> dict[str, object]:
    """Dollars are decimals in words, None where the price is not known."""
    spend = entry.spend
    return {
        "at": spend.at.astimezone(UTC).isoformat(),
        "day": entry.day,
        "person": entry.identity or entry.person,
        "group": entry.place,
        "bot": entry.bot,
        "conversation": entry.conversation,
        "message": entry.message_id,
        "kind": spend.kind,
        "relay": spend.relay,
        "model": spend.model,
        "key": spend.key,
        "prompt_tokens": spend.prompt_tokens,
        "completion_tokens": spend.completion_tokens,
        "characters": spend.characters,
        "images": spend.images,
        "audio_s": spend.audio_s,
        "estimated": spend.estimated,
        "unsure": spend.unsure,
        "usd": dollars(spend.nano_usd),
        "reserved_usd": dollars(spend.reserved_nano_usd),
    }


def dollars(nano_usd: int | None) -> str | None:
    return None if nano_usd is None else f"{said('usd', nano_usd):f}"


Write = Callable[[Mapping[str, object]], None]


def csv_writer(out: TextIO) -> Write:
    """With a head, quoted by RFC 4180's rules, and no cell that begins as a formula does."""
    out.write(BOM)
    rows = csv.DictWriter(out, COLUMNS)
    rows.writeheader()
    return lambda row: rows.writerow({name: harmless(value) for name, value in row.items()})


def harmless(value: object) -> object:
    match value:
        case str():
            return FORMULA.sub("'", value)
        case bool():
            return str(value).lower()
        case _:
            return value


def json_writer(out: TextIO) -> Write:
    """An object a line."""

    def write(row: Mapping[str, object]) -> None:
        out.write(msgspec.json.encode(row).decode() + "\n")

    return write


@contextmanager
def opened(path: Path | None) -> Iterator[TextIO]:
    """UTF-8 whatever the machine's own encoding is. Raises ConfigError."""
    try:
        if path:
            with path.open("w", encoding="utf-8", newline="") as file:
                yield file
            return
        out = TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
        try:
            yield out
        finally:
            out.detach()
    except OSError as error:
        raise ConfigError(
            f"expected to write {path or 'standard output'}, got: {error.strerror}"
        ) from error
