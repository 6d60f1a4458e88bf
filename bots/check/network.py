"""What a configuration calls: proxies and relays, as they answer now."""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from typing import Any
from urllib.parse import urlsplit

from bots.check.finding import Finding
from bots.config import Config
from bots.init.trial import account, list_models
from core.errors import ConfigError, RelayError, RelayUnsupported
from core.relay.dialect import KINDS
from core.relay.entry import RelayEntry, RouteTarget

RELAY_S = 20.0
CONNECT_S = 5.0


def network(config: Config) -> Iterator[Coroutine[Any, Any, Finding]]:
    """A call for every proxy and relay."""
    relays = config.relays
    proxies = {entry.proxy.reveal() for entry in relays if entry.proxy}
    if config.proxy.url:
        proxies.add(config.proxy.url.reveal())
    yield from (proxy(address) for address in sorted(proxies))
    yield from (relay(entry, config) for entry in relays)
    yield from (quota(entry) for entry in relays if entry.stat_token)


async def proxy(address: str) -> Finding:
    """Whether something listens there; its login is never shown."""
    parts = urlsplit(address)
    host, number = parts.hostname or "", parts.port or (1080 if "socks" in parts.scheme else 80)
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(host, number)
    except (OSError, TimeoutError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "no answer"
        return Finding("WRONG", "proxy", f"{host}:{number} cannot be reached: {reason}")
    writer.close()
    return Finding("ok", "proxy", f"{host}:{number} can be reached")


async def relay(entry: RelayEntry, config: Config) -> Finding:
    about = f"relay {entry.name}"
    began = time.monotonic()
    try:
        async with asyncio.timeout(RELAY_S):
            models = await list_models(entry)
    except TimeoutError:
        return Finding("WRONG", about, f"no list of models within {RELAY_S:.0f} s")
    except RelayUnsupported:
        return Finding("note", about, f"{entry.profile}: it does not list its models")
    except (RelayError, ConfigError) as error:
        return Finding("WRONG", about, str(error))
    took_ms = (time.monotonic() - began) * 1000
    routed = {target.model for target in routed_to(entry, config) if target.model}
    if unlisted := sorted(routed.difference(models)):
        words = f"it does not list {', '.join(unlisted)}, which [routes] names"
        return Finding("note", about, words)
    return Finding("ok", about, f"{entry.profile}: {len(models)} models in {took_ms:.0f} ms")


async def quota(entry: RelayEntry) -> Finding:
    """Whether the `stat_token` opens what /quota reads."""
    about = f"quota {entry.name}"
    try:
        async with asyncio.timeout(RELAY_S):
            stat = await account(entry)
    except TimeoutError:
        return Finding("WRONG", about, f"no account within {RELAY_S:.0f} s")
    except RelayUnsupported:
        return Finding("note", about, f"{entry.profile}: it tells no account")
    except (RelayError, ConfigError) as error:
        return Finding("WRONG", about, str(error))
    return Finding("ok", about, f"{entry.profile}: {len(stat.tokens)} tokens")


def routed_to(entry: RelayEntry, config: Config) -> Iterator[RouteTarget]:
    for kind in KINDS:
        yield from (target for target in getattr(config.routes, kind) if target.relay == entry.name)
