"""`parley finetune start`."""

import argparse
import asyncio
import sys
from pathlib import Path

from bots.jobs.desk import Desk, desk, read
from bots.jobs.giving import give
from bots.jobs.served import check_served, check_size, file_limit
from bots.loop import run_async
from bots.relays.opened import entry_named
from core.jobs.lines import numbered, read_examples
from core.jobs.submit import fingerprint
from core.relay.client import Relay
from core.relay.dialect import Dialect
from core.relay_job import RelayJob


def start(options: argparse.Namespace) -> int:
    """Raises ConfigError, RelayError, StoreError."""
    with desk(options.config, asyncio.sleep) as opened:
        return run_async(_start(options, opened))


async def _start(options: argparse.Namespace, desk: Desk) -> int:
    entry = entry_named(desk.config, options.relay)
    async with desk.relay(options.relay) as relay:
        check_served(entry, relay.dialect, "fine_tune")
        limit = relay.dialect.limits.suffix_chars
        check_size("characters of --suffix", len(options.suffix), limit, "Shorten it.")
        await give(_draft(options, relay, desk), relay, desk, options)
    sys.stdout.write("Next: parley finetune status\n")
    return 0


def _draft(options: argparse.Namespace, relay: Relay, desk: Desk) -> RelayJob:
    examples = _examples(options.file, relay.dialect)
    blob = desk.jobs.keep_input(examples)
    validation = ""
    if options.validation:
        validation = desk.jobs.keep_input(_examples(options.validation, relay.dialect))
    asked = (blob, validation, options.model, options.suffix, str(options.epochs))
    return RelayJob(
        kind="fine_tune",
        relay=relay.name,
        fingerprint=fingerprint(*asked),
        file=options.file.name,
        input=blob,
        validation=validation,
        model=options.model,
        suffix=options.suffix,
        epochs=options.epochs,
        at=desk.clock.now(),
        total=sum(1 for _ in numbered(examples)),
    )


def _examples(path: Path, dialect: Dialect) -> bytes:
    examples = read_examples(read(path), path.name)
    limit = file_limit(dialect, "fine_tune")
    check_size(f"{path.name}: bytes", len(examples), limit, "Send fewer examples.")
    return examples
