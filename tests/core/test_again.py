"""A call of unknown end, and the next one beside it: both are reserved, or there is no next one."""

from collections.abc import Sequence

import pytest

from core.errors import RelayLost
from core.metering import MeteredRelays
from core.model import Spend
from core.ports.relays import PLAIN, Errand, Served
from core.price import Price
from core.quota.budget import Budget
from core.request import ChatMessage, ChatRequest
from core.response import Chat, Usage
from tests.commands.clock import ManualClock
from tests.core.relays import ScriptedRelays
from tests.core.test_budget import LIMIT, Amounts, Counter

ANSWER_TOKENS = 3
QUESTION = ChatRequest(messages=(ChatMessage(role="user", content="a"),))
MOST = 8 + 1 + ANSWER_TOKENS
"""Tokens of the question and the longest answer."""


class Failing(ScriptedRelays):
    """As the routes do it: before a call beside one that may be billed, `again` is asked."""

    def __init__(self, lost: int) -> None:
        super().__init__()
        self.lost = lost
        self.made = 0

    async def chat(self, request: ChatRequest, errand: Errand = PLAIN) -> tuple[Chat, Served]:
        lost: Sequence[tuple[str, str, str]] = ()
        for _ in range(self.lost):
            self.made += 1
            lost = (*lost, ("main", "m", "key"))
            if errand.again and not await errand.again():
                error = RelayLost("what became of it is unknown")
                error.lost = tuple(lost)
                raise error
        self.made += 1
        usage = Usage(prompt_tokens=4, completion_tokens=2)
        return Chat(text="yes", usage=usage), Served(relay="spare", model="m", lost=tuple(lost))


def metered(relays: Failing, counter: Counter) -> MeteredRelays:
    budget = Budget(
        units=frozenset({"tokens"}),
        reserved=Amounts(),
        answer_tokens=ANSWER_TOKENS,
        book=counter.book,
    )
    spends: list[Spend] = []
    return MeteredRelays(relays=relays, clock=ManualClock(), spends=spends, budget=budget)


async def test_another_relay_is_asked_where_both_calls_can_be_reserved() -> None:
    counter = Counter(limit=2 * MOST)
    made = metered(Failing(lost=1), counter)
    await made.chat(QUESTION)
    assert counter.reserved.tokens == 2 * MOST
    assert [(one.relay, one.unsure) for one in made.spends] == [("main", True), ("spare", False)]
    assert [one.prompt_tokens + one.completion_tokens for one in made.spends] == [MOST, 6]


async def test_no_other_relay_is_asked_where_only_one_call_can_be_reserved() -> None:
    assert LIMIT < 2 * MOST
    counter = Counter()
    relays = Failing(lost=1)
    made = metered(relays, counter)
    with pytest.raises(RelayLost):
        await made.chat(QUESTION)
    assert relays.made == 1
    assert counter.reserved.tokens == MOST
    assert [(one.relay, one.unsure) for one in made.spends] == [("main", True)]


async def test_what_was_lost_is_not_there_for_the_messages_next_call() -> None:
    counter = Counter(limit=2 * MOST)
    made = metered(Failing(lost=1), counter)
    await made.chat(QUESTION)
    with pytest.raises(Exception, match="within the tokens of all"):
        await made.chat(QUESTION)


async def test_without_a_budget_failover_needs_nobodys_leave() -> None:
    relays = Failing(lost=2)
    made = MeteredRelays(relays=relays, clock=ManualClock(), spends=[])
    relays.cost = Price(prompt=1)
    await made.chat(QUESTION)
    assert relays.made == 3
    assert [one.unsure for one in made.spends] == [True, True, False]
