"""A line of those who may only go one at a time."""

import asyncio
from collections import deque


class Line:
    """Who comes back goes before who begins."""

    def __init__(self) -> None:
        self._taken = False
        self._back: deque[asyncio.Future[None]] = deque()
        self._new: deque[asyncio.Future[None]] = deque()

    async def enter(self, *, back: bool = False) -> None:
        """Until nobody else is in. Whoever is in has to `leave`."""
        if not self._taken:
            self._taken = True
            return
        waiter = asyncio.get_running_loop().create_future()
        (self._back if back else self._new).append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():
                self.leave()  # its turn had come
            raise

    def leave(self) -> None:
        """The next one is let in."""
        for queue in (self._back, self._new):
            while queue:
                waiter = queue.popleft()
                if not waiter.done():
                    waiter.set_result(None)
                    return
        self._taken = False
