"""Each chat's messages handed over in the order in which they came."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

MOST = 2000
"""Messages on their way to the store, each of some 8 KB: half a second of what can be taken."""

MOST_OF_CHAT = 200
"""So that one chat leaves room for the others."""

FIRST = 500
"""Room beyond MOST for chats of which nothing is on its way: many that flood leave some, too."""

MOST_CHARS = 8_000_000
"""Of all of them together, as their payloads measure."""

WORDS = 1000
"""Room for words to chats whose messages find none."""


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
        self._counts: Counter[str] = Counter()
        self._running: set[asyncio.Task[None]] = set()
        self._chars = 0

    def has_room(self, chat: str) -> bool:
        """For one more message of a chat."""
        of_chat = self._counts[chat]
        most = MOST if of_chat else MOST + FIRST
        in_all = len(self._running) < most and self._chars < MOST_CHARS
        return in_all and of_chat < MOST_OF_CHAT

    @property
    def is_crowded(self) -> bool:
        """Not even a word to a chat has room."""
        return len(self._running) >= MOST + FIRST + WORDS

    def enter(self, chat: str, work: Callable[[Turn], Awaitable[None]], *, chars: int = 0) -> None:
        """Take the next turn of a chat now; `work` begins soon, and calls `begin` itself.

        `chars` is what it keeps meanwhile.
        """
        turn = self._last[chat] = Turn(self._last.get(chat))
        task = asyncio.create_task(self._run(chat, turn, work))
        self._chars += chars
        self._counts[chat] += 1
        self._running.add(task)
        task.add_done_callback(lambda task: self._ended(chat, task, chars))

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

    def _ended(self, chat: str, task: asyncio.Task[None], chars: int) -> None:
        self._running.discard(task)
        self._chars -= chars
        self._counts[chat] -= 1
        if not self._counts[chat]:
            del self._counts[chat]
        if not task.cancelled() and (error := task.exception()):
            log.error("a QQ message was not handed over", exc_info=error)
