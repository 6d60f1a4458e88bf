"""A stored reply on its way: what the platform says of each part decides."""

import asyncio

import pytest

from core.delivery import LONGEST_WAIT_S, MAX_UNKNOWN, PATIENCE_S
from core.ports.sending import Later, Refused, Unknown
from tests.core.held import Held
from tests.core.house import Site
from tests.core.platform import capabilities


async def test_a_long_answer_arrives_whole_and_in_order(site: Site) -> None:
    site.bot().caps = capabilities(text_limit=7)
    await site.open()
    site.relays.script["tell"] = ("one\n\ntwo\n\nthree",)
    assert await site.person().asks("tell") == ["one", "two", "three"]
    assert [(send.index, send.total) for send in site.platform.tries] == [(0, 3), (1, 3), (2, 3)]
    assert _ledger(site) == [("sent", ""), ("sent", ""), ("sent", "")]


async def test_each_part_carries_the_key_of_what_it_answers(site: Site) -> None:
    await site.open()
    await site.person().asks("hello", key="k1")
    assert [send.answers for send in site.platform.tries] == ["k1"]


async def test_a_part_is_noted_as_tried_before_it_leaves(site: Site) -> None:
    await site.open()
    held = Held()
    site.platform.results.append(held)
    await site.person().says("hello")
    await held.reached()
    assert _ledger(site) == [("trying", "")]
    held.release()


@pytest.mark.parametrize("end", ["restart", "restart_in_order"])
async def test_a_part_that_waits_for_its_turn_was_not_tried(site: Site, end: str) -> None:
    paced = site.paced_bot()
    paced.caps = capabilities(on_unknown="hold")
    await site.open()
    held = Held()
    paced.turns.append(held)
    await site.person().says("hello")
    await held.reached()
    assert _ledger(site) == [("pending", "")]
    await getattr(site, end)()
    await site.house.settled()
    assert site.person().reads == ["re: hello"]
    assert [send.repeated for send in paced.tries] == [False]


async def test_a_turn_that_does_not_come_is_waited_for(site: Site) -> None:
    paced = site.paced_bot()
    paced.turns.extend([Refused("not connected", 15), ConnectionResetError()])
    await site.open()
    assert await site.person().asks("hello") == ["re: hello"]
    assert site.naps.spans == [15, 2]
    assert len(paced.tries) == 1


async def test_an_adapter_that_gives_up_its_own_wait_ends_no_lane(site: Site) -> None:
    paced = site.paced_bot()
    await site.open()
    paced.turns.append(asyncio.CancelledError())
    amy = site.person()
    held = site.relays.hold("first")
    await amy.says("first")
    await amy.says("second")
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: first", "re: second"]


async def test_a_refusal_that_may_pass_is_waited_out(site: Site) -> None:
    await site.open()
    site.platform.results.extend([Refused("slow down", 7.5), Refused("slow down", 2)])
    assert await site.person().asks("hello") == ["re: hello"]
    assert site.naps.spans == [7.5, 2]
    assert not any(send.repeated for send in site.platform.tries)


async def test_an_answer_outlasts_a_platform_that_is_away_for_hours(site: Site) -> None:
    await site.open()
    site.platform.results.extend([Refused("not connected", 1.0)] * 100)
    assert await site.person().asks("hello") == ["re: hello"]
    assert sum(site.naps.spans) > 6 * 3600
    assert sorted(site.naps.spans) == site.naps.spans
    assert not any(send.repeated for send in site.platform.tries)


async def test_a_stop_while_a_refusal_is_waited_out_leaves_a_part_that_was_not_sent(
    site: Site,
) -> None:
    await site.open()
    site.platform.results.append(Refused("not connected", 1.0))
    states: list[list[tuple[str, str]]] = []
    site.naps.then = lambda: states.append(_ledger(site))
    await site.person().asks("hello")
    assert states == [[("pending", "")]]


async def test_the_wait_for_a_refusal_is_bounded(site: Site) -> None:
    await site.open()
    site.platform.results.extend([Refused("slow down", 86_400.0)] * 1000)
    assert await site.person().asks("hello") == []
    assert max(site.naps.spans) == LONGEST_WAIT_S
    assert PATIENCE_S < sum(site.naps.spans) <= PATIENCE_S + LONGEST_WAIT_S
    assert _ledger(site)[0][0] == "refused"


