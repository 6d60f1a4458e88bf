"""The tabs that are open: what waits to be written to each, within bounds."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator

from adapters.web.format import encode
from adapters.web.frames import DraftText
from adapters.web.parse import message_id

QUEUED_CHARS = 4_000_000
QUEUED_FRAMES = 500
DRAFTS = 8
DRAFT_PACE_S = 0.04
TABS_PER_SESSION = 16


class TooSlow(Exception):  # not a ParleyError: nobody is told, the tab reconnects
    """A tab reads slower than it is written to. It is closed, and reloads its history."""


class Tab:
    """One socket's outgoing side. Frames keep their order; of a draft only the latest waits."""

    __slots__ = (
        "_draft_due", "_drafts", "_frames", "_loop", "_queued_chars", "_ready", "_timer",
        "_too_slow", "_wake",
    )  # fmt: skip

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._frames: deque[str] = deque()
        self._queued_chars = 0
        self._too_slow = False
        self._wake = asyncio.Event()
        self._drafts: dict[str, str] = {}
        self._ready: dict[str, str] = {}
        self._draft_due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def push(self, frame: str) -> None:
        if self._too_slow:
            return
        self._frames.append(frame)
        self._queued_chars += len(frame)
        if self._queued_chars > QUEUED_CHARS or len(self._frames) > QUEUED_FRAMES:
            self._too_slow = True
            self._frames.clear()
        self._wake.set()

    def draft(self, answers: str, text: str) -> None:
        """Show text while the answer comes, at most every DRAFT_PACE_S."""
        waiting = self._drafts.keys() | self._ready.keys()
        if answers not in waiting and len(waiting) >= DRAFTS:
            return
        self._drafts[answers] = text
        if self._timer is None:
            self._timer = self._loop.call_at(self._draft_due, self._release_drafts)

    def end_draft(self, answers: str) -> None:
        """The answer itself is on its way."""
        self._drafts.pop(answers, None)
        self._ready.pop(answers, None)

    async def write(self, send: Callable[[str], Awaitable[None]]) -> None:
        """Write until cancelled. Raises TooSlow, and what `send` raises."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._too_slow:
                raise TooSlow
            while self._frames or self._ready:
                await send(self._next())

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _next(self) -> str:
        if self._frames:
            frame = self._frames.popleft()
            self._queued_chars -= len(frame)
            return frame
        key = next(iter(self._ready))
        return encode(DraftText(answers=message_id(key), text=self._ready.pop(key)))

    def _release_drafts(self) -> None:
        self._timer = None
        self._draft_due = self._loop.time() + DRAFT_PACE_S
        self._ready.update(self._drafts)
        self._drafts.clear()
        self._wake.set()


class Tabs:
    """The open tabs by session."""

    def __init__(self) -> None:
        self._open: dict[str, list[Tab]] = {}

    def join(self, session: str, tab: Tab) -> bool:
        """False if the session has too many open already."""
        tabs = self._open.setdefault(session, [])
        if len(tabs) >= TABS_PER_SESSION:
            return False
        tabs.append(tab)
        return True

    def leave(self, session: str, tab: Tab) -> None:
        tabs = self._open.get(session, [])
        if tab in tabs:
            tabs.remove(tab)
        if not tabs:
            self._open.pop(session, None)

    def of(self, session: str) -> Iterator[Tab]:
        return iter(self._open.get(session, ()))
