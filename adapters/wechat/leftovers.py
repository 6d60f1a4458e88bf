"""What lies on the shelf: parts of answers that no request has carried yet."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from adapters.wechat.desk import Case, Desk
from adapters.wechat.format import Saying, Words, format_reply
from adapters.wechat.sayings import Sayings
from adapters.wechat.wording import Beside, Wording
from core.errors import StoreError
from core.model import PartState
from core.ports.store import Shelf, Waiting

log = logging.getLogger(__name__)

PLATFORM = "wechat"
WORK_S = 600.0
"""How long a message that never gets an answer counts as being worked on."""

SHELVED_S = 2.0
"""How long a part may take from `Later` to the shelf."""

UNSURE_S = 600.0
"""For so long a person who asks for more may mean what the last try of a push said. That he goes
on talking shows nothing: he may have asked before it was said."""

MOST_UNSURE = 3

CUT_S = 20.0
"""What was said for so long before the process began may have been in tries that broke with the
one before it: all three take 15 s."""

MOST_HUNGRY = 5
"""How many times a person may ask at once for what is still being worked on."""

TALKS_KEPT = 10_000
"""Who has been silent for longest is forgotten; what waits for them lies on the shelf."""


@dataclass(slots=True)
class Talk:
    """One person's. `hungry`: pushes of 继续 that found nothing yet; `work`: until when an
    answer counts as on its way, by the key of its push; `unsure`: what the last try of a push
    said, by its key, and until when it is worth to be said again; `looked`: what was cut off as
    the process before this one ended is in it."""

    hungry: list[Case] = field(default_factory=list)
    work: dict[str, float] = field(default_factory=dict)
    unsure: dict[str, tuple[Saying, float]] = field(default_factory=dict)
    looked: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


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
        self._talks: OrderedDict[str, Talk] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    # -- what is on its way ------------------------------------------------------

    def begun(self, chat: str, key: str) -> None:
        """An answer to this push will come."""
        talk = self._talk(chat)
        talk.work = {**_alive(talk.work), key: _now() + WORK_S}

    def ended(self, chat: str, key: str, *, shelved: bool) -> None:
        """All parts of the answer have been sent, or are on their way to the shelf; or there
        will be none."""
        work = self._talk(chat).work
        if shelved:
            work[key] = _now() + SHELVED_S
        else:
            work.pop(key, None)

    def hungry(self, chat: str) -> list[Case]:
        """Pushes of 继续 that found nothing yet, and can still be answered."""
        talk = self._talk(chat)
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
        keys = {*await self._expected(chat), *_alive(self._talk(chat).work)} - {but}
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
            unsure = self._unsure(case.push.source)
            unsure[case.push.key] = case.says, _now() + UNSURE_S
            while len(unsure) > MOST_UNSURE:
                del unsure[next(iter(unsure))]

    def _unsure(self, chat: str) -> dict[str, tuple[Saying, float]]:
        talk, now = self._talk(chat), _now()
        talk.unsure = {key: said for key, said in talk.unsure.items() if said[1] > now}
        return talk.unsure

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
        talk = self._talk(chat)
        working = bool(_alive(talk.work) or await self._expected(chat))
        if self._unsure(chat):
            await self._say_again(case, Beside.WORKED_ON if working else Beside.NOTHING)
        elif not working:
            case.say(format_reply(case.push, Words(text=self._wording.nothing_waits)))

    async def _answered_before(self, case: Case) -> bool:
        """Say what the process before this one said to it, or what that said last of all: it may
        have been cut off as the process ended."""
        chat = case.push.source
        talk = self._talk(chat)
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
            key = f"{said[-1].reply_id}/{said[-1].index}"
            talk.unsure[key] = await self._saying(said[-1], Beside.NOTHING), _now() + UNSURE_S
            beside = await self._hint(chat)
        await self._say_again(case, beside)  # nothing runs between the lock's end and the offer
        return True

    async def _hint(self, chat: str) -> Beside:
        """As `beside`, where a request that could tell an answer may have been given up."""
        if await self.any_wait(chat):
            return Beside.WAITS
        working = _alive(self._talk(chat).work) or await self._expected(chat)
        return Beside.WORKED_ON if working else Beside.NOTHING

    async def _say_again(self, case: Case, beside: Beside) -> None:
        """The oldest that may not have come; kept until a request carried it."""
        unsure = self._unsure(case.push.source)
        key = next(iter(unsure))
        saying, until = unsure.pop(key)
        told = self._wording.again(saying, Beside.WAITS if unsure else beside)
        if not await self._desk.hand(case, told):
            unsure = self._unsure(case.push.source)
            self._talk(case.push.source).unsure = {key: (saying, until), **unsure}

    async def _resume(self, case: Case) -> None:
        await self._lend(case, lambda parts: _own(parts, case.push.key))

    async def _lend(self, case: Case, choose: Callable[[list[Waiting]], Waiting | None]) -> bool:
        """False where there is nothing to say to the push."""
        async with self._talk(case.push.source).lock:
            if not self._desk.can_take(case) or await self._again(case):
                return True
            parts = list(await self._shelf.waiting(PLATFORM, self._bot, case.push.source))
            part = choose(parts)
            if part is None:
                return False
            others = Beside.WAITS if len(parts) > 1 else Beside.NOTHING
            if not others.value and await self._works(case.push.source, part.answers):
                others = Beside.WORKED_ON
            if self._began and not others.value and self._unsure(case.push.source):
                others = Beside.DOUBTFUL
            saying = await self._noted(case, part, others)
        # Nothing runs between the lock's end and the offer.
        if not await self._desk.hand(case, saying):
            await self._shelf.mark(part.reply_id, part.index, PartState.LATER)
        return True

    async def _again(self, case: Case) -> bool:
        """Say what the push was answered with before a restart."""
        if case.young:
            return False
        for beside in Beside:
            receipt = receipt_of(case, beside)
            part = await self._shelf.carried(PLATFORM, self._bot, case.push.source, receipt)
            if part:
                others = part.index + 1 < part.total
                self.ended(case.push.source, part.answers, shelved=others)
                case.say(format_reply(case.push, await self._saying(part, beside)))
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

    async def _saying(self, waiting: Waiting, beside: Beside) -> Saying:
        saying = await self._sayings.of(waiting.part)
        return self._wording.dressed(saying, waiting.index, waiting.total, beside)

    def _talk(self, chat: str) -> Talk:
        talk = self._talks.get(chat)
        if talk is None:
            talk = self._talks[chat] = Talk()
        self._talks.move_to_end(chat)
        if len(self._talks) > TALKS_KEPT:
            self._talks.popitem(last=False)
        return talk

    def _spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def guarded() -> None:
            try:
                await work()
            except StoreError as error:  # the next try looks again
                log.warning("the shelf could not be asked: %s", error)

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def receipt_of(case: Case, beside: Beside) -> str:
    """Which push carried a part, and which hint stood below it."""
    return f"{case.push.key}{beside.value}"


def _own(parts: list[Waiting], key: str) -> Waiting | None:
    return next((part for part in parts if part.answers == key and not part.index), None)


def _alive(work: Mapping[str, float]) -> dict[str, float]:
    now = _now()
    return {key: until for key, until in work.items() if until > now}


def _now() -> float:
    return asyncio.get_running_loop().time()
