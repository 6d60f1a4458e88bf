"""What a message's calls may take: reserved before each, and never more than is given."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.amounts import NAMES, UNITS, Amounts, Unit
from core.ports.ledger import Ceiling, Exceeded
from core.quota.budget import Budget, LimitReached

LIMIT = 20
CALLED = Amounts(tokens=10, images=1)

amounts = st.builds(Amounts, **{name: st.integers(0, 8) for name in NAMES})
units = st.frozensets(st.sampled_from(UNITS), min_size=1)


@dataclass
class Counter:
    """A scope with a limit of everything, nothing of it used."""

    limit: int = LIMIT
    reserved: Amounts = field(default_factory=Amounts)

    async def book(self, more: Amounts) -> Exceeded | None:
        for unit in UNITS:
            used, wanted = self.reserved.of(unit), more.of(unit)
            if used + wanted > self.limit:
                ceiling = Ceiling(
                    scope="all", unit=unit, period="day", since="2026-11-21", limit=self.limit
                )
                return Exceeded(ceiling=ceiling, used=used, wanted=wanted)
        self.reserved = self.reserved.plus(more)
        return None


def budget(counter: Counter, *of: Unit, reserved: Amounts = CALLED) -> Budget:
    counter.reserved = reserved
    return Budget(units=frozenset(of), reserved=reserved, answer_tokens=64, book=counter.book)


async def test_a_call_within_what_is_reserved_books_nothing() -> None:
    counter = Counter()
    await budget(counter, "tokens").take(Amounts(tokens=10))
    assert counter.reserved == CALLED


async def test_a_call_that_needs_more_books_what_is_missing_alone() -> None:
    counter = Counter()
    await budget(counter, "tokens").take(Amounts(tokens=13, images=9))
    assert counter.reserved == Amounts(tokens=13, images=1)


async def test_what_a_call_did_not_use_is_there_for_the_next() -> None:
    counter = Counter()
    held = budget(counter, "tokens")
    await held.take(Amounts(tokens=10))
    held.give_back(Amounts(tokens=10), Amounts(tokens=4))
    await held.take(Amounts(tokens=6))
    assert counter.reserved == CALLED
    await held.take(Amounts(tokens=1))
    assert counter.reserved == Amounts(tokens=11, images=1)


async def test_a_refused_call_takes_nothing() -> None:
    counter = Counter()
    held = budget(counter, "tokens")
    with pytest.raises(LimitReached) as refused:
        await held.take(Amounts(tokens=LIMIT + 1))
    assert (refused.value.exceeded.used, refused.value.exceeded.wanted) == (10, 11)
    assert counter.reserved == CALLED
    await held.take(Amounts(tokens=10))
    assert counter.reserved == CALLED


async def test_claimed_anew_it_holds_what_the_new_claim_reserved() -> None:
    counter = Counter()
    held = budget(counter, "tokens")
    await held.take(Amounts(tokens=10))
    held.start(Amounts(tokens=3))
    await held.take(Amounts(tokens=5))
    assert counter.reserved == Amounts(tokens=12, images=1)


class Calls(RuleBasedStateMachine):
    """Calls side by side and one after the other, as a message's are, of all units."""

    def __init__(self) -> None:
        super().__init__()
        self.counter = Counter()
        self.held = budget(self.counter, *UNITS, reserved=Amounts())
        self.under_way: list[Amounts] = []
        self.spent = Amounts()

    @rule(need=amounts)
    def take(self, need: Amounts) -> None:
        try:
            self.held.take(need).send(None)
        except StopIteration:
            self.under_way.append(need)
        except LimitReached:
            pass

    @precondition(lambda self: self.under_way)
    @rule(share=st.floats(0, 1))
    def end(self, share: float) -> None:
        need = self.under_way.pop()
        used = Amounts(**{name: int(getattr(need, name) * share) for name in NAMES})
        self.held.give_back(need, used)
        self.spent = self.spent.plus(used)

    @invariant()
    def what_is_spent_or_under_way_is_reserved(self) -> None:
        taken = self.spent
        for need in self.under_way:
            taken = taken.plus(need)
        assert not taken.beyond(self.counter.reserved)
        assert self.held.reserved == self.counter.reserved

    @invariant()
    def no_more_is_reserved_than_there_is(self) -> None:
        assert all(self.counter.reserved.of(unit) <= LIMIT for unit in UNITS)


TestCalls = Calls.TestCase
TestCalls.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)


@given(of=units)
def test_answers_are_bounded_where_tokens_or_dollars_are_limited(of: frozenset[Unit]) -> None:
    assert budget(Counter(), *of).bounds_answers is bool(of & {"tokens", "usd"})
