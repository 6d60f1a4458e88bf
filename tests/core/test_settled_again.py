"""What had not settled as the process ended settles after the start."""

from collections.abc import Sequence

import pytest

from tests.core.house import Site
from tests.core.pictures import WHAT, asked, ends, one_to_one, shows


async def test_a_picture_that_waited_at_the_end_waits_again_and_gets_its_question(
    site: Site,
) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    await site.restart()
    await amy.says("what is it?")
    await site.house.settled()
    assert asked(site) == [("what is it?", "a")]


async def test_a_picture_that_waited_as_the_process_was_told_to_end_is_found_again(
    site: Site,
) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    await site.restart_in_order()
    site.pauses.pass_(1.0)
    await site.house.settled()
    assert asked(site) == [(WHAT, "a")]


async def test_time_that_passes_after_the_end_of_the_lanes_does_no_harm(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    await site.house.lanes.close(0)
    site.pauses.pass_(1.0)
    assert asked(site) == []


@pytest.mark.parametrize(
    ("apart_s", "questions"),
    [(2.0, [("what is it?", "a")]), (2.1, [(WHAT, "a"), ("what is it?", "")])],
)
async def test_what_was_left_is_put_together_again_where_it_was_sent_together(
    site: Site, apart_s: float, questions: Sequence[tuple[str, str]]
) -> None:
    amy = one_to_one(site)
    await site.open()
    held = site.relays.hold("before")
    await amy.says("before")
    await held.reached()
    await shows(amy, "a")
    site.clock.pass_(seconds=apart_s)
    await amy.says("what is it?")
    site.relays.script.clear()
    site.relays.asked.clear()
    await site.restart()
    await site.house.settled()
    assert asked(site) == [("before", ""), *questions]
    assert {state for (state,) in ends(site)} == {"answered"}


async def test_what_was_put_together_is_one_attempt_and_one_answer_after_a_crash(
    site: Site,
) -> None:
    amy = one_to_one(site)
    await site.open()
    held = site.relays.hold("what is it?")
    await shows(amy, "a")
    await amy.says("what is it?")
    await held.reached()
    await site.restart()
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: what is it?"]
    assert asked(site) == [("what is it?", "a")] * 2
    assert (await site.house.store.used(f"person:{amy.identity}", "2026-11-03")).messages == 1


async def test_what_was_answered_together_is_not_answered_apart_after_a_restart(
    site: Site,
) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    await amy.says("what is it?")
    await site.house.settled()
    await site.restart()
    site.pauses.pass_(10.0)
    await site.house.settled()
    assert amy.reads == ["re: what is it?"]


async def test_what_ends_the_process_three_times_is_set_aside_with_all_it_took_in(
    site: Site,
) -> None:
    amy = one_to_one(site)
    await site.open()
    held = site.relays.hold("what is it?")
    await shows(amy, "a")
    await amy.says("what is it?")
    for _ in range(3):
        await held.reached()
        held = site.relays.hold("what is it?")
        await site.restart()
    await site.house.settled()
    assert ends(site) == [("dead",), ("dead",)]
    assert amy.reads == [site.say("set_aside")]


async def test_a_reply_left_unsent_is_sent_and_holds_nothing_up(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    site.pauses.pass_(1.0)
    await site.house.settled()
    site.write("UPDATE parts SET state = 'pending'")
    await site.restart()
    await site.house.settled()
    assert site.pauses.waiting == 0
