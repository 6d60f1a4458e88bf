"""The reply machine by itself, with a clock of its own."""

import asyncio

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import structs

from adapters.wechat.desk import Desk
from adapters.wechat.exchange import Close, Exchange, Give, Timing, Wait
from adapters.wechat.push import Push, Said, Unheard
from core.model import Text
from core.ports.adapter import Receipt

TIMING = Timing()


def exchange(tries: int = 3) -> Exchange[str]:
    return Exchange(TIMING, "notice", tries)


def test_the_first_try_takes_an_answer_until_its_time():
    it = exchange()
    attempt = it.arrive(0.0)
    assert it.step(attempt, 0.0) == Wait(4.0)
    offer = it.offer("answer", 3.9)
    assert it.step(attempt, 3.9) == Give("answer")
    assert it.outcome(offer, 3.9) is not True
    it.leave(attempt, 3.91, handed=True)
    assert it.outcome(offer, 3.91) is True


def test_a_first_try_without_an_answer_is_held_past_wechats_patience():
    it = exchange()
    attempt = it.arrive(0.0)
    assert it.step(attempt, 4.0) == Wait(10.0)
    assert it.step(attempt, 10.0) == Close()


def test_an_answer_between_two_tries_waits_for_the_next():
    it = exchange()
    first = it.arrive(0.0)
    offer = it.offer("answer", 4.6)
    assert it.step(first, 4.6) == Wait(10.0)
    it.leave(first, 5.0, handed=False)
    assert it.outcome(offer, 5.1) == 6.5
    second = it.arrive(5.2)
    assert it.step(second, 5.2) == Give("answer")


def test_an_answer_that_no_try_comes_for_is_given_back():
    it = exchange()
    first = it.arrive(0.0)
    offer = it.offer("answer", 4.6)
    it.leave(first, 5.0, handed=False)
    assert it.outcome(offer, 6.5) is False
    late = it.arrive(7.0)
    assert it.step(late, 7.0) == Wait(11.0)


def test_the_third_try_says_the_notice_and_no_later_one_says_anything_else():
    it = exchange()
    for start in (0.0, 5.0):
        attempt = it.arrive(start)
        it.leave(attempt, start + 5.0, handed=False)
    third = it.arrive(10.0)
    assert it.step(third, 13.99) == Wait(14.0)
    assert it.step(third, 14.0) == Give("notice")
    it.leave(third, 14.0, handed=True)
    assert it.offer("answer", 14.1) is None
    again = it.arrive(15.0)
    assert it.step(again, 15.0) == Give("notice")


def test_a_try_that_comes_before_it_is_noticed_that_the_last_one_broke_is_the_next():
    it = exchange()
    broken = it.arrive(0.0)
    second = it.arrive(1.9)
    it.leave(broken, 1.91, handed=False)
    it.leave(second, 6.9, handed=False)
    third = it.arrive(6.9)
    assert it.step(third, 10.9) == Give("notice")


def test_a_request_that_waited_to_be_read_is_answered_earlier_by_as_long():
    it = exchange(tries=1)
    attempt = it.arrive(0.0, waited_s=0.7)
    assert it.step(attempt, 0.7) == Wait(3.3)
    assert it.step(attempt, 3.3) == Give("notice")
    it = exchange()
    assert it.step(it.arrive(0.0, waited_s=30.0), 0.0) == Wait(2.5)


def test_a_try_that_came_a_little_early_and_was_read_before_the_last_one_ended_is_the_next():
    it = exchange()
    first = it.arrive(0.0)
    second = it.arrive(4.79)
    assert it.round == 1
    it.leave(first, 4.81, handed=False)
    assert it.round == 2
    it.leave(second, 9.79, handed=False)
    assert it.arrive(9.8).last


def test_an_answer_in_hand_is_hoped_for_and_one_that_only_a_notice_stands_for_is_not():
    it = exchange(tries=1)
    attempt = it.arrive(0.0)
    assert it.is_hopeful(3.9)
    it.step(attempt, 4.0)
    assert not it.is_hopeful(4.0)
    it = exchange(tries=1)
    attempt = it.arrive(0.0)
    it.offer("answer", 1.0)
    it.step(attempt, 1.0)
    it.leave(attempt, 1.0, handed=True)
    assert it.is_hopeful(9.0)


def test_a_copy_that_breaks_off_costs_the_others_no_try():
    it = exchange()
    copies = [it.arrive(n / 100) for n in range(3)]
    it.leave(copies[0], 1.0, handed=False)
    assert it.round == 1
    assert it.step(copies[1], 4.02) == Wait(10.01)


async def test_of_pushes_that_are_over_only_so_many_are_remembered(monkeypatch):
    monkeypatch.setattr("adapters.wechat.desk.CASES_KEPT", 3)
    desk = Desk(TIMING, tries=3)
    waiting = desk.case(push_of("waiting"), "notice")
    async with desk.visit(waiting):
        for number in range(20):
            desk.case(push_of(str(number)), "notice")
        assert desk.find("waiting") is waiting
        assert sum(desk.find(str(number)) is not None for number in range(20)) <= 3


