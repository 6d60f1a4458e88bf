"""`parley relay test`: every call of a relay tried, told as a table, noted in its profile."""

import argparse
import sys
import time
from asyncio import CancelledError
from collections.abc import AsyncIterator, Mapping, Sequence

from msgspec.structs import replace

from bots.clock import SystemClock
from bots.columns import columns
from bots.config import Config, load
from bots.ledger.enter import enter_made
from bots.loop import run_async
from bots.relays.billed import billed, lost
from bots.relays.cost import Cost, Meter, estimate, total_of
from bots.relays.noted import note
from bots.relays.opened import dialect_of, entry_named, opened_relay
from bots.relays.outcome import HEADS, Outcome, Result, Tried
from bots.relays.tries import ORDER, Told, Tries
from bots.relays.verdict import is_refusal, reason, verdict_of
from core.errors import ConfigError, RelayError
from core.model import Spend
from core.relay.client import Relay
from core.relay.dialect import Capabilities, Capability, Dialect

UNKNOWN: Mapping[str, Capability] = dict.fromkeys(Capabilities.__struct_fields__, "unknown")
OPEN = Capabilities(**UNKNOWN)
"""Every call goes out, whatever the profile says of it."""


def run_trial(options: argparse.Namespace) -> int:
    """0 if all that the profile promises was served, else 1. Raises ParleyError."""
    config = load(options.config)
    entry = entry_named(config, options.relay)
    calls = chosen(options.calls)
    if not options.yes and not agreed(options.relay):
        sys.stderr.write("Nothing was called.\n")
        return 1
    profile = dialect_of(config, entry)
    spends: list[Spend] = []
    try:
        outcomes, total = run_async(tried(config, options, profile, calls, spends))
        rows = [HEADS, *(outcome.row() for outcome in outcomes), ("total", "", "", "", total, "")]
        sys.stdout.write("\n".join(columns(rows)) + "\n")
        note(config, entry, outcomes, keep=options.keep)
        sys.stdout.flush()
    finally:
        enter_made(config, spends)
    return 1 if any(outcome.missed for outcome in outcomes) else 0


def chosen(names: Sequence[str]) -> Sequence[Tried]:
    """In the order of trying. Raises ConfigError for a name that is none."""
    unknown = [name for name in names if name not in ORDER]
    if unknown:
        known = ", ".join(name.replace("_", "-") for name in ORDER)
        raise ConfigError(f"--calls: expected names out of {known}, got {', '.join(unknown)}.")
    return [name for name in ORDER if name in names] if names else ORDER


def agreed(relay: str) -> bool:
    """Raises ConfigError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise ConfigError(
            "relay test: expected a terminal to ask at, since it spends a little, got none. "
            "Add --yes."
        )
    sys.stderr.write(f'This calls "{relay}" and spends a little. Go on? (y/n) [n] ')
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


async def tried(
    config: Config,
    options: argparse.Namespace,
    profile: Dialect,
    calls: Sequence[Tried],
    spends: list[Spend],
) -> tuple[Sequence[Outcome], str]:
    """The outcomes, and what they cost together; each that cost is added to `spends`."""
    every = replace(profile, capabilities=OPEN)
    async with opened_relay(config, options.relay, dialect=every) as relay:
        meter = Meter(relay)
        await meter.start()
        tries = Tries(relay, profile, costly=options.costly)
        outcomes = [one async for one in each(relay, tries, meter, profile, calls, spends)]
        total = total_of([one.cost for one in outcomes], await meter.total())
    return outcomes, total


async def each(
    relay: Relay,
    tries: Tries,
    meter: Meter,
    profile: Dialect,
    calls: Sequence[Tried],
    spends: list[Spend],
) -> AsyncIterator[Outcome]:
    for call in calls:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{call} …")
            sys.stderr.flush()
        yield await one(relay, tries, meter, profile, call, spends)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


async def one(
    relay: Relay,
    tries: Tries,
    meter: Meter,
    profile: Dialect,
    call: Tried,
    spends: list[Spend],
) -> Outcome:
    said = getattr(profile.capabilities, call)
    began = time.monotonic()
    try:
        told = await made(relay, tries, call, spends)
    except RelayError as error:
        took_ms = (time.monotonic() - began) * 1000
        return replace(refused(relay.name, call, said, error, tries.asked_for), took_ms=took_ms)
    except ConfigError as error:
        return Outcome(call=call, profile=said, result="skipped", words=str(error))
    took_ms = (time.monotonic() - began) * 1000
    cost = await cost_of(meter, profile, call, told)
    return Outcome(
        call=call,
        profile=said,
        result="served",
        words=told.words,
        took_ms=took_ms,
        cost=cost,
        verdict="yes",
    )


async def made(relay: Relay, tries: Tries, call: Tried, spends: list[Spend]) -> Told:
    """Raises RelayError, ConfigError."""
    spend: Spend | None = None
    clock = SystemClock()
    try:
        told = await tries.make(call)
        spend = billed(relay, call, told.spent, clock.now())
    except RelayError as error:
        spend = None if error.certain else lost(relay, call, clock.now())
        raise
    except CancelledError:
        spend = lost(relay, call, clock.now())
        raise
    finally:
        spends.extend([spend] if spend else [])
    return told


def refused(
    relay: str, call: Tried, said: Capability, error: RelayError, asked_for: str
) -> Outcome:
    verdict = verdict_of(error, asked_for)
    words = reason(error, relay, verdict)
    result: Result = "refused" if is_refusal(error) else "failed"
    if verdict == "yes":
        result, words = "served", f"it looked for {asked_for}"
    return Outcome(call=call, profile=said, result=result, words=words, verdict=verdict)


async def cost_of(meter: Meter, profile: Dialect, call: Tried, told: Told) -> Cost:
    """A free call's difference is another's that was booked late; the total has it."""
    estimated = estimate(profile, call, told.spent)
    if estimated.kind == "free":
        return estimated
    usd = await meter.since_last()
    return estimated if usd is None else Cost(kind="told", usd=usd)
