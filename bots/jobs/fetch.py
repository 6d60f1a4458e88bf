"""`parley batch fetch`."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bots.jobs.desk import Desk, desk
from bots.jobs.ledger import enter_spends, matched, spends_of
from bots.jobs.status import Progress
from bots.jobs.table import deadline, state
from bots.loop import run_async
from bots.relays.opened import dialect_of, entry_named
from core.amounts import dollars
from core.errors import ConfigError
from core.jobs.follow import ask, follow, keep
from core.jobs.output import Matched, as_jsonl
from core.model import Spend
from core.relay_job import RelayJob

NAMED = 20
"""How many missing custom_ids are named."""


def fetch(path: Path, number: int, output: Path | None, *, wait: bool) -> int:
    """1 where it has not ended, or answers are missing. Raises ConfigError, RelayError, StoreError.

    The answers go to `output` or standard output, everything else to standard error.
    """
    with desk(path, asyncio.sleep) as opened:
        return run_async(give(opened, number, output, wait=wait))


async def give(desk: Desk, number: int, output: Path | None, *, wait: bool) -> int:
    job = desk.numbered("batch", number)
    if job.state in ("submitted", "ended"):
        job = await _kept(job, desk, wait=wait)
    if job.state != "fetched":
        told = "; ".join(filter(None, (state(job), deadline(job, desk.clock.now()))))
        sys.stderr.write(f"batch {number}: nothing to fetch: {told}\n")
        return 1
    lines, answers = matched(job, desk)
    spends = spends_of(job, lines, answers, desk)
    try:
        _write(as_jsonl(answers.answers), output)
        for words in _summary(job, answers, spends, desk):
            sys.stderr.write(f"batch {number}: {words}\n")
    finally:
        await enter_spends(job, spends, desk)
    return 1 if answers.missing else 0


async def _kept(job: RelayJob, desk: Desk, *, wait: bool) -> RelayJob:
    async with desk.relay(job.relay) as relay:
        if wait:
            tell = Progress(desk).tell
            return await follow(job, relay, desk.jobs, desk.clock, sleep=desk.sleep, tell=tell)
        if job.state == "submitted":
            job = await ask(job, relay, desk.jobs, desk.clock)
        return await keep(job, relay, desk.jobs, desk.clock)


def _write(answers: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(answers)
        sys.stdout.flush()
        return
    try:
        output.write_bytes(answers)
    except OSError as error:
        raise ConfigError(
            f"expected to write {output}, got: {error.strerror}. The answers are kept: "
            "give the same command with another -o."
        ) from error


def _summary(job: RelayJob, matched: Matched, spends: Sequence[Spend], desk: Desk) -> Iterator[str]:
    good = len(matched.answers) - len(matched.missing) - matched.refused
    yield f"{good} answers, {matched.refused} refused, {len(matched.missing)} missing"
    yield _cost(job, spends, desk)
    if matched.strange:
        yield f"{matched.strange} lines of the output answer nothing that was asked"
    if matched.unreadable:
        yield f"{matched.unreadable} lines of the output could not be read"
    if matched.missing:
        more = len(matched.missing) - NAMED
        named = ", ".join(matched.missing[:NAMED]) + (f" and {more} more" if more > 0 else "")
        yield f"missing from the output: {named}"


def _cost(job: RelayJob, spends: Sequence[Spend], desk: Desk) -> str:
    try:
        dialect = dialect_of(desk.config, entry_named(desk.config, job.relay))
    except ConfigError:
        return f"cost unknown: relay {job.relay} is not configured any more"
    if unpriced := sorted({spend.model for spend in spends if spend.nano_usd is None}):
        return f"cost unknown: the relay's profile has no price for {', '.join(unpriced)}"
    return (
        f"about {dollars(sum(spend.nano_usd or 0 for spend in spends))} by the profile's prices, "
        f"at {dialect.batch_price:g} of what plain requests cost"
    )
