"""One relay of a configuration, opened without a bot: no database, no lock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bots.clock import SystemClock
from bots.config import Config
from bots.instance import derive, instance_secret
from core.errors import ConfigError
from core.relay.address import base_url
from core.relay.client import Relay
from core.relay.dialect import Dialect
from core.relay.entry import RelayEntry
from core.relay.learned import Learned
from core.relay.opening import open_relay, shared_transports
from core.relay.profile import load_dialect
from core.relay.wire import Bounds


@asynccontextmanager
async def opened_relay(
    config: Config, name: str, *, dialect: Dialect | None = None, bounds: Bounds | None = None
) -> AsyncIterator[Relay]:
    """The relay `name` as configured; closed at the end. Works beside a running bot.

    It speaks `dialect` and remembers nothing, or where none is given its profile and what
    was learned of it. Raises ConfigError for a name or an entry that cannot work.
    """
    entry = entry_named(config, name)
    secret = instance_secret(config.storage.data)
    hash_key = derive(secret, "relay tokens").reveal().encode()[:64]
    transport = shared_transports()(entry)
    clock = SystemClock()
    if dialect:
        relay = Relay(entry, dialect, transport, clock=clock, hash_key=hash_key, bounds=bounds)
    else:
        folder = learned_path(config, name).parent
        relay = open_relay(
            entry, transport, clock=clock, hash_key=hash_key, bounds=bounds, learned=folder
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
        return load_dialect(entry.profile, over=learned_of(config, entry).over())
    except ConfigError as error:
        raise ConfigError(f"relays.{entry.name}.{error}") from error


def learned_of(config: Config, entry: RelayEntry) -> Learned:
    """Raises ConfigError for a profile or an address that cannot work."""
    address = base_url(entry, load_dialect(entry.profile))
    return Learned(learned_path(config, entry.name), SystemClock(), address)


def learned_path(config: Config, name: str) -> Path:
    """Where what was learned of a relay is kept, in a profile's form."""
    return config.storage.data / "relays" / f"{name}.toml"
