"""A part of which nobody knows whether it arrived, on a platform that can be asked."""

import pytest

from core.delivery import MAX_UNKNOWN
from core.ports.sending import Absent, Refused, Sent, Unknown
from tests.core.held import Held
from tests.core.house import Site
from tests.core.platform import RecallingPlatform

LONG = "one\n\ntwo\n\nthree"
POLICIES = ["hold", "resend-flagged"]


async def test_a_part_that_arrived_before_the_process_ended_is_found_and_not_sent_again(
    site: Site,
) -> None:
    platform = await _killed_in_the_second_of_three(site, arrived=True)
    await site.restart()
    await site.house.settled()
    assert site.person().reads == ["one", "two", "three"]
    assert [(send.index, send.repeated) for send in platform.tries[2:]] == [(2, False)]
    assert _ledger(site) == [("sent", ""), ("sent", "found 1"), ("sent", "")]
    assert site.house.seen.unsure_of == [(1, "found")]
    assert site.relays.questions == ["tell"]


@pytest.mark.parametrize("policy", POLICIES)
async def test_a_part_that_surely_did_not_arrive_is_sent_as_if_for_the_first_time(
    site: Site, policy: str
) -> None:
    platform = await _killed_in_the_second_of_three(site, arrived=False, on_unknown=policy)
    await site.restart()
    await site.house.settled()
    assert site.person().reads == ["one", "two", "three"]
    assert [(send.index, send.repeated) for send in platform.tries[2:]] == [(1, False), (2, False)]
    assert site.house.seen.unsure_of == [(1, "absent")]


@pytest.mark.parametrize(("policy", "done"), [("hold", "held"), ("resend-flagged", "resent")])
async def test_where_the_platform_cannot_tell_the_policy_decides(
    site: Site, policy: str, done: str
) -> None:
    platform = await _killed_in_the_second_of_three(site, arrived=True, on_unknown=policy)
    platform.looks.append(Unknown("no history"))
    await site.restart()
    await site.house.settled()
    again = [(send.index, send.repeated) for send in platform.tries[2:]]
    assert again == [*([(1, True)] if done == "resent" else []), (2, False)]
    assert site.house.seen.unsure_of == [(1, done)]


async def test_what_is_not_sure_is_looked_for_in_running_too(site: Site) -> None:
    platform = site.recalling_bot()
    await site.open()
    platform.results.extend([Unknown("timed out"), ZeroDivisionError()])
    platform.looks.extend([Absent(), Sent("7")])
    await site.person().asks("hello")
    assert [send.repeated for send in platform.tries] == [False, False]
    assert _ledger(site) == [("sent", "7")]
    assert site.house.seen.unsure_of == [(0, "absent"), (0, "found")]


async def test_an_adapter_that_looked_by_itself_is_not_asked(site: Site) -> None:
    platform = site.recalling_bot(on_unknown="hold")
    await site.open()
    platform.results.extend([Sent("7", found=True), Unknown("timed out", looked=True)])
    await site.person().asks("hello")
    await site.person().asks("again")
    assert platform.looked_for == []
    assert site.house.seen.unsure_of == [(0, "found"), (0, "held")]


async def test_who_cannot_look_now_is_asked_again_and_nothing_is_sent_meanwhile(
    site: Site,
) -> None:
    platform = await _killed_in_the_second_of_three(site, arrived=True, on_unknown="hold")
    platform.looks.extend([Refused("not connected", 15.0)] * 3)
    states: list[object] = []
    site.naps.then = lambda: states.append(_ledger(site)[1])
    await site.restart()
    await site.house.settled()
    assert len(platform.looked_for) == 4
    assert states == [("trying", "")] * 3
    assert len(platform.tries) == 3
    assert site.person().reads == ["one", "two", "three"]


async def test_who_can_never_look_leaves_it_to_the_policy(site: Site) -> None:
    platform = await _killed_in_the_second_of_three(site, arrived=True, on_unknown="hold")
    platform.looks.append(Refused("a chat of another bot"))
    await site.restart()
    await site.house.settled()
    assert _ledger(site)[1] == ("unknown", "a chat of another bot")


async def test_an_adapter_that_fails_to_look_cannot_tell(site: Site) -> None:
    platform = await _killed_in_the_second_of_three(site, arrived=True, on_unknown="hold")
    platform.looks.append(ZeroDivisionError())
    await site.restart()
    await site.house.settled()
    assert _ledger(site)[1] == ("unknown", "ZeroDivisionError")


async def test_a_process_that_ends_while_it_looks_looks_again(site: Site) -> None:
    platform = await _killed_in_the_second_of_three(site, arrived=True)
    held = Held()
    platform.looks.append(held)
    await site.restart()
    await held.reached()
    await site.restart()
    await site.house.settled()
    assert site.person().reads == ["one", "two", "three"]
    assert len(platform.looked_for) == 2


async def test_a_part_that_is_not_there_is_not_tried_any_more_once_it_was_looked_for(
    site: Site,
) -> None:
    """So that a stop before it is sent leaves nothing in doubt."""
    platform = await _killed_in_the_second_of_three(site, arrived=False)
    platform.results.append(Refused("slow down", 1.0))
    states: list[object] = []
    site.naps.then = lambda: states.append(_ledger(site)[1])
    await site.restart()
    await site.house.settled()
    assert states == [("pending", "")]


async def test_what_never_arrives_is_given_up(site: Site) -> None:
    platform = site.recalling_bot()
    await site.open()
    platform.results.extend([Absent()] * 100)
    await site.person().asks("hello")
    assert len(platform.tries) == MAX_UNKNOWN
    assert _ledger(site)[0][0] == "refused"


async def _killed_in_the_second_of_three(
    site: Site, *, arrived: bool, **limits: object
) -> RecallingPlatform:
    """The process waits for the platform's answer, and is about to be ended."""
    platform = site.recalling_bot(text_limit=7, **limits)
    await site.open()
    held = Held()
    platform.results.extend([Sent(), held])
    site.relays.script["tell"] = (LONG,)
    await site.person().says("tell")
    await held.reached()
    if arrived:
        platform.shown.append(platform.tries[-1])
    return platform


def _ledger(site: Site) -> list[tuple[object, ...]]:
    return site.rows("SELECT state, receipt FROM parts ORDER BY reply_id, position")
