"""Whom an address stands for. Pure."""

import ipaddress

SUBNET_BITS = 64  # what one IPv6 household gets, RFC 6177


def network_of(client: str) -> str:
    """An IPv4 address as it is; of IPv6 the /64, whose addresses one machine may all use."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:  # "": a listener that knows no addresses
        return client
    match address:
        case ipaddress.IPv6Address(ipv4_mapped=None):
            network = ipaddress.ip_network((address, SUBNET_BITS), strict=False)
            return str(network.network_address)
        case ipaddress.IPv6Address(ipv4_mapped=inner):
            return str(inner)
    return str(address)
