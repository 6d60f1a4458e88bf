"""How much the bot may say: one account's sends, paced by chat, by group and altogether."""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass

from core.model import Limit
from core.patience import Sleep
from core.ports.clock import Clock

BURST = 3
"""Short bursts in a chat are allowed (core.telegram.org/bots/faq, 2026-11), but not how long."""

CHATS_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Telegram tells no hard figures and changes them; these are its FAQ's, and its users'
    (core.telegram.org/bots/faq and grammy.dev/advanced/flood, 2026-11)."""

    per_second: Limit = 30
    chat_per_second: Limit = 1
    group_per_minute: Limit = 20


class Limiter:
    """Sends wait for their turn. What is a mere courtesy never waits: it is left out."""

    def __init__(self, rates: Rates, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._rates = rates
        self._clock = clock
        self._sleep = sleep
        self._overall = Window.of(rates.per_second, 1.0)
        self._chats: OrderedDict[str, _Pace] = OrderedDict()

    async def turn(self, chat: str, *, group: bool) -> None:
        """Until one more message may go to the chat. Other chats are not held up."""
        pace = self._pace(chat, group=group)
        pace.waiting += 1
        try:
            await self._until(pace)
        finally:
            pace.waiting -= 1

    def cool(self, chat: str, seconds: float, *, group: bool) -> None:
        """Telegram has asked for silence in this chat."""
        pace = self._pace(chat, group=group)
        pace.silent_until = max(pace.silent_until, self._clock.monotonic() + seconds)

    def silence_s(self, chat: str, *, group: bool) -> float:
        """How long Telegram wants nothing more in this chat."""
        return max(0.0, self._pace(chat, group=group).silent_until - self._clock.monotonic())

    def has_room(self, chat: str, *, group: bool) -> bool:
        """Whether a courtesy may go now: nobody waits, and nobody was told to be silent."""
        now, pace = self._clock.monotonic(), self._pace(chat, group=group)
        return not pace.waiting and now >= pace.silent_until and self._overall.free_at(now) <= now

    async def _until(self, pace: "_Pace") -> None:
        """First the chat's own turn, one after the other, then one among all chats.

        What counts for the chat is when the message really goes.
        """
        async with pace.turns:
            while True:
                now = self._clock.monotonic()
                await self._wait(pace.free_at(now) - now)
                now = self._clock.monotonic()
                await self._wait(self._overall.take(now) - now)
                now = self._clock.monotonic()
                if now >= pace.silent_until:  # else it was asked for silence meanwhile
                    pace.note(now)
                    return

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await self._sleep(seconds)

    def _pace(self, chat: str, *, group: bool) -> "_Pace":
        pace = self._chats.get(chat)
        if pace is None:
            pace = self._chats[chat] = self._new_pace(group=group)
            if len(self._chats) > CHATS_KEPT:
                self._chats.popitem(last=False)
        else:
            self._chats.move_to_end(chat)
        return pace

    def _new_pace(self, *, group: bool) -> "_Pace":
        rates = self._rates
        windows = [Window.of(rates.chat_per_second, 1.0, burst=BURST)]
        if group:
            windows.append(Window.of(rates.group_per_minute, 60.0))
        return _Pace(tuple(windows))


class Window:
    """At most `count` in any `length_s`."""

    __slots__ = ("_length_s", "_taken")

    def __init__(self, count: int | None, length_s: float) -> None:
        self._taken: deque[float] | None = None if count is None else deque(maxlen=max(count, 1))
        self._length_s = length_s

    @classmethod
    def of(cls, limit: Limit, length_s: float, burst: int = 1) -> "Window":
        if limit == "unlimited":
            return cls(None, length_s)
        return cls(limit * burst, length_s * burst)

    def free_at(self, now: float) -> float:
        """When the next may be taken, from now on."""
        taken = self._taken
        if taken is None or len(taken) < (taken.maxlen or 1):
            return now
        return max(now, taken[0] + self._length_s)

    def take(self, now: float) -> float:
        """Take the next place; its time."""
        at = self.free_at(now)
        self.note(at)
        return at

    def note(self, at: float) -> None:
        if self._taken is not None:
            self._taken.append(at)


class _Pace:
    """One chat's."""

    __slots__ = ("_windows", "silent_until", "turns", "waiting")

    def __init__(self, windows: tuple[Window, ...]) -> None:
        self._windows = windows
        self.silent_until = 0.0
        self.turns = asyncio.Lock()
        self.waiting = 0

    def free_at(self, now: float) -> float:
        return max(self.silent_until, *(window.free_at(now) for window in self._windows))

    def note(self, at: float) -> None:
        for window in self._windows:
            window.note(at)
