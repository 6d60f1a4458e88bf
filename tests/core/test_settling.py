"""A picture and its question: two messages, one answer."""

import asyncio

import pytest

from core.errors import StoreError
from core.model import Media
from core.ports.adapter import Receipt
from tests.core.house import Site
from tests.core.pictures import (
    WHAT,
    asked,
    ends,
    in_group,
    nothing_left,
    one_to_one,
    picture,
    shows,
)


async def test_a_picture_waits_for_its_question_and_both_get_one_answer(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    assert await shows(amy, "a") is Receipt.STORED
    question = amy.message("what is it?", key="the question")
    assert await site.house.gateway.accept(question) is Receipt.STORED
    await site.house.settled()
    assert asked(site) == [("what is it?", "a")]
    assert [(send.answers, send.to) for send in site.platform.shown] == [
        ("the question", amy.address)
    ]
    assert (await site.house.store.used(f"person:{amy.identity}", "2026-11-03")).messages == 1
    assert ends(site) == [("answered",), ("answered",)]
    assert nothing_left(site)


async def test_a_picture_without_a_question_is_answered_after_a_while(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    site.pauses.pass_(0.99)
    await asyncio.sleep(0)
    assert site.house.lanes.depth == 1
    site.pauses.pass_(0.01)
    await site.house.settled()
    assert asked(site) == [(WHAT, "a")]
    assert nothing_left(site)


async def test_pictures_sent_one_by_one_are_asked_about_together(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    for name in "abc":
        await shows(amy, name)
        site.pauses.pass_(0.9)
    await amy.says("compare them")
    await site.house.settled()
    assert asked(site) == [("compare them", "abc")]


async def test_the_last_picture_may_bring_the_words(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    await amy.says("compare them", picture("b"))
    await site.house.settled()
    assert asked(site) == [("compare them", "ab")]


async def test_a_second_question_is_one_of_its_own(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    await amy.says("what is it?")
    await amy.says("thanks")
    await site.house.settled()
    assert asked(site) == [("what is it?", "a"), ("thanks", "")]


async def test_words_sent_a_minute_after_a_picture_are_not_its_question(site: Site) -> None:
    """A bot that was away is told both at once."""
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    site.clock.pass_(minutes=1)
    await amy.says("good morning")
    await site.house.settled()
    assert asked(site) == [(WHAT, "a"), ("good morning", "")]


@pytest.mark.parametrize("words", ["/whoami", "/nonsense"])
async def test_a_command_waits_for_no_picture_and_takes_none(site: Site, words: str) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    await amy.says(words)
    await site.house.settled()
    assert asked(site) == [(WHAT, "a")]
    assert len(amy.reads) == 2
    assert amy.reads[0] == f"re: {WHAT}"


async def test_a_recording_takes_no_picture(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    await amy.says("", Media(kind="voice", remote="b"))
    await site.house.settled()
    assert asked(site) == [(WHAT, "a"), ("spoken words", "")]


async def test_stop_is_answered_while_a_picture_waits(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    await amy.says("/stop")
    await site.platform.shows(1)
    assert amy.reads == [site.say("nothing_running")]
    await amy.says("what is it?")
    await site.house.settled()
    assert asked(site) == [("what is it?", "a")]


async def test_what_is_repeated_by_the_platform_ends_no_waiting(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await amy.asks("hello", key="k1")
    await shows(amy, "a", key="k2")
    assert await amy.says("hello", key="k1") is Receipt.DUPLICATE
    assert await shows(amy, "a", key="k2") is Receipt.DUPLICATE
    await amy.says("what is it?", key="k3")
    await site.house.settled()
    assert asked(site) == [("hello", ""), ("what is it?", "a")]
    assert nothing_left(site)


async def test_a_question_that_could_not_be_stored_is_waited_for_again(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    with site.locked(), pytest.raises(StoreError):
        await amy.says("what is it?")
    assert site.pauses.waiting == 1
    await amy.says("what is it?")
    await site.house.settled()
    assert asked(site) == [("what is it?", "a")]


async def test_messages_on_their_way_to_the_store_together_settle_in_their_order(
    site: Site,
) -> None:
    amy = one_to_one(site)
    await site.open()
    await asyncio.gather(
        shows(amy, "a"), shows(amy, "b"), amy.says("what?"), shows(amy, "c"), amy.says("and?")
    )
    await site.house.settled()
    assert asked(site) == [("what?", "ab"), ("and?", "c")]


async def test_people_who_share_a_history_share_no_pictures(site: Site) -> None:
    amy = in_group(site, group_history="group")
    bob = in_group(site, "bob")
    await site.open()
    await shows(amy, "a")
    await bob.says("what is it?")
    await site.house.settled()
    assert asked(site) == [(WHAT, "a"), ("what is it?", "")]


async def test_where_nothing_is_to_settle_nothing_waits(site: Site) -> None:
    amy = one_to_one(site, settle_s=0.0)
    await site.open()
    await shows(amy, "a", album="x")
    await amy.says("what is it?")
    await site.house.settled()
    assert asked(site) == [(WHAT, "a"), ("what is it?", "")]


async def test_the_pair_is_remembered_and_can_be_retried(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a")
    await amy.says("what is it?")
    await site.house.settled()
    await amy.asks("/retry")
    assert asked(site) == [("what is it?", "a")] * 2
