"""How much a bot may say, and how long it must be silent after too much."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from math import ceil

from msgspec import Struct

from bots.sandbox.telegram.failure import too_many
from core.model import Limit


class Policy(Struct, frozen=True, kw_only=True):
    """Telegram tells no exact figures; these are its FAQ's, with room for bursts.

    core.telegram.org/bots/faq, read 2026-11: about one message a second in a
    chat, 20 a minute in a group, 30 a second altogether; edits in groups are
    said to count too. `chat_burst` messages may come at once.
    """

    chat_per_s: float = 1.0
    chat_burst: Limit = 20
    group_per_min: Limit = 20
    overall_per_s: Limit = 30


UNLIMITED = Policy(chat_burst="unlimited", group_per_min="unlimited", overall_per_s="unlimited")


class Floods:
    """What was said lately, for each bound a bucket or a window."""

    def __init__(self, policy: Policy, now: Callable[[], datetime]) -> None:
        self.policy = policy
        self._now = now
        self._buckets: dict[int, tuple[float, float]] = {}
        self._groups: dict[int, deque[float]] = {}
        self._overall: deque[float] = deque()

    def admit(self, chat: int, messages: int = 1) -> None:
        """Count some messages to a chat. Raises Refused (429); then nothing is counted."""
        if self.policy == UNLIMITED:
            return
        now = self._now().timestamp()
        waits_s = (
            self._bucket_wait_s(chat, now, messages),
            _window_wait_s(self._group(chat), self._group_limit(chat), 60.0, now, messages),
            _window_wait_s(self._overall, self.policy.overall_per_s, 1.0, now, messages),
        )
        longest_s = max(waits_s)
        if longest_s > 0:
            raise too_many(max(1, ceil(longest_s)))
        self._count(chat, now, messages)

    def _bucket_wait_s(self, chat: int, now: float, messages: int) -> float:
        burst = self.policy.chat_burst
        if burst == "unlimited":
            return 0.0
        missing = min(messages, burst) - self._tokens(chat, now, burst)
        return missing / self.policy.chat_per_s

    def _tokens(self, chat: int, now: float, burst: int) -> float:
        tokens, at = self._buckets.get(chat, (float(burst), now))
        return min(burst, tokens + (now - at) * self.policy.chat_per_s)

    def _group(self, chat: int) -> deque[float]:
        return self._groups.setdefault(chat, deque()) if chat < 0 else deque()

    def _group_limit(self, chat: int) -> Limit:
        return self.policy.group_per_min if chat < 0 else "unlimited"

    def _count(self, chat: int, now: float, messages: int) -> None:
        burst = self.policy.chat_burst
        if burst != "unlimited":
            self._buckets[chat] = self._tokens(chat, now, burst) - messages, now
        for _ in range(messages):
            self._overall.append(now)
            if chat < 0:
                self._group(chat).append(now)


def _window_wait_s(
    said: deque[float], limit: Limit, length_s: float, now: float, messages: int
) -> float:
    """Until enough of what was said in the window has left it."""
    while said and said[0] <= now - length_s:
        said.popleft()
    if limit == "unlimited":
        return 0.0
    over = len(said) + messages - limit
    return said[min(over, len(said)) - 1] + length_s - now if over > 0 and said else 0.0
