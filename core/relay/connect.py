"""Making connections: every failure here means that nothing was sent."""

import asyncio
import os
from typing import ClassVar

import aiohttp
import httpx
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from core.relay.connecting import callers

KEEP_ALIVE_S = 30.0
"""Below the 60 s after which servers and middlemen commonly close an idle connection."""


class DirectConnector(aiohttp.TCPConnector):
    """Connects, straight or through an http proxy, and tells the caller of it.

    Raises ConnectError or ConnectTimeout.
    """

    failures: ClassVar[tuple[type[Exception], ...]] = (aiohttp.ClientError, OSError)
    timeouts: ClassVar[tuple[type[Exception], ...]] = (TimeoutError,)

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's interface
    ) -> Connection:
        told = callers.get(asyncio.current_task())
        if told:
            told.connecting()
        try:
            connection = await super().connect(req, traces, timeout)
        except self.timeouts as error:
            raise httpx.ConnectTimeout("it took too long") from error
        except self.failures as error:
            raise httpx.ConnectError(_reason(error)) from _root(error)
        if told:
            told.connected()
        return connection


def _root(error: Exception) -> Exception:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return error.certificate_error
        case aiohttp.ClientConnectorError():
            return error.os_error
        case _:
            return error


def _reason(error: Exception) -> str:
    """In few words, without any address that may hold a login."""
    match error:
        case aiohttp.ClientConnectorDNSError(host=host, os_error=cause):
            reason = f"the name {host} was not found" if cause.errno else _words(cause)
        case aiohttp.ClientProxyConnectionError(os_error=cause):
            reason = f"the proxy cannot be reached: {_words(cause)}"
        case aiohttp.ClientConnectorCertificateError(certificate_error=cause):
            reason = f"the certificate is not trusted: {cause}"
        case aiohttp.ClientConnectorError(os_error=cause):
            reason = _words(cause)
        case aiohttp.ClientHttpProxyError(status=status):
            reason = f"the proxy answered {status}"
        case aiohttp.ServerDisconnectedError() | EOFError():
            reason = "the proxy closed the connection"
        case _:
            reason = str(error)
    return reason


def _words(error: OSError) -> str:
    """The system's words: asyncio says "Connect call failed", whatever the reason."""
    return os.strerror(error.errno) if error.errno else str(error.strerror or error)
