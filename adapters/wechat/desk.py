"""Where pushes wait for their answers. `exchange.py` decides; here is what waits and is woken."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from msgspec import structs

from adapters.wechat.exchange import Close, Exchange, Give, Timing, Try, Wait
from adapters.wechat.format import Saying, format_reply
from adapters.wechat.push import Push, Said
from core.ports.adapter import Receipt
from core.ports.store import Waiting

CASES_KEPT = 15_000
"""Pushes of the last minute, each of some 2 KB, beside those that requests wait in. 200 a second
are 12,000."""


@dataclass(slots=True, eq=False)
class Case:
    """A push with its exchange.

    `taken` is its one way into the core, and `receipt` what came of that; `put_off`: its answer
    came when nobody could take it, so that it lies on the shelf, or will in a moment.
    `carries`: the key of the part that was handed to it, and the receipt for that;
    `says`: the part that its reply holds, where that is more than the adapter's own words;
    `young`: no process before this one can have answered it.
    """

    push: Push
    exchange: Exchange[str]
    taken: asyncio.Task[Receipt] | None = None
    receipt: Receipt | None = None
    put_off: bool = False
    says: Waiting | None = None
    young: bool = False
    carries: tuple[str, str] = ("", "")
    waiting: set[asyncio.Future[None]] = field(default_factory=set)

    def received(self, receipt: Receipt) -> None:
        """The core has its words, so that they are not needed for a further request; nor is what
        brought them there."""
        if self.receipt is None:
            self.receipt, self.taken = receipt, None
            self.push = structs.replace(self.push, content=Said(parts=()), raw="")

    def wake(self) -> None:
        for waiter in self.waiting:
            _ring(waiter)

    def say(self, reply: str) -> None:
        """As `Exchange.say`: at once, and to be kept nowhere else."""
        self.exchange.say(reply)
        self.wake()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When a request came: `at` by the loop's clock, `stamped_s` by WeChat's as it was made.

    `left` is asked once its connection is gone, for when that was; None where nobody knows.
    """

    at: float
    stamped_s: int
    left: Callable[[], float | None] = lambda: None


@dataclass(slots=True, eq=False)
class Visit:
    """One request of a case. `handed`: it took the reply that it was given."""

    case: Case
    attempt: Try
    new_round: bool
    handed: bool = False


class Desk:
    """All exchanges of an account. `tries` and `fallback` are for each of them."""

    def __init__(self, timing: Timing, tries: int) -> None:
        self._timing = timing
        self._tries = tries
        self._cases: OrderedDict[str, Case] = OrderedDict()

    def case(self, push: Push, fallback: str) -> Case:
        """The case of a push: the same for every request with its key."""
        self._forget_idle()
        case = self._cases.get(push.key)
        if case is None:
            exchange = Exchange(self._timing, fallback, self._tries)
            case = self._cases[push.key] = Case(push, exchange)
            self._forget_surplus()
        self._cases.move_to_end(push.key)
        return case

    def find(self, key: str) -> Case | None:
        return self._cases.get(key)

    @asynccontextmanager
    async def visit(
        self, case: Case, at_least: int = 1, arrival: Arrival | None = None
    ) -> AsyncIterator[Visit]:
        """A request, from its arrival, which may be some time ago, to its end."""
        before, now = case.exchange.round, _now()
        arrived = min(arrival.at, now) if arrival else now
        attempt = case.exchange.arrive(arrived, at_least, now - arrived)
        visit = Visit(case, attempt, new_round=case.exchange.round != before)
        case.wake()
        try:
            yield visit
        finally:
            left = arrival.left() if arrival and not visit.handed else None
            case.exchange.leave(attempt, left or _now(), handed=visit.handed)
            case.wake()

    async def reply(self, visit: Visit, gone: "asyncio.Future[None]") -> str | None:
        """What the request is answered with, in its time; None: with nothing at all."""
        while not gone.done():
            match visit.case.exchange.step(visit.attempt, _now()):
                case Give(reply):
                    visit.case.wake()
                    return str(reply)
                case Close():
                    return None
                case Wait(until):
                    await _change(visit.case, until, gone)
        return None

    async def hand(self, case: Case, saying: Saying, part: Waiting) -> bool:
        """Have a request carry a part, said so; True once one did, False once none will."""
        offer = case.exchange.offer(format_reply(case.push, saying), _now())
        if offer is None:
            return False
        case.says = part
        case.wake()
        try:
            while not isinstance(outcome := case.exchange.outcome(offer, _now()), bool):
                await _change(case, outcome)
        except asyncio.CancelledError:
            case.exchange.withdraw(offer)
            raise
        if not outcome:
            case.says = None
        return outcome

    def can_take(self, case: Case) -> bool:
        """Whether it is worth preparing a reply for it."""
        exchange = case.exchange
        return (
            exchange.settled is None and exchange.offered is None and _now() < exchange.hope_until()
        )

    def expects(self, key: str) -> bool:
        """Whether a request of this push tells its answer, or will: that, or a notice."""
        case = self._cases.get(key)
        return case is not None and case.exchange.is_hopeful(_now())

    def close(self) -> None:
        """No further tries will come in: only requests that are here can be answered."""
        for case in self._cases.values():
            case.exchange.expect_no_more()
            case.wake()

    def _forget_idle(self) -> None:
        now = _now()
        for key in tuple(self._idle(now)):
            del self._cases[key]

    def _forget_surplus(self) -> None:
        """The oldest, where there are too many; what is needed is passed over."""
        for _ in range(2):  # faster than they come
            if len(self._cases) <= CASES_KEPT:
                return
            key, case = next(iter(self._cases.items()))
            if case.exchange.needed:
                self._cases.move_to_end(key)
            else:
                del self._cases[key]

    def _idle(self, now: float) -> Iterator[str]:
        """The oldest, up to the first that is still needed."""
        for key, case in self._cases.items():
            if not case.exchange.idle(now):
                return
            yield key


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _change(case: Case, until: float, gone: "asyncio.Future[None] | None" = None) -> None:
    """Until something changed, the time has come, or the other side hung up."""
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()
    timer = loop.call_at(until, _ring, waiter)

    def ring(_: object) -> None:
        _ring(waiter)

    case.waiting.add(waiter)
    if gone:
        gone.add_done_callback(ring)
    try:
        await waiter
    finally:
        timer.cancel()
        case.waiting.discard(waiter)
        if gone:
            gone.remove_done_callback(ring)


def _ring(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
