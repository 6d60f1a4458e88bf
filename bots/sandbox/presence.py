"""Whether the client of a call is still there while it waits."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Self

from starlette.types import Receive


class Left(Exception):
    """The client closed its connection; nobody reads the answer any more."""


class Presence:
    """Watches one connection whose request was read whole.

    Used as a context: inside, `wait` and `sleep` raise Left once the client is gone.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._gone = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._gone is not None:
            self._gone.cancel()
            await asyncio.wait((self._gone,))

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue

    async def wait(self, waited: Coroutine[Any, Any, object]) -> None:
        """Wait for something else than the client. Raises Left."""
        if self._gone is None:
            raise RuntimeError("a Presence is used inside `async with`")
        task = asyncio.create_task(waited)
        try:
            await asyncio.wait((task, self._gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            await asyncio.wait((task,))
        if self._gone.done():
            raise Left

    async def sleep(self, delay_s: float) -> None:
        await self.wait(asyncio.sleep(delay_s))

    async def end(self) -> None:
        """Wait until the client is gone."""
        if self._gone is not None:
            await asyncio.wait((self._gone,))
