"""The word that an answer will be late: once in an outage, and at most once."""

import pytest

from core.model import Text
from core.outage import TOLD_AFTER_S
from core.ports.sending import Refused
from tests.core.held import Held
from tests.core.house import Site
from tests.core.outage import Outage, reads, told


async def test_a_conversation_is_told_once_an_outage(site: Site, outage: Outage) -> None:
    await site.open()
    amy, bob = site.person("amy"), site.person("bob")
    await amy.says("one")
    await amy.says("two")
    await bob.says("hello")
    await outage.hours.until(lambda: bool(amy.reads and bob.reads))
    site.house.worker._judge.answering.stop(amy.conversation)
    await reads(outage, amy, 2)
    await outage.fails(10)
    outage.over()
    await reads(outage, amy, 3)
    await reads(outage, bob, 2)
    assert amy.reads == [told(site), site.say("stopped_early"), "re: two"]
    assert bob.reads == [told(site), "re: hello"]


async def test_the_next_outage_is_told_again(site: Site, outage: Outage) -> None:
    await site.open()
    amy = site.person()
    fault = outage.fault
    await amy.says("one")
    await reads(outage, amy, 1)
    outage.over()
    await reads(outage, amy, 2)
    outage.fault = fault
    await amy.says("two")
    await reads(outage, amy, 3)
    outage.over()
    first, *_ = await reads(outage, amy, 4)
    assert (first, amy.reads[1], amy.reads[3]) == (told(site), "re: one", "re: two")
    assert amy.reads[2] != "re: two"


async def test_a_notice_cut_by_a_crash_is_not_sent_again(site: Site, outage: Outage) -> None:
    site.bot()
    await site.open()
    amy = site.person()
    held = Held()
    site.platform.results.append(held)
    await amy.says("hello")
    await outage.hours.until(lambda: bool(site.platform.tries))
    await site.restart()
    assert site.rows("SELECT state FROM parts") == [("trying",)]
    await outage.fails(3)
    outage.over()
    await reads(outage, amy, 1)
    assert amy.reads == ["re: hello"]
    assert [sent.notice for sent in site.platform.tries] == [True, False]


async def test_a_notice_is_in_the_ledger_beside_the_answer(site: Site, outage: Outage) -> None:
    await site.open()
    amy = site.person()
    await amy.says("hello")
    await reads(outage, amy, 1)
    notice = site.platform.shown[0]
    assert (notice.index, notice.total, notice.notice) == (0, 1, True)
    outage.over()
    await reads(outage, amy, 2)
    await site.house.settled()
    assert site.rows("SELECT state FROM parts") == [("sent",), ("sent",)]
    assert site.platform.shown[1].key != notice.key


async def test_a_notice_that_the_platform_refuses_costs_no_answer(
    site: Site, outage: Outage
) -> None:
    site.bot().results.append(Refused("not here"))
    await site.open()
    amy = site.person()
    await amy.says("hello")
    await outage.hours.until(lambda: len(site.platform.tries) == 1)
    outage.over()
    await reads(outage, amy, 1)
    await site.house.settled()
    assert amy.reads == ["re: hello"]
    assert sorted(site.rows("SELECT state FROM parts")) == [("refused",), ("sent",)]


async def test_a_notice_that_the_platform_will_take_later_is_told_then(
    site: Site, outage: Outage
) -> None:
    site.bot().results.append(Refused("too many", 30.0))
    await site.open()
    amy = site.person()
    began = site.clock.monotonic()
    await amy.says("hello")
    assert await reads(outage, amy, 1) == [told(site)]
    assert site.clock.monotonic() - began >= TOLD_AFTER_S + 30
    await amy.says("and more")
    await outage.fails(5)
    outage.over()
    assert (await reads(outage, amy, 3))[1:] == ["re: hello", "re: and more"]
    assert site.rows("SELECT count(*) FROM replies WHERE message_id LIKE 'notice:%'") == [(1,)]


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_notice_that_the_platform_refuses_is_told_at_the_next_chance(
    site: Site, outage: Outage, restarted: bool
) -> None:
    site.bot().results.append(Refused("not here"))
    await site.open()
    amy = site.person()
    await amy.says("hello")
    await outage.hours.until(lambda: len(site.platform.tries) == 1)
    await outage.hours.until(lambda: site.rows("SELECT state FROM parts") == [("refused",)])
    assert site.rows("SELECT * FROM settings") == []
    if restarted:
        await site.restart()
    else:
        await amy.says("and more")
        site.house.worker._judge.answering.stop(amy.conversation)
    await outage.hours.until(lambda: told(site) in amy.reads)
    outage.over()
    await reads(outage, amy, 2 if restarted else 3)
    assert amy.reads.count(told(site)) == 1


async def test_a_notice_that_cannot_be_made_costs_no_answer(
    site: Site, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.open()
    amy, tries = site.person(), []

    def told(*_: object) -> bool:
        tries.append(1)
        raise LookupError("no such thing")

    monkeypatch.setattr("core.waiting._told", told)
    await amy.says("hello")
    await outage.hours.until(lambda: bool(tries))
    await outage.fails(2)
    outage.over()
    assert await reads(outage, amy, 1) == ["re: hello"]


async def test_what_was_forgotten_while_it_waited_is_told_and_answered_no_more(
    site: Site, outage: Outage
) -> None:
    await site.open()
    amy, again = site.person("amy"), site.person("amy", chat="family", group=True)
    await amy.says("hello")
    await reads(outage, amy, 1)
    await again.says("/forget yes")
    await reads(outage, again, 1)
    assert site.rows("SELECT count(*) FROM replies WHERE message_id LIKE 'notice:%'") == [(0,)]
    outage.over()
    await outage.hours.until(lambda: not site.house.lanes.depth)
    assert amy.reads == [told(site)]


async def test_a_notice_says_nothing_before_its_time(site: Site, outage: Outage) -> None:
    await site.open()
    amy = site.person()
    began = site.clock.monotonic()
    await amy.says("hello")
    await reads(outage, amy, 1)
    assert site.clock.monotonic() - began >= TOLD_AFTER_S
    assert site.platform.shown[0].part == Text(text=told(site))
