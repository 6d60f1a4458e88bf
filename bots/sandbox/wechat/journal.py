"""What was pushed and what was called, kept in bounded rings for tests and curious people."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from bots.sandbox.wechat.push import Push


class Called(Struct, frozen=True, kw_only=True):
    """One call of the API, as "message/custom/send". `body` is its JSON, None for others."""

    at: datetime
    call: str
    body: Any
    errcode: int


class Journal:
    """At most `size` pushes and as many calls, the oldest first; 0 keeps none, for benches."""

    def __init__(self, size: int = 1000) -> None:
        self._size = size
        self._pushes: dict[int, Push] = {}
        self._calls: deque[Called] = deque(maxlen=size)
        self._news = asyncio.Event()

    def begin(self, push: Push) -> None:
        self._pushes[push.number] = push
        if len(self._pushes) > self._size:
            del self._pushes[next(iter(self._pushes))]

    def note(self, called: Called) -> None:
        self._calls.append(called)
        self._news.set()

    def pushes(self) -> list[Push]:
        return list(self._pushes.values())

    def push(self, number: int) -> Push:
        """Raises KeyError for one that is not held."""
        if number not in self._pushes:
            raise KeyError(f"push {number} is not in the journal")
        return self._pushes[number]

    def calls(self, call: str = "") -> list[Called]:
        """Those of one name, or all."""
        return [called for called in self._calls if call in ("", called.call)]

    async def until(
        self, ready: Callable[[Sequence[Called]], bool], timeout_s: float = 5.0
    ) -> list[Called]:
        """The calls once `ready` holds for them. Raises TimeoutError."""
        try:
            async with asyncio.timeout(timeout_s):
                while not ready(self.calls()):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            latest = [(called.call, called.errcode) for called in self._calls][-10:]
            raise TimeoutError(
                f"the calls are not as expected after {timeout_s:g} s; latest: {latest}"
            ) from None
        return self.calls()

    def clear(self) -> None:
        self._pushes.clear()
        self._calls.clear()
