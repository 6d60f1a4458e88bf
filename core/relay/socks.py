"""Connections through a SOCKS5 proxy. Imported only where one is configured."""

import asyncio
from socket import AddressFamily
from ssl import SSLContext
from typing import ClassVar

from aiohttp.client_proto import ResponseHandler
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError
from python_socks import parse_proxy_url

from core.relay.connect import KEEP_ALIVE_S, DirectConnector, PublicResolver


class SocksConnector(DirectConnector, ProxyConnector):
    """DirectConnector's errors over aiohttp-socks' connections."""

    failures: ClassVar[tuple[type[Exception], ...]] = (
        *DirectConnector.failures,
        ProxyConnectionError,
        ProxyError,
    )
    timeouts: ClassVar[tuple[type[Exception], ...]] = (
        *DirectConnector.timeouts,
        ProxyTimeoutError,
    )


class PublicSocksConnector(SocksConnector):
    """For names that are resolved here: one that leads elsewhere than the open internet is refused.

    The connection resolves it once more, so that a name whose address changes
    within that moment is not noticed.
    """

    async def _connect_via_proxy(
        self,
        host: str,
        port: int,
        ssl: SSLContext | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - aiohttp-socks' interface
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        try:
            await PublicResolver().resolve(host, port, AddressFamily.AF_UNSPEC)
        except OSError as error:
            raise ProxyError(str(error.strerror)) from error
        return await super()._connect_via_proxy(host, port, ssl, timeout)


def socks_connector(proxy: str, *, public_only: bool = False) -> SocksConnector:
    """socks5:// resolves names on this machine, socks5h:// leaves them to the proxy.

    `public_only` keeps to addresses on the open internet where names are resolved here.
    """
    scheme, _, rest = proxy.partition("://")
    kind, host, port, user, password = parse_proxy_url(f"socks5://{rest}")
    here = scheme == "socks5"
    made = PublicSocksConnector if public_only and here else SocksConnector
    return made(
        proxy_type=kind,
        host=host,
        port=port,
        username=user,
        password=password,
        rdns=not here,
        limit=0,
        keepalive_timeout=KEEP_ALIVE_S,
    )
