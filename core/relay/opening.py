"""From the configuration's entries to relays that can be called."""

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from core.errors import ConfigError
from core.ports.clock import Clock
from core.relay.address import base_url, travels_readable
from core.relay.client import Relay
from core.relay.dialect import Dialect
from core.relay.entry import RelayEntry, RouteTable
from core.relay.learned import Learned
from core.relay.profile import load_dialect
from core.relay.routes import RelayRoutes
from core.relay.wire import Bounds

log = logging.getLogger(__name__)

TransportFactory: TypeAlias = Callable[[RelayEntry], httpx.AsyncBaseTransport]
"""The transport of a relay. Several relays may share one."""


def open_routes(
    entries: Iterable[RelayEntry],
    table: RouteTable,
    *,
    clock: Clock,
    hash_key: bytes,
    transports: TransportFactory | None = None,
    bounds: Bounds | None = None,
    learned: Path | None = None,
) -> RelayRoutes:
    """Nothing is connected yet. Raises ConfigError for an entry or a route that cannot work.

    `hash_key` keys the hashes under which relay tokens are told apart. `learned` is the
    folder where it is kept what each relay was seen to do; without one that goes with them.
    """
    transport_of = transports or shared_transports()
    relays = [
        open_relay(
            entry,
            transport_of(entry),
            clock=clock,
            hash_key=hash_key,
            bounds=bounds,
            learned=learned,
        )
        for entry in entries
    ]
    return RelayRoutes(relays, table, clock=clock)


def shared_transports() -> TransportFactory:
    """Relays behind the same proxy and with the same TLS settings share one transport."""
    made: dict[tuple[str, bool, str], httpx.AsyncBaseTransport] = {}

    def transport_of(entry: RelayEntry) -> httpx.AsyncBaseTransport:
        # Imported for the first relay: aiohttp takes 0.3 s.
        from core.relay.transport import Transport  # noqa: PLC0415

        way = (entry.proxy.reveal(), entry.verify_tls, entry.ca_file)
        if way not in made:
            proxy, verify, ca_file = way
            try:
                made[way] = Transport(proxy=proxy, verify=verify, ca_file=ca_file)
            except ConfigError as error:
                raise ConfigError(f"relays.{entry.name}.{error}") from error
        return made[way]

    return transport_of


def open_relay(
    entry: RelayEntry,
    transport: httpx.AsyncBaseTransport,
    *,
    clock: Clock,
    hash_key: bytes,
    bounds: Bounds | None = None,
    learned: Path | None = None,
) -> Relay:
    """As `open_routes` opens each. Warns of plain http that goes beyond this machine."""
    profile = _dialect(entry)
    address = base_url(entry, profile)
    if travels_readable(address):
        log.warning(
            "relays.%s: plain http to %s: key and messages travel readable for everyone on the "
            "way. Use https where the relay has it.",
            entry.name,
            address,
        )
    kept = Learned(learned / f"{entry.name}.toml", clock, address) if learned else None
    return Relay(
        entry,
        _dialect(entry, kept.over()) if kept else profile,
        transport,
        clock=clock,
        hash_key=hash_key,
        bounds=bounds,
        learned=kept,
    )


def _dialect(entry: RelayEntry, over: Mapping[str, Any] | None = None) -> Dialect:
    try:
        return load_dialect(entry.profile, over=over)
    except ConfigError as error:
        raise ConfigError(f"relays.{entry.name}.{error}") from error
