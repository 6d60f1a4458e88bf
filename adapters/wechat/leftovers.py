"""What lies on the shelf: parts of answers that no request has carried yet."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from adapters.wechat.desk import Case, Desk
from adapters.wechat.format import Saying, Words, format_reply
from adapters.wechat.receipt import receipt_of
from adapters.wechat.sayings import Sayings
from adapters.wechat.talk import UNSURE_S, Talks
from adapters.wechat.wording import Beside, Wording
from core.errors import StoreError
from core.model import PartState
from core.ports.store import Shelf, Waiting

log = logging.getLogger(__name__)

PLATFORM = "wechat"
CUT_S = 20.0
"""What was said for so long before the process began may have been in tries that broke with the
one before it: all three take 15 s."""

MOST_HUNGRY = 5
"""How many times a person may ask at once for what is still being worked on."""


class Leftovers:
    """Hands waiting parts to pushes: to 继续 the oldest, to a repeated push its own answer.

    A part is noted as carried by the push before it is handed over, so that a
    push repeated after a restart gets the same part; if no request took it, it
    lies on the shelf again. `began` is when the process did; None where nothing that the one
    before it said can have been cut off.
    """

    def __init__(
        self,
        *,
        bot: str,
        shelf: Shelf,
        desk: Desk,
        sayings: Sayings,
        wording: Wording,
        began: datetime | None,
    ) -> None:
        self._bot = bot
        self._shelf = shelf
        self._desk = desk
        self._sayings = sayings
        self._wording = wording
        self._began = began
        self._began_at = _now()
        self._talks = Talks()
        self._tasks: set[asyncio.Task[None]] = set()

    # -- what is on its way ------------------------------------------------------

    def begun(self, chat: str, key: str) -> None:
        """An answer to this push will come."""
        self._talks.of(chat).begun(key)

    def ended(self, chat: str, key: str, *, shelved: bool) -> None:
        """All parts of the answer have been sent, or are on their way to the shelf; or there
        will be none."""
        self._talks.of(chat).ended(key, shelved=shelved)

    def hungry(self, chat: str) -> list[Case]:
        """Pushes of 继续 that found nothing yet, and can still be answered."""
        talk = self._talks.of(chat)
        talk.hungry = [case for case in talk.hungry if self._desk.can_take(case)]
        return talk.hungry

    async def any_wait(self, chat: str) -> bool:
        try:
            return bool(await self._shelf.waiting(PLATFORM, self._bot, chat))
        except StoreError:
            return False

    async def beside(self, chat: str, key: str) -> Beside:
        """What there is for the person beside the answer to this push, which is told now."""
        if await self.any_wait(chat):
            return Beside.WAITS
        return Beside.WORKED_ON if await self._works(chat, key) else Beside.NOTHING

    async def _works(self, chat: str, but: str = "") -> bool:
        """Whether an answer is to come that no request of its own will tell."""
        keys = {*await self._expected(chat), *self._talks.of(chat).working()} - {but}
        return any(not self._desk.expects(key) for key in keys)

    async def _expected(self, chat: str) -> Sequence[str]:
        """From before a restart, too."""
        try:
            return await self._shelf.expected(PLATFORM, self._bot, chat)
        except StoreError:
            return ()

    def said_last(self, case: Case) -> None:
        """What may be the last try carried an answer: whether WeChat had it, nobody will tell."""
        if case.says is not None:
            self._talks.of(case.push.source).doubt(case.says)

    # -- pushes --------------------------------------------------------------------

    def bring(self, case: Case) -> None:
        """A person asks for more. The oldest part, or what is being worked on, or a sentence."""
        self._spawn(lambda: self._bring(case))

    def resume(self, case: Case) -> None:
        """A push came again, and its answer may lie on the shelf or have been carried."""
        self._spawn(lambda: self._resume(case))

    async def _bring(self, case: Case) -> None:
        chat = case.push.source
        if case not in (hungry := self.hungry(chat)):
            if len(hungry) >= MOST_HUNGRY:
                case.say(format_reply(case.push, Words(text=self._wording.busy)))
                return
            hungry.append(case)  # before looking: nothing slips by
        if await self._answered_before(case):
            return
        found = await self._lend(case, lambda parts: parts[0] if parts else None)
        if found:
            return
        talk = self._talks.of(chat)
        working = bool(talk.handing or talk.working() or await self._expected(chat))
        beside = Beside.WORKED_ON if working else Beside.NOTHING
        if not await self._say_again(case, beside) and not working:
            case.say(format_reply(case.push, Words(text=self._wording.nothing_waits)))

    async def _answered_before(self, case: Case) -> bool:
        """Say what the process before this one said to it, or what that said last of all: it may
        have been cut off as the process ended."""
        chat = case.push.source
        talk = self._talks.of(chat)
        if self._began is None or _now() - self._began_at > UNSURE_S:
            return False
        async with talk.lock:
            if talk.looked or not self._desk.can_take(case):
                return False
            if await self._again(case):
                return True
            since = self._began - timedelta(seconds=CUT_S)
            said = await self._shelf.sent(PLATFORM, self._bot, chat, since, self._began)
            talk.looked = True
            if not said:
                return False
            talk.doubt(said[-1])
            beside = await self._hint(chat)
        await self._say_again(case, beside)
        return True

    async def _hint(self, chat: str) -> Beside:
        """As `beside`, where a request that could tell an answer may have been given up."""
        if await self.any_wait(chat):
            return Beside.WAITS
        working = self._talks.of(chat).working() or await self._expected(chat)
        return Beside.WORKED_ON if working else Beside.NOTHING

    async def _say_again(self, case: Case, beside: Beside) -> bool:
        """The oldest that may not have come; kept until a request carried it. False without."""
        talk = self._talks.of(case.push.source)
        async with talk.lock:
            doubtful = talk.doubtful()
            if not doubtful or not self._desk.can_take(case):
                return bool(doubtful)
            key, part = next(iter(doubtful.items()))
            beside = Beside.WAITS if len(doubtful) > 1 else beside
            receipt = receipt_of(case, beside, repeated=True)
            await self._shelf.carry_again(part.reply_id, part.index, receipt)
            saying = await self._saying(part, beside, repeated=True)
            back = talk.sure(key)
        async with self._handing(case, saying, part) as handed:
            if not handed:
                back()
        return True

    async def _resume(self, case: Case) -> None:
        await self._lend(case, lambda parts: _own(parts, case.push.key))

    async def _lend(self, case: Case, choose: Callable[[list[Waiting]], Waiting | None]) -> bool:
        """False where there is nothing to say to the push."""
        talk = self._talks.of(case.push.source)
        async with talk.lock:
            if not self._desk.can_take(case) or await self._again(case):
                return True
            parts = list(await self._shelf.waiting(PLATFORM, self._bot, case.push.source))
            part = choose(parts)
            if part is None:
                return False
            others = Beside.WAITS if len(parts) > 1 else Beside.NOTHING
            if not others.value and await self._works(case.push.source, part.answers):
                others = Beside.WORKED_ON
            if self._began and not others.value and talk.doubtful():
                others = Beside.DOUBTFUL
            saying = await self._noted(case, part, others)
        async with self._handing(case, saying, part) as handed:
            if not handed:
                await self._shelf.mark(part.reply_id, part.index, PartState.LATER)
        return True

    @asynccontextmanager
    async def _handing(self, case: Case, saying: Saying, part: Waiting) -> AsyncIterator[bool]:
        """Whether a request carried it; who asks meanwhile is answered once that is settled.

        Right after the lock's end: nothing runs between that and the offer.
        """
        talk = self._talks.of(case.push.source)
        talk.handing += 1
        try:
            yield await self._desk.hand(case, saying, part)
        finally:
            talk.handing -= 1
        for hungry in self.hungry(case.push.source):
            self.bring(hungry)

    async def _again(self, case: Case) -> bool:
        """Say what the push was answered with before a restart."""
        if case.young:
            return False
        for beside, repeated in product(Beside, (False, True)):
            receipt = receipt_of(case, beside, repeated=repeated)
            part = await self._shelf.carried(PLATFORM, self._bot, case.push.source, receipt)
            if part:
                others = part.index + 1 < part.total
                self.ended(case.push.source, part.answers, shelved=others)
                saying = await self._saying(part, beside, repeated=repeated)
                case.say(format_reply(case.push, saying))
                return True
        return False

    async def _noted(self, case: Case, part: Waiting, beside: Beside) -> Saying:
        """What to say of a part, which is noted as carried."""
        saying = await self._saying(part, beside)
        receipt = receipt_of(case, beside)
        await self._shelf.mark(part.reply_id, part.index, PartState.SENT, receipt)
        if part.index + 1 == part.total:
            self.ended(case.push.source, part.answers, shelved=False)
        return saying

    async def _saying(self, part: Waiting, beside: Beside, *, repeated: bool = False) -> Saying:
        saying = await self._sayings.of(part.part)
        return self._wording.dressed(saying, part.index, part.total, beside, repeated=repeated)

    def _spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def guarded() -> None:
            try:
                await work()
            except StoreError as error:  # the next try looks again
                log.warning("the shelf could not be asked: %s", error)

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _own(parts: list[Waiting], key: str) -> Waiting | None:
    return next((part for part in parts if part.answers == key and not part.index), None)


def _now() -> float:
    return asyncio.get_running_loop().time()
