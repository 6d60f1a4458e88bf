"""`parley relay list`: the relays of a configuration, and what each serves."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from bots.columns import columns
from bots.config import load
from bots.relays.opened import dialect_of
from core.relay.address import base_url
from core.relay.dialect import Capabilities, Capability, Dialect
from core.relay.entry import RelayEntry


def show(path: Path) -> int:
    """Raises ConfigError."""
    config = load(path)
    dialects = [dialect_of(config, entry) for entry in config.relays]
    heads = [head(entry, dialect) for entry, dialect in zip(config.relays, dialects, strict=True)]
    for line, dialect in zip(columns(heads), dialects, strict=True):
        sys.stdout.write("\n".join((line, *columns(list(served(dialect))))) + "\n")
    return 0


def head(entry: RelayEntry, dialect: Dialect) -> tuple[str, ...]:
    profile = Path(entry.profile).name
    return entry.name, profile, base_url(entry, dialect), keys(entry)


def keys(entry: RelayEntry) -> str:
    """How many; never a part of one."""
    count = sum(map(bool, (entry.key, *entry.keys)))
    words = "1 key" if count == 1 else f"{count or 'no'} keys"
    return f"{words}, stat token" if entry.stat_token else words


def served(dialect: Dialect) -> Iterator[tuple[str, str]]:
    for capability in get_args(Capability):
        if calls := ", ".join(calls_with(dialect.capabilities, capability)):
            yield f"  {capability}", calls


def calls_with(capabilities: Capabilities, wanted: Capability) -> Iterator[str]:
    for call in Capabilities.__struct_fields__:
        if getattr(capabilities, call) == wanted:
            yield call.replace("_", "-")
