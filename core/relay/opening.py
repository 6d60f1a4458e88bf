"""From the configuration's entries to relays that can be called."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import httpx

from core.errors import ConfigError
from core.ports import Clock
from core.relay.client import Relay
from core.relay.dialect import Dialect
from core.relay.entry import RelayEntry, RouteTable
from core.relay.profile import load_dialect
from core.relay.routes import RelayRoutes
from core.relay.wire import Bounds

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
) -> RelayRoutes:
    """Nothing is connected yet. Raises ConfigError for an entry or a route that cannot work.

    `hash_key` keys the hashes under which relay tokens are told apart.
    """
    transport_of = transports or shared_transports()
    relays = [
        Relay(
            entry,
            _dialect(entry),
            transport_of(entry),
            clock=clock,
            hash_key=hash_key,
            bounds=bounds,
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


def _dialect(entry: RelayEntry) -> Dialect:
    try:
        return load_dialect(entry.profile)
    except ConfigError as error:
        raise ConfigError(f"relays.{entry.name}.{error}") from error