async def test_of_a_push_that_the_core_has_neither_words_nor_its_way_there_are_kept():
    case = Desk(TIMING, tries=3).case(said_of("1"), "notice")
    case.taken = asyncio.ensure_future(asyncio.sleep(0, Receipt.STORED))
    case.received(await case.taken)
    assert (case.receipt, case.taken) == (Receipt.STORED, None)
    assert (case.push.content, case.push.raw) == (Said(parts=()), "")


def said_of(key: str) -> Push:
    return structs.replace(
        push_of(key), content=Said(parts=(Text(text="hello"),)), raw="<xml>hello</xml>"
    )


def push_of(key: str) -> Push:
    content = Unheard(kind="view")
    return Push(key=key, source="oAnn", target="gh", created=1, content=content)


def test_copies_of_one_try_are_one_try():
    it = exchange()
    copies = [it.arrive(n / 10) for n in range(4)]
    assert not any(copy.last for copy in copies)
    assert it.round == 1
    it.offer("answer", 1.0)
    assert {it.step(copy, 1.0) for copy in copies} == {Give("answer")}


def test_a_try_that_failed_at_once_counts():
    it = exchange()
    for start in (0.0, 0.1):
        it.leave(it.arrive(start), start, handed=False)
    assert it.arrive(0.2).last


def test_tries_before_a_restart_count():
    it = exchange()
    attempt = it.arrive(0.0)
    it.known_as(attempt, 3)
    assert it.step(attempt, 4.0) == Give("notice")


def test_with_one_try_alone_the_fallback_comes_with_it():
    it = exchange(tries=1)
    attempt = it.arrive(0.0)
    assert it.step(attempt, 4.0) == Give("notice")
    assert it.offer("answer", 4.4) is None


def test_when_no_more_tries_can_come_an_answer_that_none_takes_is_given_back():
    it = exchange()
    attempt = it.arrive(0.0)
    offer = it.offer("answer", 4.6)
    it.expect_no_more()
    assert it.outcome(offer, 4.6) is False
    it.leave(attempt, 5.0, handed=False)


class WeChatAndTheMachine(RuleBasedStateMachine):
    """WeChat's side of one push: rounds of copies, connections that break, answers lost."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.it = exchange()
        self.open: dict[object, float] = {}
        self.rounds = 0
        self.began = float("-inf")
        self.got: list[str] = []
        self.offers: list[object] = []
        self.known: dict[int, bool] = {}
        self.answers = 0
        self.broken = False

    @precondition(lambda self: self.rounds < 3 and self._given_up() and not self.got)
    @rule(copies=st.integers(1, 3))
    def ask(self, copies):
        self.rounds += 1
        self.began = self.now
        for _ in range(copies):
            attempt = self.it.arrive(self.now)
            self.open[attempt] = self.now
        self._work()

    @rule(seconds=st.floats(0.01, 6.0))
    def wait(self, seconds):
        """Time passes, and every request and offer is looked at when it asked to be."""
        end = self.now + seconds
        while (due := self._next_due()) <= end:
            self.now = max(self.now, due)
            self._work()
        self.now = end
        self._work()

    @precondition(lambda self: self.open)
    @rule()
    def hang_up(self):
        attempt = next(iter(self.open))
        self._end(attempt, handed=False)
        self.broken = True
        self._work()

    @rule()
    def answer(self):
        self.answers += 1
        content = f"answer {self.answers}"
        offer = self.it.offer(content, self.now)
        if offer:
            self.offers.append(offer)
        self._work()

    # -- the driver, as desk.py is one -------------------------------------------

    def _given_up(self) -> bool:
        return not self.open or self.now - self.began >= 5.0

    def _next_due(self) -> float:
        waits = [
            step.until
            for attempt in self.open
            if isinstance(step := self.it.step(attempt, self.now), Wait)
        ]
        hopes = [
            outcome
            for offer in self.offers
            if not isinstance(outcome := self.it.outcome(offer, self.now), bool)
        ]
        return min((due for due in waits + hopes if due > self.now), default=float("inf"))

    def _work(self) -> None:
        for attempt, began in list(self.open.items()):
            match self.it.step(attempt, self.now):
                case Give(content):
                    took = self.now - began
                    assert took <= 4.0 + 1e-6 or (attempt.last and took < 5.0)
                    self.got.append(content)
                    self._end(attempt, handed=True)
                case Close():
                    assert self.now - began >= 5.0
                    self._end(attempt, handed=False)
        for offer in list(self.offers):
            outcome = self.it.outcome(offer, self.now)
            if isinstance(outcome, bool):
                self.offers.remove(offer)
                assert outcome is (offer.content in self.got)

    def _end(self, attempt, *, handed: bool) -> None:
        del self.open[attempt]
        self.it.leave(attempt, self.now, handed=handed)

    @invariant()
    def wechat_never_got_two_different_answers(self):
        assert len(set(self.got)) <= 1

    @invariant()
    def the_last_try_was_answered(self):
        if self.rounds == 3 and not self.broken and self.now - self.began > 4.0:
            assert self.got

    @invariant()
    def an_answer_is_on_its_way_only_while_a_try_may_come(self):
        assert not self.offers or self.now < self.it.hope_until()


TestWeChatAndTheMachine = WeChatAndTheMachine.TestCase
