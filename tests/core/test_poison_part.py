"""A part that ends the process whenever it is sent."""

import logging

import pytest

from core.ports.sending import Absent, Sent
from tests.core.held import Held
from tests.core.house import Site
from tests.core.platform import Platform, RecallingPlatform, capabilities


async def dies_sending(site: Site, platform: Platform, *people: str) -> dict[str, Held]:
    """A process has begun to send each of them an answer, and is about to be ended."""
    held = {one: Held() for one in people}
    platform.results.extend(held.values())
    await site.open()
    for one in people:
        await site.person(one).says(one)
        await held[one].reached()
    return held


async def dies_again(site: Site, platform: Platform) -> None:
    held = Held()
    platform.results.append(held)
    await site.restart()
    await held.reached()


def ledger(site: Site) -> list[tuple[object, ...]]:
    return site.rows("SELECT state, receipt FROM parts")


async def test_a_part_that_no_process_survives_is_tried_three_times_and_set_aside(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    platform = site.bot()
    await dies_sending(site, platform, "amy")
    await dies_again(site, platform)
    await dies_again(site, platform)
    assert ledger(site) == [("trying", "2")]
    with caplog.at_level(logging.ERROR):
        await site.restart()
        await site.house.settled()
    assert [send.notice for send in platform.tries] == [False] * 3 + [True]
    assert site.person("amy").reads == [site.say("set_aside")]
    why = "the process ended 3 times while it was on its way"
    assert ledger(site) == [("refused", why)]
    assert site.rows("SELECT state, reason FROM inbox") == [("dead", why)]
    assert why in caplog.text
    await site.restart()
    await site.house.settled()
    assert len(platform.tries) == 4


async def test_what_follows_a_poison_part_is_sent(site: Site) -> None:
    platform = site.bot()
    platform.caps = capabilities(text_limit=7)
    site.relays.script["amy"] = ("one\n\ntwo",)
    await dies_sending(site, platform, "amy")
    for _ in range(2):
        await dies_again(site, platform)
    await site.restart()
    await site.house.settled()
    assert site.person("amy").reads == [site.say("set_aside"), "two"]


async def test_a_part_that_a_process_survived_begins_anew(site: Site) -> None:
    platform = site.bot()
    await dies_sending(site, platform, "amy")
    await dies_again(site, platform)
    await site.restart()
    await site.house.settled()
    assert site.person("amy").reads == ["re: amy"]
    assert ledger(site) == [("sent", "")]


async def test_the_last_tries_begin_one_after_the_other(site: Site) -> None:
    """So that of several that were on their way, the one that ends the process is known."""
    platform = site.bot()
    await dies_sending(site, platform, "amy", "bob")
    second = [Held(), Held()]
    platform.results.extend(second)
    await site.restart()
    for one in second:
        await one.reached()
    last = Held()
    platform.results.append(last)
    await site.restart()
    await last.reached()
    assert sorted(ledger(site)) == [("trying", "1"), ("trying", "2")]
    await site.restart()
    await site.house.settled()
    reads = sorted(site.person(one).reads for one in ("amy", "bob"))
    assert sorted([[site.say("set_aside")], [f"re: {bobs(site)}"]]) == reads


def bobs(site: Site) -> str:
    """Whoever was not alone."""
    ((who,),) = site.rows("SELECT substr(chat, 6) FROM inbox WHERE state = 'answered'")
    return str(who)


async def test_what_is_found_where_the_platform_keeps_it_is_no_poison(site: Site) -> None:
    platform = site.recalling_bot()
    assert isinstance(platform, RecallingPlatform)
    platform.looks.extend([Absent(), Absent(), Sent("7")])
    await dies_sending(site, platform, "amy")
    for _ in range(2):
        await dies_again(site, platform)
    await site.restart()
    await site.house.settled()
    assert len(platform.tries) == 3
    assert ledger(site) == [("sent", "7")]


async def test_ends_in_order_are_not_the_doing_of_what_was_on_its_way(site: Site) -> None:
    platform = site.bot()
    await dies_sending(site, platform, "amy")
    for _ in range(3):
        held = Held()
        platform.results.append(held)
        await site.restart_in_order()
        await held.reached()
    await site.restart_in_order()
    await site.house.settled()
    assert site.person("amy").reads == ["re: amy"]
    assert site.rows("SELECT DISTINCT state FROM inbox") == [("answered",)]
