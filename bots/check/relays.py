"""What the configuration and the profiles alone say of relays and routes. Calls nobody."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from bots.check.finding import Finding
from bots.config import Config
from bots.relays.opened import dialect_of
from core.errors import ConfigError
from core.ports.ledger import Kind
from core.relay.address import base_url, travels_readable
from core.relay.dialect import KINDS, Dialect
from core.relay.entry import RelayEntry, RouteTarget


def relays(config: Config) -> Iterator[Finding]:
    dialects: dict[str, Dialect] = {}
    for entry in config.relays:
        try:
            dialects[entry.name] = dialect_of(config, entry)
        except ConfigError as error:
            yield Finding("WRONG", "profile", str(error))
            continue
        yield from plain_http(entry, dialects[entry.name])
    for kind in KINDS:
        yield from route(kind, getattr(config.routes, kind), dialects)


def plain_http(entry: RelayEntry, dialect: Dialect) -> Iterator[Finding]:
    """Where `allow_plain_http` is made use of."""
    address = base_url(entry, dialect)
    if travels_readable(address):
        host = urlsplit(address).hostname
        words = f"{entry.name}: key and messages travel readable to {host}"
        yield Finding("note", "plain http", f"{words} (allow_plain_http)")


def route(
    kind: Kind, targets: tuple[RouteTarget, ...], dialects: Mapping[str, Dialect]
) -> Iterator[Finding]:
    """What a route names in vain; a kind without a route goes to whichever relay serves it."""
    about = f"route {kind}"
    if not targets:
        if dialects and not any(dialect.serves(kind) for dialect in dialects.values()):
            told = ", ".join(f"{name}: {one.capability(kind)}" for name, one in dialects.items())
            yield Finding("note", about, f"no relay serves it ({told})")
        return
    known = [target for target in targets if target.relay in dialects]
    idle = [target for target in known if not dialects[target.relay].serves(kind)]
    if idle:
        told = ", ".join(f"{one} ({dialects[one.relay].capability(kind)})" for one in idle)
        rest = "" if len(idle) < len(known) else "; so nothing serves it"
        yield Finding("note", about, f"not served, says the profile: {told}{rest}")
