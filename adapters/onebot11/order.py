"""Each chat's messages handed over in the order in which they came."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

MOST = 20_000
"""Messages on their way to the store."""

MOST_CHARS = 50_000_000
"""Of all of them together, as their payloads measure."""


class Turn:
    """A message's turn in its chat: once the one before it is over, whatever became of that.

    Side by side, one that the store refused would be overtaken by the next.
    """

    __slots__ = ("before", "over")

    def __init__(self, before: "Turn | None") -> None:
        self.before = before
        self.over = asyncio.Event()

    async def begin(self) -> None:
        """Return when it is this turn's time."""
        if self.before is not None:
            await self.before.over.wait()


class Order:
    """Runs the work of every turn; no chat holds up another."""

    def __init__(self) -> None:
        self._last: dict[str, Turn] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._chars = 0

    @property
    def is_full(self) -> bool:
        return len(self._running) >= MOST or self._chars >= MOST_CHARS

    def enter(self, chat: str, work: Callable[[Turn], Awaitable[None]], *, chars: int = 0) -> None:
        """Take the next turn of a chat now; `work` begins soon, and calls `begin` itself.

        `chars` is what it keeps meanwhile.
        """
        turn = self._last[chat] = Turn(self._last.get(chat))
        task = asyncio.create_task(self._run(chat, turn, work))
        self._chars += chars
        self._running.add(task)
        task.add_done_callback(lambda task: self._ended(task, chars))

    async def close(self) -> None:
        """End what is on its way: it was not stored, and is found in the history again."""
        for task in tuple(self._running):
            task.cancel()
        if self._running:
            await asyncio.wait(tuple(self._running))

    async def _run(self, chat: str, turn: Turn, work: Callable[[Turn], Awaitable[None]]) -> None:
        try:
            await work(turn)
        finally:
            turn.over.set()
            turn.before = None  # or each would keep all that went before
            if self._last.get(chat) is turn:
                del self._last[chat]

    def _ended(self, task: asyncio.Task[None], chars: int) -> None:
        self._running.discard(task)
        self._chars -= chars
        if not task.cancelled() and (error := task.exception()):
            log.error("a QQ message was not handed over", exc_info=error)
