"""One push and the requests that carry it: what each is answered with, and when. Pure.

WeChat asks with the same MsgId up to three times and waits 5 s each time; a
request that ends without an answer makes it ask again, and whatever it is
answered, "success" too, ends its asking
(developers.weixin.qq.com/doc/subscription/guide/product/message/Passive_user_reply_message.html,
November 2026). So the first two tries are held until it has given up, and the
last one carries the answer or a notice. What was said once is said to every
further try: WeChat shows a MsgId's answer once.

Times are seconds of any steady clock, passed in as `now`.
"""

from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")

TRIES = 3

NEARLY = 0.96
"""A request may come a little faster than the one before it came."""

NOTICED_S = 0.1
"""A request may come so long before it is noticed that the one before it broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """In seconds from a request's arrival, but for `due_s` and `keep_s`."""

    answer_s: float = 4.0
    """Until then an answer is taken. It must be there within 5 s, through a network, and from
    a process that may stand still for some tenths of a second while it frees memory."""
    patience_s: float = 5.0
    """WeChat's own."""
    hold_s: float = 10.0
    """A held request ends at the latest; nearly all end because WeChat hangs up."""
    due_s: float = 1.5
    """From the end of a try to the beginning of the next."""
    keep_s: float = 60.0
    """An exchange is remembered after its last sign of life."""
    late_s: float = 1.5
    """A request that waited to be read is answered earlier by as long, so much at most: it did
    not wait alone, and many are to be answered at once."""


@dataclass(slots=True, eq=False)
class Try:
    """One request. Several at once belong to one round, which is what WeChat counts.

    `answer_by` is until when it takes an answer.
    """

    arrived: float
    answer_by: float
    last: bool


@dataclass(slots=True, eq=False)
class Offer(Generic[T]):
    """An answer on its way into a request."""

    content: T
    handed: bool = False


@dataclass(frozen=True, slots=True)
class Give(Generic[T]):
    """Answer the request with this."""

    content: T


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again when something changed, or at `until`."""

    until: float


@dataclass(frozen=True, slots=True)
class Close:
    """End the request without an answer."""


Step: TypeAlias = Give[T] | Wait | Close


@dataclass(slots=True, eq=False)
class Exchange(Generic[T]):
    """`fallback` is what the last try says where there is no answer yet."""

    timing: Timing
    fallback: T
    tries: int = TRIES
    settled: T | None = None
    """What every request gets from now on."""
    round: int = 0
    offered: Offer[T] | None = None
    broken: bool = False
    """Some request ended without an answer: which round this is may be told wrongly."""
    _open: list[Try] = field(default_factory=list)
    _round_began: float = float("-inf")
    _ended: float = float("-inf")

    # -- requests --------------------------------------------------------------

    def arrive(self, now: float, at_least: int = 1, waited_s: float = 0.0) -> Try:
        """A request came, and waited to be read. `at_least`: the round it is known to be of.

        WeChat opens no round before it gave the last one up, so a request beside
        one that it still waits for is a duplicate of that.
        """
        if not self._open or now - self._round_began >= self.timing.patience_s * NEARLY:
            self.round = max(self.round + 1, at_least)
            self._round_began = now
        answer_by = now + self.timing.answer_s - min(waited_s, self.timing.late_s)
        attempt = Try(arrived=now, answer_by=answer_by, last=self.round >= self.tries)
        self._open.append(attempt)
        return attempt

    def known_as(self, attempt: Try, round_: int) -> None:
        """The request turns out to be of this round at least: there were some before a restart."""
        self.round = max(self.round, round_)
        attempt.last = self.round >= self.tries

    def step(self, attempt: Try, now: float) -> Step[T]:
        """What the request is to do now."""
        answer_by = attempt.answer_by
        give_by = attempt.arrived + self.timing.patience_s if attempt.last else answer_by
        in_time = now < give_by
        if in_time and self.settled is None and self.offered is not None:
            self.settled = self.offered.content
        if in_time and self.settled is None and now >= answer_by:
            self.settled = self.fallback
        if in_time and self.settled is not None:
            return Give(self.settled)
        hold_until = attempt.arrived + self.timing.hold_s
        if now >= hold_until:
            return Close()
        return Wait(answer_by if in_time else hold_until)

    def leave(self, attempt: Try, now: float, *, handed: bool) -> None:
        """The request has ended; `handed`: it took what it was given.

        One that came just before, while this one broke, was no copy of it: it is the next round.
        """
        self._open.remove(attempt)
        self._ended = now
        self.broken = self.broken or not handed
        if not handed:
            self._advance(max(attempt.arrived, now - NOTICED_S))
        if handed and self.offered and self.settled is self.offered.content:
            self.offered.handed = True

    def _advance(self, after: float) -> None:
        """The requests that came `after` then are of a round of their own."""
        newer = [attempt for attempt in self._open if attempt.arrived > after]
        if newer and self._round_began <= after:
            self.round += 1
            self._round_began = newer[0].arrived
            for attempt in newer:
                attempt.last = self.round >= self.tries

    # -- answers ---------------------------------------------------------------

    def say(self, content: T) -> None:
        """Settle it here and now, with something that need not be kept if nobody takes it."""
        if self.settled is None and self.offered is None:
            self.settled = content

    def offer(self, content: T, now: float) -> Offer[T] | None:
        """None where it is answered already, or no request can be expected any more."""
        if self.settled is not None or self.offered is not None or now >= self.hope_until():
            return None
        self.offered = Offer(content)
        return self.offered

    def outcome(self, offer: Offer[T], now: float) -> bool | float:
        """Whether the offer was handed over; until it is known, when to ask again.

        Ask again when something changed, too. Once the answer is no, the offer is void.
        """
        if offer.handed:
            return True
        hope = self.hope_until()
        if now < hope:
            return hope
        self.withdraw(offer)
        return False

    def withdraw(self, offer: Offer[T]) -> None:
        """Nobody took it: what is said later may be something else."""
        if self.offered is offer:
            self.offered = None
            if self.settled is offer.content:
                self.settled = None

    def expect_no_more(self) -> None:
        """Only the requests that are here can take an answer."""
        self.tries = min(self.tries, self.round)

    def is_hopeful(self, now: float) -> bool:
        """Whether its answer is told by it, or may be yet."""
        return self.offered is not None or (self.settled is None and now < self.hope_until())

    def hope_until(self) -> float:
        """Until when a request may still take an answer."""
        ends = [attempt.answer_by for attempt in self._open]
        if self.settled is not None:  # being written, or to be told again
            ends += [attempt.arrived + self.timing.patience_s for attempt in self._open]
        if self.round < self.tries:
            given_up = [attempt.arrived + self.timing.patience_s for attempt in self._open]
            ends.append(max(given_up, default=self._ended) + self.timing.due_s)
        return max(ends, default=float("-inf"))

    def idle(self, now: float) -> bool:
        """Whether it may be forgotten."""
        last = max(self._ended, self._round_began)
        return not self.needed and now - last >= self.timing.keep_s

    @property
    def needed(self) -> bool:
        """Whether a request waits in it, or an answer for the next one."""
        pending = self.offered is not None and not self.offered.handed
        return bool(self._open) or pending
