"""The whole check, in the order it is told."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bots.check.decided import decided
from bots.check.finding import Finding, tell
from bots.check.machine import machine
from bots.check.network import network
from bots.check.platforms import live, standing
from bots.check.relays import relays
from bots.config import Config, load
from bots.config.notes import notes
from bots.loop import run_async
from core.errors import ConfigError


def check(path: Path, *, offline: bool) -> int:
    """Print a line for each thing looked at; 1 if anything is wrong."""
    try:
        config = load(path)
    except ConfigError as error:
        return tell([Finding("WRONG", "config", line) for line in str(error).splitlines()])
    findings = [
        *machine(path, config),
        *relays(config),
        *standing(config),
        *decided(config),
        *(Finding("note", setting, words) for setting, words in notes(config)),
    ]
    if not offline:
        findings += run_async(reached(config))
    return tell(findings)


async def reached(config: Config) -> Sequence[Finding]:
    """Everything that is called, all at once."""
    called, bots = await asyncio.gather(asyncio.gather(*network(config)), live(config))
    return [*called, *bots]
