"""Previews of answers, which vanish by themselves."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime

from msgspec import Struct

from bots.sandbox.telegram.entities import Entity

LIVES_S = 30
"""core.telegram.org/bots/api#sendmessagedraft, read 2026-11."""


class Draft(Struct, frozen=True, kw_only=True):
    """`text` is "" for the sign that the bot thinks. `place` is the town's name of the chat."""

    place: str
    id: int
    text: str
    entities: list[Entity]
    until: datetime


class Drafts:
    """What is shown now, and the latest ones that were shown."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._current: dict[str, Draft] = {}
        self._listeners: set[asyncio.Queue[str]] = set()
        self.shown: deque[Draft] = deque(maxlen=200)

    def show(self, draft: Draft) -> None:
        self._current[draft.place] = draft
        self.shown.append(draft)
        self._tell(draft.place)

    def end(self, place: str) -> None:
        """A real message has come."""
        if self._current.pop(place, None):
            self._tell(place)

    def current(self, place: str) -> Draft | None:
        draft = self._current.get(place)
        return draft if draft and self._now() < draft.until else None

    async def listen(self) -> AsyncIterator[str]:
        """The place of each draft that is shown or ended from now on; time-outs are not told."""
        queue: asyncio.Queue[str] = asyncio.Queue(1000)
        self._listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)

    def _tell(self, place: str) -> None:
        for queue in self._listeners:
            with suppress(asyncio.QueueFull):
                queue.put_nowait(place)
