"""How fast an account may speak."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from core.model import Limit
from core.ports.clock import Clock

PART_S = 0.5
"""Between parts of an answer: OneBot's own rate limit,
https://github.com/botuniverse/onebot-11/blob/master/api/README.md (read 2026-11)."""
FILE_S = 1.5  # what AstrBot settled on for files (19d00fb, read 2026-11)
JITTER_S = 0.3
CHATS = 1000


class Pace:
    """`sends_per_s` bounds all of an account's sends; as many may go at once after a silence."""

    def __init__(
        self,
        *,
        sends_per_s: Limit,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        chance: Callable[[], float],
    ) -> None:
        self._rate = sends_per_s
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._due: dict[str, float] = {}
        self._spoke: OrderedDict[str, float] = OrderedDict()

    async def wait(self, account: str, chat: str, *, follows: bool, file: bool) -> None:
        """Return when the next may go. `follows`: it is not an answer's first part."""
        now = self._clock.monotonic()
        wait_s = self._turn(account, now)
        if follows:
            gap_s = (FILE_S if file else PART_S) + JITTER_S * self._chance()
            wait_s = max(wait_s, self._spoke.get(chat, now - gap_s) + gap_s - now)
        self._spoke[chat] = now + wait_s
        self._spoke.move_to_end(chat)
        if len(self._spoke) > CHATS:
            self._spoke.popitem(last=False)
        if wait_s > 0:
            await self._sleep(wait_s)

    def _turn(self, account: str, now: float) -> float:
        """The account's next place in the queue, in seconds from now."""
        if self._rate == "unlimited":
            return 0.0
        step_s = 1.0 / max(self._rate, 1)
        due = max(self._due.get(account, now - 1.0), now - 1.0 + step_s)
        self._due[account] = due + step_s
        return max(0.0, due - now)
