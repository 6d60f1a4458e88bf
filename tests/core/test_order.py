"""One conversation in order, conversations side by side."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from core.request import ChatRequest
from tests.core.held import Held
from tests.core.house import Site


async def test_a_burst_is_answered_in_the_order_it_came(site: Site) -> None:
    await site.open()
    amy = site.person()
    await asyncio.gather(*(amy.says(f"q{number}") for number in range(5)))
    await site.house.settled()
    assert amy.reads == [f"re: q{number}" for number in range(5)]


async def test_each_of_a_burst_is_asked_with_all_before_it_remembered(site: Site) -> None:
    await site.open()
    amy = site.person()
    await asyncio.gather(*(amy.says(f"q{number}") for number in range(5)))
    await site.house.settled()
    assert [len(request.messages) for request in site.relays.asked] == [1, 3, 5, 7, 9]
    assert site.relays.sent[-3:] == [("user", "q3"), ("assistant", "re: q3"), ("user", "q4")]


async def test_the_next_message_waits_until_the_answer_is_delivered(site: Site) -> None:
    await site.open()
    amy = site.person()
    held = Held()
    site.platform.results.append(held)
    await amy.says("first")
    await amy.says("second")
    await held.reached()
    assert site.relays.questions == ["first"]
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: first", "re: second"]


async def test_a_hung_call_holds_up_no_other_conversation(site: Site) -> None:
    await site.open()
    hung = site.relays.hold("hang")
    amy = site.person("amy")
    await amy.says("hang")
    await hung.reached()
    others = [site.person(f"person {number}") for number in range(50)]
    await asyncio.gather(*(other.says("hello") for other in others))
    await site.platform.shows(50)
    assert all(other.reads == ["re: hello"] for other in others)
    assert amy.reads == []
    hung.release()
    await site.house.settled()
    assert amy.reads == ["re: hang"]


async def test_a_hung_delivery_holds_up_no_other_conversation(site: Site) -> None:
    await site.open()
    held = Held()
    site.platform.results.append(held)
    amy, bob = site.person("amy"), site.person("bob")
    await amy.says("hello")
    await held.reached()
    await bob.says("hello")
    await site.platform.shows(1)
    assert (amy.reads, bob.reads) == ([], ["re: hello"])
    held.release()


@settings(max_examples=15, deadline=None)
@given(arrivals=st.lists(st.integers(0, 2), min_size=2, max_size=15), data=st.data())
async def test_order_holds_however_slow_each_answer_is(
    arrivals: list[int], data: st.DataObject
) -> None:
    ends = data.draw(st.permutations(range(len(arrivals))))
    with TemporaryDirectory() as folder:
        site = Site(Path(folder))
        await site.open()
        try:
            await _talk_side_by_side(site, arrivals, ends)
        finally:
            await site.close()


async def _talk_side_by_side(site: Site, arrivals: list[int], ends: list[int]) -> None:
    people = [site.person(f"person {number}") for number in range(3)]
    questions = [f"{who} asks {place}" for place, who in enumerate(arrivals)]
    held = {question: site.relays.hold(question) for question in questions}
    theirs = [
        [question for question, at in zip(questions, arrivals, strict=True) if at == who]
        for who in range(3)
    ]

    def in_turn(request: ChatRequest) -> None:
        """Whoever is asked about now: all that they asked before is answered already."""
        question = request.messages[-1].content
        who = int(question.split()[0])
        before = theirs[who][: theirs[who].index(question)]
        assert people[who].reads == [f"re: {earlier}" for earlier in before]

    site.relays.watch = in_turn
    await asyncio.gather(
        *(people[who].says(text) for who, text in zip(arrivals, questions, strict=True))
    )
    for place in ends:
        held[questions[place]].release()
        await asyncio.sleep(0)
    await site.house.settled()
    assert [person.reads for person in people] == [
        [f"re: {question}" for question in asked] for asked in theirs
    ]
    assert set(site.house.seen.outcomes) == {"answered"}
