"""What a platform's adapter owes the core, and what it may know beside that."""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Protocol, TypeAlias, runtime_checkable

from core.model import Address, Capabilities, Media, Message
from core.ports.sending import Found, Outgoing, Refused, SendResult


class Receipt(StrEnum):
    """What became of an emitted message. Of BUSY and BROKEN the adapter tells the person.

    BROKEN can never be received: it counts as set aside, and is not to come again.
    """

    STORED = "stored"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    BUSY = "busy"
    BROKEN = "broken"


Emit: TypeAlias = Callable[[Message], Awaitable[Receipt]]
"""Hands a message to the core. When it returns, the message may be acknowledged.

Raises StoreError if it could not be stored: then it must not be.
"""


class Adapter(Protocol):
    """One account on one platform."""

    @property
    def platform(self) -> str: ...

    @property
    def bot(self) -> str: ...

    def capabilities(self, address: Address) -> Capabilities: ...

    async def run(self, emit: Emit) -> None:
        """Receive until cancelled."""
        ...

    async def send(self, outgoing: Outgoing) -> SendResult: ...

    async def fetch(self, media: Media) -> bytes:
        """The content behind `media.remote`. Raises MediaError."""
        ...


ARRIVED = "parley.arrived"
"""In a request's scope: when it came to this machine, in seconds of `time.monotonic`."""

LEFT = "parley.left"
"""In a request's scope, once who made it has hung up: when that was, likewise."""


@runtime_checkable
class Webhook(Protocol):
    """The adapter is reached over HTTP."""

    def routes(self) -> Sequence[object]:
        """Starlette routes, mounted on the listener that `public` names."""
        ...

    @property
    def public(self) -> bool: ...


@runtime_checkable
class Watched(Protocol):
    """The adapter knows when it is deaf although it runs."""

    @property
    def trouble(self) -> str:
        """Why nothing is received now, for /readyz and the log; "" where all is well."""
        ...


@runtime_checkable
class Paced(Protocol):
    """The adapter may have to wait long before it can send: for its turn, for a connection."""

    async def turn(self, outgoing: Outgoing) -> Refused | None:
        """Return when the part may go: `send` comes at once. Refused: not now.

        Nothing is sent here, so that a process that ends meanwhile leaves a part
        that was never tried.
        """
        ...


@runtime_checkable
class Recalls(Protocol):
    """The platform keeps what was said, so that a part of unknown outcome can be looked for."""

    async def find(self, outgoing: Outgoing) -> Found:
        """What became of a part that was on its way, or that `send` knows nothing of.

        Absent only where that is sure, since the part is then sent as if for the
        first time. Refused: nobody can look now; ask again after `retry_after_s`,
        or never, where that is None. Nothing is sent here.
        """
        ...


@runtime_checkable
class Typing(Protocol):
    async def typing(self, to: Address) -> None:
        """Show that an answer is coming, for some seconds."""
        ...


@runtime_checkable
class Draft(Protocol):
    def draft(self, to: Address, answers: str, text: str) -> None:
        """Show the answer so far. Never blocks; a later draft replaces an earlier one."""
        ...
