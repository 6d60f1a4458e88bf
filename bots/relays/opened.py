"""One relay of a configuration, opened without a bot: no database, no lock."""

import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bots.clock import SystemClock
from bots.config import Config
from bots.instance import derive, instance_secret
from core.errors import ConfigError
from core.relay.client import Relay
from core.relay.dialect import Dialect
from core.relay.entry import RelayEntry
from core.relay.opening import shared_transports
from core.relay.profile import load_dialect
from core.relay.wire import Bounds


@asynccontextmanager
async def opened_relay(
    config: Config, name: str, *, dialect: Dialect | None = None, bounds: Bounds | None = None
) -> AsyncIterator[Relay]:
    """The relay `name` as configured; closed at the end. Works beside a running bot.

    `dialect` is its profile with what was learned of it, unless one is given.
    Raises ConfigError for a name or an entry that cannot work.
    """
    entry = entry_named(config, name)
    known = dialect or dialect_of(config, entry)
    secret = instance_secret(config.storage.data)
    relay = Relay(
        entry,
        known,
        shared_transports()(entry),
        clock=SystemClock(),
        hash_key=derive(secret, "relay tokens").reveal().encode()[:64],
        bounds=bounds,
    )
    try:
        yield relay
    finally:
        await relay.aclose()


def entry_named(config: Config, name: str) -> RelayEntry:
    """Raises ConfigError, with the names there are."""
    for entry in config.relays:
        if entry.name == name:
            return entry
    names = ", ".join(entry.name for entry in config.relays)
    raise ConfigError(
        f'relay: expected one of {names}, got "{name}". '
        f"Name one of these, or add [relays.{name}] to the configuration."
    )


def dialect_of(config: Config, entry: RelayEntry) -> Dialect:
    """The entry's profile, and upon it what was learned of the relay. Raises ConfigError."""
    try:
        return load_dialect(entry.profile, over=learned(learned_path(config, entry.name)))
    except ConfigError as error:
        raise ConfigError(f"relays.{entry.name}.{error}") from error


def learned_path(config: Config, name: str) -> Path:
    """Where what was learned of a relay is kept, in a profile's form."""
    return config.storage.data / "relays" / f"{name}.toml"


def learned(path: Path) -> Mapping[str, Any]:
    """Raises ConfigError for a file that is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"profile: expected TOML in {path}, got {error}. Mend or remove the file."
        ) from error