async def test_a_refusal_for_good_is_not_tried_again_and_the_rest_goes_on(site: Site) -> None:
    site.bot().caps = capabilities(text_limit=7)
    await site.open()
    site.platform.results.append(Refused("too rude"))
    site.relays.script["tell"] = ("one\n\ntwo",)
    assert await site.person().asks("tell") == ["two"]
    assert _ledger(site) == [("refused", "too rude"), ("sent", "")]
    assert site.naps.spans == []


async def test_a_part_kept_for_later_is_settled(site: Site) -> None:
    await site.open()
    site.platform.results.append(Later())
    await site.person().asks("hello")
    assert _ledger(site) == [("later", "")]
    await site.restart()
    await site.house.settled()
    assert len(site.platform.tries) == 1


async def test_an_unknown_outcome_is_sent_once_more_and_says_so(site: Site) -> None:
    await site.open()
    site.platform.results.append(Unknown("timed out"))
    assert await site.person().asks("hello") == ["re: hello"]
    assert [send.repeated for send in site.platform.tries] == [False, True]


async def test_twice_unknown_is_left_unknown(site: Site) -> None:
    await site.open()
    site.platform.results.extend([Unknown("timed out")] * 2)
    await site.person().asks("hello")
    assert len(site.platform.tries) == 2
    assert _ledger(site) == [("unknown", "timed out")]


async def test_an_unknown_outcome_is_held_where_that_is_the_policy(site: Site) -> None:
    site.bot().caps = capabilities(on_unknown="hold")
    await site.open()
    site.platform.results.append(Unknown("timed out"))
    await site.person().asks("hello")
    assert len(site.platform.tries) == 1
    assert _ledger(site) == [("unknown", "timed out")]


@pytest.mark.parametrize("policy", ["hold", "resend-flagged"])
async def test_an_unknown_outcome_is_simply_sent_again_where_that_shows_it_once(
    site: Site, policy: str
) -> None:
    site.bot().caps = capabilities(repeatable=True, on_unknown=policy)
    await site.open()
    site.platform.results.extend([Unknown("timed out")] * 2)
    assert await site.person().asks("hello") == ["re: hello"]
    assert [send.repeated for send in site.platform.tries] == [False] * 3


async def test_an_outcome_that_stays_unknown_is_left_so_where_repeating_is_harmless(
    site: Site,
) -> None:
    site.bot().caps = capabilities(repeatable=True)
    await site.open()
    site.platform.results.extend([Unknown("timed out")] * 20)
    await site.person().asks("hello")
    assert len(site.platform.tries) == MAX_UNKNOWN
    assert _ledger(site)[0][0] == "unknown"


async def test_an_adapter_that_raises_leaves_the_outcome_unknown(site: Site) -> None:
    await site.open()
    site.platform.results.append(ZeroDivisionError())
    assert await site.person().asks("hello") == ["re: hello"]
    assert [send.repeated for send in site.platform.tries] == [False, True]


async def test_an_adapter_whose_connection_gives_up_its_calls_ends_no_lane(site: Site) -> None:
    """Clients cancel what waits for an answer when their connection goes."""
    await site.open()
    amy = site.person()
    held = site.relays.hold("first")
    site.platform.results.extend([asyncio.CancelledError(), asyncio.CancelledError()])
    await amy.says("first")
    await amy.says("second")
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: second"]
    assert _ledger(site)[0] == ("unknown", "the adapter gave its own call up")


async def test_an_adapter_that_fails_holds_up_no_next_message(site: Site) -> None:
    await site.open()
    amy = site.person()
    site.platform.results.extend([ZeroDivisionError(), ZeroDivisionError()])
    held = site.relays.hold("first")
    await amy.says("first")
    await amy.says("second")
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: second"]


async def test_a_part_is_noted_as_sent_once_the_database_takes_it_again(site: Site) -> None:
    await site.open()
    held = Held()
    site.platform.results.append(held)
    await site.person().says("hello")
    await held.reached()
    with site.locked(naps=3):
        held.release()
        await site.house.settled()
    assert _ledger(site) == [("sent", "")]
    assert len(site.platform.tries) == 1
    assert site.naps.spans == [0.05, 0.2, 1.0]


async def test_an_answer_that_renders_to_nothing_is_no_reply(site: Site) -> None:
    site.bot().caps = capabilities(sends_per_message=0)
    await site.open()
    assert await site.person().asks("hello") == []
    assert site.platform.tries == []
    assert site.rows("SELECT state FROM inbox") == [("answered",)]


def _ledger(site: Site) -> list[tuple[object, ...]]:
    """(state, receipt) of each part, as committed."""
    return site.rows("SELECT state, receipt FROM parts ORDER BY reply_id, position")
