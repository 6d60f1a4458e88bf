"""Connections through a SOCKS5 proxy. Imported only where one is configured."""

from typing import ClassVar

from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError
from python_socks import parse_proxy_url

from core.relay.connect import KEEP_ALIVE_S, DirectConnector


class SocksConnector(DirectConnector, ProxyConnector):
    """DirectConnector's errors over aiohttp-socks' connections."""

    failures: ClassVar[tuple[type[Exception], ...]] = (
        *DirectConnector.failures,
        ProxyConnectionError,
        ProxyError,
        EOFError,  # python-socks 2.x lets asyncio's own through where a proxy hangs up
    )
    timeouts: ClassVar[tuple[type[Exception], ...]] = (
        *DirectConnector.timeouts,
        ProxyTimeoutError,
    )


def socks_connector(proxy: str) -> SocksConnector:
    """socks5:// resolves names on this machine, socks5h:// leaves them to the proxy."""
    scheme, _, rest = proxy.partition("://")
    kind, host, port, user, password = parse_proxy_url(f"socks5://{rest}")
    return SocksConnector(
        proxy_type=kind,
        host=host,
        port=port,
        username=user,
        password=password,
        rdns=scheme != "socks5",
        limit=0,
        keepalive_timeout=KEEP_ALIVE_S,
    )
