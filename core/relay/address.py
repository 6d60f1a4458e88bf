"""Where a relay may be reached, and where its links may lead. Pure."""

from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from socket import inet_aton, inet_ntoa
from urllib.parse import SplitResult, urlsplit

from core.errors import ConfigError
from core.loopback import is_loopback
from core.relay.dialect import Dialect
from core.relay.entry import RelayEntry

_PROXIES = ("http", "socks5", "socks5h")
_NAT64 = IPv6Network("64:ff9b::/96")
_INTERNET = IPv6Network("2000::/3")
"""All that IANA has given out for the internet (iana.org/assignments/ipv6-address-space)."""
_UNROUTED: tuple[IPv4Network | IPv6Network, ...] = (
    *map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")),
    *map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")),
)
"""What Python's tables before 3.11.10 take for public (IANA's special-purpose registries,
read 2026-11), and the dead ways from IPv4 to IPv6."""
_HOUSE_NAMES = (".localhost", ".localdomain", ".local", ".internal", ".home.arpa")
"""Endings that the open internet does not serve (RFC 6761, 6762, 8375; ICANN, July 2024)."""


def is_public(address: str) -> bool:
    """Whether a numeric address lies on the open internet. One with a zone never does."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        if ip.scope_id is not None:
            return False
        inner = _inner(ip)
        if inner is None and ip not in _INTERNET:
            return False
        ip = inner or ip
    if any(ip in network for network in _UNROUTED):
        return False
    return ip.is_global and not ip.is_multicast


def _inner(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that one of IPv6 stands for, if it does."""
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour


def is_private(host: str, allowed: Callable[[str], bool] = is_public) -> bool:
    """Whether a host is no public one by its spelling alone, in any that a resolver takes.

    Names may still lead anywhere.
    """
    name = host.rstrip(".").lower()
    number = _number(name)
    if number:
        return not allowed(number)
    return "." not in name or name.endswith(_HOUSE_NAMES)


def _number(host: str) -> str:
    """The address of a host in numbers, such as 0x7f.1; "" for a name."""
    with suppress(ValueError):
        return str(ip_address(host))
    with suppress(OSError, UnicodeEncodeError):
        return inet_ntoa(inet_aton(host))
    return ""


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
    if travels_readable(address) and not entry.allow_plain_http:
        raise ConfigError(
            f"{setting}: expected https, got plain http to {parts.hostname}: key and messages "
            f"would travel readable. Use https, or set relays.{entry.name}.allow_plain_http = true."
        )
    return address


def travels_readable(address: str) -> bool:
    """Whether what goes there can be read on the way: plain http beyond this machine."""
    parts = urlsplit(address)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def check_proxy(proxy: str) -> None:
    """Raises ConfigError for an address that no connection can go through."""
    parts = _split(proxy)
    if parts is None or parts.scheme not in _PROXIES or not parts.hostname or not _port(parts):
        scheme = proxy.partition("://")[0] if "://" in proxy else ""
        raise ConfigError(
            "proxy: expected http://host:port, socks5://host:port or socks5h://host:port "
            f'(with user:password@ before the host where it asks for them), got "{scheme}://…".'
        )


def _port(parts: SplitResult) -> int:
    with suppress(ValueError):
        return parts.port or 0
    return 0


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
