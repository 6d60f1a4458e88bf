"""Printing one message's way."""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bots.columns import columns
from bots.config import load
from bots.loop import run_async
from bots.named import message_named
from bots.printable import printable
from bots.trace.stops import Stop, chat_kind, spans_ms, stops, waits_for
from storage.aside import Oldest
from storage.reading import reading
from storage.trail import Follow, Trail


def trace(options: argparse.Namespace) -> int:
    """Raises ConfigError, StoreError."""
    trail = run_async(followed(options.config, options.id))
    if trail is None:
        sys.stdout.write("null\n" if options.json else "Every message has its whole answer.\n")
    elif options.json:
        told = msgspec.json.format(msgspec.json.encode(as_json(trail, text=options.text)))
        sys.stdout.write(told.decode() + "\n")
    else:
        sys.stdout.write("\n".join(lines(trail, text=options.text)) + "\n")
    return 0


async def followed(config: Path, given: str | None) -> Trail | None:
    """None: the oldest unanswered message; there may be none."""
    async with reading(load(config).storage.url.reveal()) as database:
        found = (
            await database.ask(Oldest()) if given is None else await message_named(database, given)
        )
        if found is None:
            return None
        trail = await database.ask(Follow(message_id=found))
    assert trail, "a message was deleted between two reads"  # noqa: S101 - a week after its end
    return trail


def lines(trail: Trail, *, text: bool) -> Iterator[str]:
    """For people to read."""
    yield f"message {trail.id}: {state(trail)}"
    where = (trail.platform, f"bot {trail.bot}", chat_kind(trail), f"key {trail.key}")
    yield printable(", ".join(word for word in where if word))
    if waited := waits_for(trail):
        yield f"waits for {waited}"
    if text:
        yield f"text: {printable(words_of(trail))}"
    yield ""
    yield from table(stops(trail))


def table(found: list[Stop]) -> Iterator[str]:
    rows = [("time (UTC)", f"{'+ms':>8}", "stop")]
    for stop, span in zip(found, spans_ms(found), strict=True):
        after = "" if span is None else f"{span:8.1f}"
        rows.append((moment(stop.at), after, printable(stop.words)))
    return columns(rows)


def moment(at: datetime | None) -> str:
    if at is None:
        return "-"
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")


def state(trail: Trail) -> str:
    match trail.state:
        case "new":
            return "unanswered"
        case "dead":
            return "set aside"
        case other:
            return other


def words_of(trail: Trail) -> str:
    return trail.message.text if trail.message else "(erased)"


def as_json(trail: Trail, *, text: bool) -> dict[str, Any]:
    found = stops(trail)
    told = [
        {"stop": stop.name, "at": stop.at, "ms": span, **stop.details}
        for stop, span in zip(found, spans_ms(found), strict=True)
    ]
    return {
        "id": trail.id,
        "platform": trail.platform,
        "bot": trail.bot,
        "chat": chat_kind(trail),
        "key": trail.key,
        "state": state(trail),
        "waits_for": waits_for(trail),
        **({"text": words_of(trail)} if text else {}),
        "stops": told,
    }
