"""Where a relay may be reached, and where its links may lead. Pure."""

from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from core.errors import ConfigError
from core.loopback import is_loopback
from core.relay.dialect import Dialect
from core.relay.entry import RelayEntry


def is_public(address: str) -> bool:
    """Whether a numeric address lies on the open internet."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        ip = inner or ip
    return ip.is_global and not ip.is_multicast


def is_numeric(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def base_url(entry: RelayEntry, dialect: Dialect) -> str:
    """The address that paths are added to. Raises ConfigError.

    A closing `/v1`, which many pages print, is taken off: paths carry it.
    """
    setting = f"relays.{entry.name}.base_url"
    address = (entry.base_url or dialect.base_url).strip().rstrip("/").removesuffix("/v1")
    parts = _split(address)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f'{setting}: expected "https://host", got "{_bare(address)}".')
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            f"{setting}: expected an address alone, got one with a login or a query. "
            f"The key belongs in relays.{entry.name}.key."
        )
    if parts.scheme == "http" and not (is_loopback(parts.hostname) or entry.allow_plain_http):
        raise ConfigError(
            f"{setting}: expected https, got plain http to {parts.hostname}: key and messages "
            f"would travel readable. Use https, or set relays.{entry.name}.allow_plain_http = true."
        )
    return address


def proxy_password(proxy: str) -> str:
    """As it stands in the address, "" for none."""
    parts = _split(proxy)
    return (parts.password or "") if parts else ""


def _split(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _bare(address: str) -> str:
    """Without what stands before an @: it may be a login."""
    return address.rpartition("@")[2]
