"""`parley batch submit`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from bots.jobs.desk import Desk, desk, read
from bots.jobs.giving import give
from bots.jobs.served import check_served, check_size, file_limit
from bots.loop import run_async
from bots.relays.opened import entry_named
from core.errors import ConfigError
from core.jobs.lines import Line, batch_of, joined, parts, read_batch
from core.jobs.submit import fingerprint
from core.relay.client import Relay
from core.relay.dialect import Dialect
from core.relay_job import RelayJob


def submit(options: argparse.Namespace) -> int:
    """Raises ConfigError, RelayError, StoreError."""
    if (options.file is None) == (options.prompts is None):
        raise ConfigError("expected one of FILE and --prompts FILE. Name the one that you have.")
    if options.prompts is None and (options.model or options.system):
        raise ConfigError(
            "--model and --system are for --prompts: the lines of a FILE say it themselves"
        )
    with desk(options.config, asyncio.sleep) as opened:
        return run_async(_submit(options, opened))


async def _submit(options: argparse.Namespace, desk: Desk) -> int:
    entry = entry_named(desk.config, options.relay)
    async with desk.relay(options.relay) as relay:
        check_served(entry, relay.dialect, "batch")
        path: Path = options.prompts or options.file
        content = _content(options, relay.dialect)
        batches = _batches(content, path.name, relay.dialect, split=options.split)
        if options.remote_id and len(batches) > 1:
            raise ConfigError("expected one batch for --id, got several. Give each file alone.")
        given = []
        for number, lines in enumerate(batches, 1):
            name = f"{path.name} ({number} of {len(batches)})" if len(batches) > 1 else path.name
            given.append(await give(_draft(lines, name, relay, desk), relay, desk, options))
    sys.stdout.write(_next([job.number for job in given]))
    return 0


def _next(numbers: Sequence[int]) -> str:
    which = str(numbers[0])
    if len(numbers) > 1:
        which = f"N, for N = {', '.join(map(str, numbers))}"
    return f"Next: parley batch status, then parley batch fetch {which}\n"


def _content(options: argparse.Namespace, dialect: Dialect) -> bytes:
    if options.prompts is None:
        return read(options.file)
    model = options.model or dialect.default_model("chat")
    if not model:
        raise ConfigError("expected --model, since the relay's profile has no usual one")
    return batch_of(read(options.prompts), options.prompts.name, model=model, system=options.system)


def _batches(
    content: bytes, file: str, dialect: Dialect, *, split: bool
) -> Sequence[Sequence[Line]]:
    """One, or with `split` as many as the relay's limit makes. Raises RelayInvalid."""
    lines = read_batch(content, file)
    limit = file_limit(dialect, "batch")
    if split:
        return parts(lines, limit, file)
    size = len(joined([line.raw for line in lines]))
    check_size(f"{file}: bytes of a batch", size, limit, "Make several of it with --split.")
    return [lines]


def _draft(lines: Sequence[Line], file: str, relay: Relay, desk: Desk) -> RelayJob:
    blob = desk.jobs.keep_input(joined([line.raw for line in lines]))
    return RelayJob(
        kind="batch",
        relay=relay.name,
        fingerprint=fingerprint(blob),
        file=file,
        input=blob,
        at=desk.clock.now(),
        total=len(lines),
    )
