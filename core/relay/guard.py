"""Connections to addresses that somebody else chose: to the open internet, and nowhere else."""

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, TypeAlias

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from yarl import URL

from core.relay.connect import KEEP_ALIVE_S, DirectConnector

Allowed: TypeAlias = Callable[[str], bool]
"""Whether a numeric address may be connected to."""

HEAD_BYTES = 16_384


class GuardedConnector(DirectConnector):
    """Judges each address where the connection to it is made, straight or through a proxy.

    A name is resolved here, once, whatever the proxy could do, and the proxy is told the
    address in numbers: what was judged is what is reached. TLS and Host keep the name.
    A plain http address is reached by CONNECT, too: with an absolute address a proxy puts
    that address in the place of Host (RFC 9112, 3.2.2).
    """

    def __init__(self, allowed: Allowed, proxy: URL | None) -> None:
        if not hasattr(aiohttp.TCPConnector, "_wrap_create_connection"):
            raise TypeError("expected an aiohttp whose connections can be judged, got another")
        super().__init__(limit=0, keepalive_timeout=KEEP_ALIVE_S)
        self._allowed = allowed
        self._way = proxy

    async def _wrap_create_connection(  # aiohttp's own seam, which aiohttp-socks uses, too
        self,
        *args: Any,
        addr_infos: list[Any],
        req: ClientRequest,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's interface
        **kwargs: Any,
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        judged = [info for info in addr_infos if self._allowed(info[4][0])]
        if not judged:
            refused = OSError(None, f"{req.url.raw_host} is not a public address")
            raise aiohttp.ClientConnectorError(req.connection_key, refused)
        addr_infos[:] = judged  # the caller's list of what is left to try
        if self._way is None:
            return await super()._wrap_create_connection(
                *args, addr_infos=addr_infos, req=req, timeout=timeout, **kwargs
            )
        kwargs.pop("client_error", None)
        host, port = addr_infos[0][4][:2]
        try:
            tunnel = await _tunnel(self._way, host, port)
            return await self._loop.create_connection(*args, **kwargs, sock=tunnel)
        except ssl.CertificateError as error:
            raise aiohttp.ClientConnectorCertificateError(req.connection_key, error) from error
        except OSError as error:
            raise aiohttp.ClientConnectorError(req.connection_key, error) from error


async def _tunnel(proxy: URL, host: str, port: int) -> socket.socket:
    """A socket that leads through `proxy` to a numeric address. Raises OSError."""
    if proxy.scheme == "http":
        return await _http_tunnel(proxy, host, port)
    # Imported only where it is used: 60 ms.
    from python_socks import ProxyError, ProxyType  # noqa: PLC0415
    from python_socks.async_.asyncio import Proxy  # noqa: PLC0415

    way = Proxy(
        ProxyType.SOCKS5, proxy.host or "", proxy.port or 0, proxy.user, proxy.password, rdns=False
    )
    try:
        return await way.connect(host, port)
    except ProxyError as error:
        raise OSError(None, f"the proxy refused: {error}") from error
    except EOFError as error:
        raise OSError(None, "the proxy closed the connection") from error


async def _http_tunnel(proxy: URL, host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    reached = await _reach(proxy)
    try:
        await loop.sock_sendall(reached, _connect(proxy, host, port))
        await _agreed(reached)
    except BaseException:
        reached.close()
        raise
    return reached


async def _reach(proxy: URL) -> socket.socket:
    """Connected to the proxy itself, which the owner chose."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
    problem = OSError(None, "the proxy's name was not found")
    for family, kind, protocol, _, address in found:
        reached = socket.socket(family, kind, protocol)
        reached.setblocking(False)
        try:
            await loop.sock_connect(reached, address)
        except OSError as error:
            reached.close()
            problem = OSError(None, f"the proxy cannot be reached: {error.strerror or error}")
        except BaseException:
            reached.close()
            raise
        else:
            return reached
    raise problem


def _connect(proxy: URL, host: str, port: int) -> bytes:
    """RFC 9110, 9.3.6."""
    place = f"[{host}]:{port}" if ip_address(host).version == 6 else f"{host}:{port}"
    head = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n"
    if proxy.user is not None:
        login = b64encode(f"{proxy.user}:{proxy.password or ''}".encode()).decode()
        head += f"Proxy-Authorization: Basic {login}\r\n"
    return f"{head}\r\n".encode()


async def _agreed(reached: socket.socket) -> None:
    """Read the proxy's answer, whose head nothing may follow. Raises OSError."""
    loop = asyncio.get_running_loop()
    head = b""
    while b"\r\n\r\n" not in head:
        piece = await loop.sock_recv(reached, HEAD_BYTES)
        if not piece:
            raise OSError(None, "the proxy closed the connection")
        head += piece
        if len(head) > HEAD_BYTES:
            raise OSError(None, "the proxy does not speak HTTP")
    version, _, rest = head.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise OSError(None, "the proxy does not speak HTTP")
    status = int(rest[:3])
    if not 200 <= status < 300:
        raise OSError(None, f"the proxy answered {status}")
    if not head.endswith(b"\r\n\r\n"):
        raise OSError(None, "the proxy sent more than its answer")
