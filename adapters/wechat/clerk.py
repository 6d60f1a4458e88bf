"""Takes pushes in: what each is, what becomes of it, which of its requests says what."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from adapters.wechat.desk import Arrival, Case, Desk, Visit
from adapters.wechat.exchange import TRIES, Timing
from adapters.wechat.format import SUCCESS, Words, format_reply
from adapters.wechat.leftovers import Leftovers
from adapters.wechat.push import Followed, Push, Said, Scanned, Unheard
from adapters.wechat.wording import Wording
from core.errors import StoreError
from core.model import Message
from core.ports.adapter import Emit, Receipt
from core.ports.clock import Clock

CLOCK_S = 1.0
"""WeChat tells its times in whole seconds."""


class Clerk:
    """`message_of` makes the core's message of a push; `seen` is told what a person did.

    `emit` is None while nothing is received: before it has `started`, pushes
    wait for it, and once it has ended they are refused.
    """

    def __init__(  # noqa: PLR0913 - all that it needs comes in here
        self,
        *,
        desk: Desk,
        leftovers: Leftovers,
        wording: Wording,
        clock: Clock,
        timing: Timing,
        serves: bool,
        message_of: Callable[[Push, Said], Message],
        seen: Callable[[Push], None],
    ) -> None:
        self.emit: Emit | None = None
        self.started = asyncio.Event()
        self._clock = clock
        self.open()
        self._desk = desk
        self._leftovers = leftovers
        self._wording = wording
        self._timing = timing
        self._serves = serves
        self._message_of = message_of
        self._seen = seen

    def open(self) -> None:
        """Requests may come from now on."""
        self._opened_at = self._clock.monotonic()
        self._opened_on = int(self._clock.now().timestamp())

    @asynccontextmanager
    async def receive(
        self, push: Push, arrival: Arrival, gone: "asyncio.Future[None]"
    ) -> AsyncIterator[tuple[Visit, str | None]]:
        """One request, to its end: its visit, and what to answer. Raises StoreError."""
        case = self._desk.case(push, self._fallback(push))
        fresh = not case.exchange.round
        at_least = self._first_round(case, arrival) if fresh else 1
        async with self._desk.visit(case, at_least, arrival) as visit:
            if fresh:
                self._seen(push)
            await self._take(case, visit)
            yield visit, await self._desk.reply(visit, gone)
            if visit.handed and (visit.attempt.last or case.exchange.broken):
                self._leftovers.said_last(case)

    async def _take(self, case: Case, visit: Visit) -> None:
        match case.push.content:
            case _ if case.exchange.settled is not None:
                return
            case Followed():
                self._say(case, self._wording.welcome)
            case Scanned() | Unheard():
                case.say(SUCCESS)
            case Said() as said if self._wording.asks_for_more(said.text):
                if visit.new_round:
                    self._leftovers.bring(case)
            case Said() as said:
                await self._hear(case, said, visit)

    async def _hear(self, case: Case, said: Said, visit: Visit) -> None:
        """Into the core, once; what it has already may have its answer, too."""
        known = case.taken is not None or case.receipt is not None
        receipt = await self._emitted(case, said)
        match receipt:
            case Receipt.BUSY:
                self._leftovers.ended(case.push.source, case.push.key, shelved=False)
                self._say(case, self._wording.busy)
            case Receipt.BROKEN:
                self._leftovers.ended(case.push.source, case.push.key, shelved=False)
                self._say(case, self._wording.set_aside)
            case Receipt.IGNORED:
                self._leftovers.ended(case.push.source, case.push.key, shelved=False)
                case.say(SUCCESS)
            case Receipt.DUPLICATE if not known:
                case.exchange.known_as(visit.attempt, TRIES)  # how often, nobody knows
                self._leftovers.resume(case)
            case Receipt.DUPLICATE if visit.new_round:
                self._leftovers.resume(case)
            case Receipt.STORED if visit.new_round and case.put_off:
                self._leftovers.resume(case)
            case _:
                return

    async def _emitted(self, case: Case, said: Said) -> Receipt:
        """All requests of a push wait for the one emit; after a failure the next one tries."""
        emit = self.emit or await self._start()
        if case.receipt is not None:
            return case.receipt
        if case.taken is None:
            chat, key = case.push.source, case.push.key
            self._leftovers.begun(chat, key)  # the answer may be faster than the receipt
            case.taken = asyncio.ensure_future(emit(self._message_of(case.push, said)))
        try:
            receipt = await asyncio.shield(case.taken)
        except StoreError:
            self._leftovers.ended(case.push.source, case.push.key, shelved=False)
            case.taken = None
            raise
        case.received(receipt)
        return receipt

    async def _start(self) -> Emit:
        """Who comes early waits: the listener opens a little before the adapter runs."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timing.answer_s):
                await self.started.wait()
        if self.emit is None:
            raise StoreError("nothing is received: the bot is starting or stopping")
        return self.emit

    def _fallback(self, push: Push) -> str:
        """What the last try says where there is no answer yet."""
        if self._serves:
            return SUCCESS  # the answer comes by customer service
        return format_reply(push, Words(text=self._wording.thinking))

    def _say(self, case: Case, text: str) -> None:
        case.say(format_reply(case.push, Words(text=text)))

    def _first_round(self, case: Case, arrival: Arrival) -> int:
        """Which try it is by a push's age, where this process was there for the tries before it.
        How often one was tried that may be older nobody knows: this may be the last time, so
        that it is answered as that."""
        age_s = arrival.stamped_s - case.push.created
        made = self._made_s(case.push, arrival)
        case.young = made >= 2 * CLOCK_S
        if made <= 0:
            return TRIES
        return max(1, min(TRIES, 1 + int(age_s / self._timing.patience_s)))

    def _made_s(self, push: Push, arrival: Arrival) -> float:
        """How long after the whole second in which requests may come a push was made, at least:
        not above 0, and it may have been tried before.

        By our clock, which knows that second, unless it is so far from WeChat's that it would
        mislead; a request may take as long to be here as WeChat waits for it.
        """
        apart_s = self._clock.now().timestamp() - arrival.stamped_s - self._waited_s(arrival)
        if -CLOCK_S <= apart_s <= self._timing.patience_s + CLOCK_S:
            return push.created - self._opened_on
        since_s = push.created - arrival.stamped_s + (arrival.at - self._opened_at)
        return since_s - CLOCK_S  # both are told in whole seconds

    def _waited_s(self, arrival: Arrival) -> float:
        return self._clock.monotonic() - arrival.at
