"""No relay serves for a while: messages wait, are told once, and are answered in order."""

import logging

import pytest

from core.errors import (
    RelayError,
    RelayForbidden,
    RelayGarbage,
    RelayInvalid,
    RelayLost,
    RelayRateLimited,
    RelayRefused,
    RelayTimeout,
    RelayUnauthorized,
    RelayUnavailable,
    RelayUsedUp,
)
from core.outage import LONGEST_PAUSE_S
from core.ports.adapter import Receipt
from tests.core.house import Site
from tests.core.outage import Outage, reads, told


@pytest.mark.parametrize("fault", [RelayRefused, RelayRateLimited, RelayUnavailable])
async def test_messages_wait_and_are_answered_in_order_once_a_relay_is_back(
    site: Site, outage: Outage, fault: type[RelayError]
) -> None:
    await site.open()
    outage.fault = fault("not now")
    amy = site.person()
    for number in range(4):
        assert await amy.says(f"q{number}") is Receipt.STORED
    await outage.fails(5)
    outage.over()
    await reads(outage, amy, 5)
    assert amy.reads == [told(site), "re: q0", "re: q1", "re: q2", "re: q3"]
    assert site.rows("SELECT count(*) FROM spends") == [(4,)]


async def test_an_outage_is_logged_once_and_not_with_each_try(
    site: Site, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    await site.open()
    amy = site.person()
    with caplog.at_level(logging.WARNING):
        await amy.says("hello")
        await outage.fails(6)
        outage.over()
        await reads(outage, amy, 2)
    assert caplog.messages == ["no relay serves chat now: messages wait"]


async def test_a_hiccup_shows_nothing(site: Site, outage: Outage) -> None:
    await site.open()
    amy = site.person()
    await amy.says("hello")
    await outage.fails(1)
    outage.over()
    assert await reads(outage, amy, 1) == ["re: hello"]
    assert outage.calls == 1


async def test_what_waited_too_long_is_told_so_and_the_next_is_answered(
    site: Site, outage: Outage
) -> None:
    site.bot(outage_wait_s=20.0)
    await site.open()
    amy = site.person()
    await amy.says("old")
    await reads(outage, amy, 1)
    outage.hours.pass_(10)
    await amy.says("young")
    await reads(outage, amy, 2)
    outage.over()
    await reads(outage, amy, 3)
    assert amy.reads == [told(site, "12:00"), site.say("outage_expired"), "re: young"]
    assert site.house.seen.outcomes == ["expired", "answered"]


async def test_what_got_too_old_in_its_lane_meets_the_outage_no_more(
    site: Site, outage: Outage
) -> None:
    site.bot(outage_wait_s=20.0)
    await site.open()
    outage.over()
    amy = site.person()
    held = site.relays.hold("slow")
    await amy.says("slow")
    await amy.says("old")
    await held.reached()
    outage.hours.pass_(21)
    outage.fault = RelayRefused("nobody there")
    held.release()
    await reads(outage, amy, 2)
    assert amy.reads == ["re: slow", site.say("outage_expired")]


async def test_where_nothing_is_to_wait_the_error_is_told_at_once(
    site: Site, outage: Outage
) -> None:
    site.bot(outage_wait_s=0.0)
    await site.open()
    amy = site.person()
    assert await amy.asks("hello") == [site.say("relay_refused")]
    assert outage.calls == 1


@pytest.mark.parametrize(
    "fault",
    [
        RelayLost,
        RelayTimeout,
        RelayGarbage,
        RelayUnauthorized,
        RelayForbidden,
        RelayUsedUp,
        RelayInvalid,
    ],
)
async def test_what_may_be_billed_or_does_not_pass_is_told_at_once(
    site: Site, outage: Outage, fault: type[RelayError]
) -> None:
    await site.open()
    outage.fault = fault("no")
    assert await site.person().asks("hello") == [site.say(fault.code)]
    assert outage.calls == 1


async def test_what_an_earlier_entry_of_the_route_may_have_done_is_not_asked_for_again(
    site: Site, outage: Outage
) -> None:
    await site.open()
    outage.fault = RelayRefused("the second is not there; the first broke off")
    outage.fault.lost = (("main", "m", "key"),)
    assert await site.person().asks("hello") == [site.say("relay_refused")]
    assert outage.calls == 1


async def test_an_outage_that_becomes_uncertain_is_told_and_the_next_message_waits_on(
    site: Site, outage: Outage
) -> None:
    await site.open()
    amy = site.person()
    await amy.says("one")
    await amy.says("two")
    await reads(outage, amy, 1)
    outage.once = RelayTimeout("silent")
    await reads(outage, amy, 2)
    await outage.fails(2)
    outage.over()
    await reads(outage, amy, 3)
    assert amy.reads == [told(site), site.say("relay_timeout"), "re: two"]


async def test_a_relay_is_left_alone_for_as_long_as_it_wants(site: Site, outage: Outage) -> None:
    await site.open()
    outage.fault = RelayRateLimited("429", retry_after_s=60.0)
    began = site.clock.monotonic()
    await site.person().says("hello")
    await outage.fails(2)
    assert site.clock.monotonic() - began >= 60


async def test_what_a_relay_will_not_do_in_time_is_told_at_once(site: Site, outage: Outage) -> None:
    await site.open()
    outage.fault = RelayRateLimited("429", retry_after_s=3600.0)
    assert await site.person().asks("hello") == [site.say("relay_rate_limited")]


async def test_one_message_at_a_time_tries_whether_a_relay_is_back(
    site: Site, outage: Outage
) -> None:
    await site.open()
    people = [site.person(f"p{number}") for number in range(20)]
    for person in people:
        await person.says("hello")
    await outage.hours.until(lambda: all(person.reads for person in people))
    before, began = outage.calls, site.clock.monotonic()
    await outage.fails(6)
    assert outage.calls - before == 6
    assert site.clock.monotonic() - began >= 5 * LONGEST_PAUSE_S / 2
    outage.over()
    back = site.clock.monotonic()
    for person in people:
        assert (await reads(outage, person, 2))[1] == "re: hello"
    assert site.clock.monotonic() - back < LONGEST_PAUSE_S + 5


async def test_stop_ends_the_waiting(site: Site, outage: Outage) -> None:
    await site.open()
    amy = site.person()
    await amy.says("one")
    await reads(outage, amy, 1)
    await amy.says("/stop")
    await reads(outage, amy, 3)
    await site.house.settled()
    assert sorted(amy.reads[1:]) == sorted([site.say("stopped"), site.say("stopped_early")])
    outage.over()
    assert await amy.asks("two") == ["re: two"]


async def test_commands_wait_their_turn_behind_what_waits_and_urgent_ones_do_not(
    site: Site, outage: Outage
) -> None:
    await site.open()
    amy = site.person()
    await amy.says("one")
    await amy.says("/new")
    await amy.says("/whoami")
    await outage.hours.until(lambda: len(amy.reads) >= 1)
    assert "re: one" not in amy.reads
    outage.over()
    await outage.hours.until(lambda: len(amy.reads) >= 4)
    assert amy.reads.index("re: one") < amy.reads.index(site.say("new_done"))


async def test_a_full_lane_says_so_while_it_waits(site: Site, outage: Outage) -> None:
    site.per_conversation = 2
    await site.open()
    amy = site.person()
    await amy.says("one")
    await amy.says("two")
    await outage.fails(1)
    assert await amy.says("three") is Receipt.BUSY


async def test_an_outage_of_one_choice_holds_up_no_other(site: Site, outage: Outage) -> None:
    await site.open()
    amy, bob = site.person("amy"), site.person("bob")
    await bob.asks("/model main:m")
    await amy.says("hello")
    await outage.fails(1)
    outage.over()
    await bob.says("hello")
    await bob.site.platform.shows(2)
    assert bob.reads[-1] == "re: hello"


@pytest.mark.parametrize("orderly", [False, True])
async def test_a_restart_in_the_middle_goes_on_the_same_way(
    site: Site, outage: Outage, orderly: bool
) -> None:
    await site.open()
    amy = site.person()
    await amy.says("one")
    await amy.says("two")
    await reads(outage, amy, 1)
    for _ in range(5):
        await (site.restart_in_order() if orderly else site.restart())
        await outage.fails(2)
        await _waits(site, outage)
    outage.over()
    await reads(outage, amy, 3)
    await site.house.settled()
    assert amy.reads == [told(site), "re: one", "re: two"]
    assert [done.attempt for done in site.house.seen.ended] == [1, 1]
    assert (await site.house.store.used(f"person:{amy.identity}", "2026-11-03")).messages == 2


async def test_what_got_too_old_while_the_process_was_away_expires_as_ever(
    site: Site, outage: Outage
) -> None:
    await site.open()
    amy = site.person()
    await amy.says("old")
    await reads(outage, amy, 1)
    await site.close()
    site.clock.pass_(hours=1)
    await site.open()
    await reads(outage, amy, 2)
    assert amy.reads == [told(site), site.say("expired")]


async def _waits(site: Site, outage: Outage) -> None:
    """The claim is given back: nothing but time stands between the message and its next try."""
    given_back = [(0,)]
    query = "SELECT attempt FROM inbox WHERE state = 'new' ORDER BY seq LIMIT 1"
    await outage.hours.until(lambda: site.rows(query) == given_back)
