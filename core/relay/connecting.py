"""Whether a call's connection is made yet: until it is, nothing of the call can have been sent."""

from contextvars import ContextVar
from typing import Protocol


class Connecting(Protocol):
    """Who wants to know of a call's connection, new or used again."""

    def connecting(self) -> None:
        """A connection is looked for."""

    def connected(self) -> None:
        """It stands, TLS and proxies included: sending begins."""


caller: ContextVar[Connecting | None] = ContextVar("caller", default=None)
"""Set by who watches a call, read where connections are made, in the call's own task.

A context variable, since aiohttp hands its connector nothing of ours with a request, and its
traces cost more. Another transport tells nothing, from which nothing follows.
"""
