"""Which names and addresses are this machine's own. Pure."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host without its port names this machine alone (RFC 6761, 6.3)."""
    name = host.lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
