"""One QQ account: its sockets, its calls, its health."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from adapters.onebot11.breaker import Breaker
from adapters.onebot11.connection import Connection, Params
from adapters.onebot11.failure import NotConnected
from adapters.onebot11.health import Health
from core.ports.clock import Clock

CALL_S = 15.0
READ_ON_S = 1.0
"""How long a replaced socket is still read: what was on its way when the new one came."""
RECEIPTS = 500


class Account:
    """The newest connection wins; what closes late takes nobody else with it."""

    def __init__(
        self, self_id: str, clock: Clock, silence_s: float, read_on_s: float = READ_ON_S
    ) -> None:
        self.self_id = self_id
        self.health = Health(clock, silence_s)
        self.breaker = Breaker(clock)
        self.receipts: deque[str] = deque(maxlen=RECEIPTS)
        """The latest messages known to be its own."""
        self.forwards = True
        """Whether the implementation has merged forwards, as far as is known."""
        self._read_on_s = read_on_s
        self._calls: Connection | None = None
        self._events: Connection | None = None
        self._callable = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()

    def join(self, connection: Connection) -> None:
        """Take a new socket; the calls of the one it replaces fail at once, and it is closed."""
        before = {one for one in (self._calls, self._events) if one}
        if connection.role != "event":
            self._calls = connection
            self._callable.set()
        if connection.role != "api":
            self._events = connection
            self.health.came()
        for old in before - {self._calls, self._events}:
            old.lose()
            closing = asyncio.create_task(self._let_go(old))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _let_go(self, old: Connection) -> None:
        await asyncio.sleep(self._read_on_s)
        await old.close()

    def leave(self, connection: Connection) -> None:
        connection.lose()
        if self._calls is connection:
            self._calls = None
            self._callable.clear()
        if self._events is connection:
            self._events = None
            self.health.went()

    @property
    def is_whole(self) -> bool:
        """Whether events come and calls go."""
        return self._calls is not None and self._events is not None

    @property
    def trouble(self) -> str:
        """Why it is not heard, or its words do not arrive; "" where all is well."""
        return self.health.trouble or self.breaker.trouble

    async def call(self, action: str, params: Params, timeout_s: float = CALL_S) -> Any:
        """The answer's `data`. Raises CallError."""
        if self._calls is None:
            raise NotConnected(f"account {self.self_id} is not connected")
        return await self._calls.call(action, params, timeout_s)

    async def until_callable(self, patience_s: float) -> bool:
        """Whether calls can be made, after at most `patience_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._callable.wait()
        return self._callable.is_set()
