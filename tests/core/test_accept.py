"""The door: nobody is told that a message was received before it is stored."""

import asyncio

import pytest
from msgspec import structs

from core.errors import StoreError
from core.ports.adapter import Receipt
from tests.core.house import Site


async def test_a_message_is_committed_before_the_platform_hears_that_it_was_received(
    site: Site,
) -> None:
    await site.open()
    held = site.relays.hold("hello")
    assert await site.person().says("hello", key="k1") is Receipt.STORED
    assert site.rows("SELECT key, state FROM inbox") == [("k1", "new")]
    held.release()


async def test_a_message_is_answered_once_stored(site: Site) -> None:
    await site.open()
    assert await site.person().asks("hello") == ["re: hello"]
    assert site.rows("SELECT state FROM inbox") == [("answered",)]
    assert site.house.seen.receipts == [Receipt.STORED]


async def test_a_redelivery_is_received_again_and_answered_once(site: Site) -> None:
    await site.open()
    amy = site.person()
    assert await amy.says("hello", key="k1") is Receipt.STORED
    assert await amy.says("hello", key="k1") is Receipt.DUPLICATE
    await site.house.settled()
    assert await amy.says("hello", key="k1") is Receipt.DUPLICATE
    await site.house.settled()
    assert amy.reads == ["re: hello"]
    assert site.relays.questions == ["hello"]


async def test_a_redelivery_after_a_restart_is_answered_once(site: Site) -> None:
    await site.open()
    amy = site.person()
    await amy.asks("hello", key="k1")
    await site.restart()
    assert await amy.says("hello", key="k1") is Receipt.DUPLICATE
    await site.house.settled()
    assert amy.reads == ["re: hello"]


async def test_redeliveries_all_at_once_are_one_message(site: Site) -> None:
    await site.open()
    amy = site.person()
    receipts = await asyncio.gather(*(amy.says("hello", key="k1") for _ in range(8)))
    assert sorted(receipts) == [Receipt.DUPLICATE] * 7 + [Receipt.STORED]
    await site.house.settled()
    assert amy.reads == ["re: hello"]


async def test_one_key_on_two_bots_is_two_messages(site: Site) -> None:
    site.bot("one")
    site.bot("two")
    await site.open()
    for bot in ("one", "two"):
        assert await site.person(bot=bot).says("hello", key="k1") is Receipt.STORED
    await site.house.settled()
    assert site.relays.questions == ["hello", "hello"]


async def test_what_could_not_be_stored_is_not_received_and_not_worked_on(site: Site) -> None:
    await site.open()
    amy = site.person()
    with site.locked(), pytest.raises(StoreError):
        await amy.says("lost", key="k1")
    await site.house.settled()
    assert site.relays.asked == []
    assert site.house.lanes.depth == 0
    assert await amy.asks("lost", key="k1") == ["re: lost"]


async def test_a_message_that_could_not_be_stored_holds_up_none_behind_it(site: Site) -> None:
    await site.open()
    amy = site.person()
    half_a_surrogate_pair = structs.replace(amy.message("hello"), sender_name="\ud800")
    receipts = await asyncio.gather(
        site.house.gateway.accept(half_a_surrogate_pair), amy.says("next")
    )
    assert receipts == [Receipt.BROKEN, Receipt.STORED]
    await site.house.settled()
    assert amy.reads == ["re: next"]


async def test_a_sender_who_hangs_up_meanwhile_is_still_answered(site: Site) -> None:
    await site.open()
    amy = site.person()
    connection = asyncio.create_task(amy.says("hello"))
    await asyncio.sleep(0)
    assert site.house.lanes.depth == 1
    connection.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connection
    await site.house.settled()
    assert amy.reads == ["re: hello"]


async def test_a_full_lane_is_busy_and_nothing_is_stored(site: Site) -> None:
    site.per_conversation = 2
    await site.open()
    amy, bob = site.person("amy"), site.person("bob")
    held = site.relays.hold("first")
    assert await amy.says("first") is Receipt.STORED
    assert await amy.says("second") is Receipt.STORED
    assert await amy.says("third", key="k3") is Receipt.BUSY
    assert site.rows("SELECT count(*) FROM inbox WHERE key = 'k3'") == [(0,)]
    assert await bob.says("hello") is Receipt.STORED
    held.release()
    await site.house.settled()
    assert amy.reads == ["re: first", "re: second"]
    assert await amy.asks("third", key="k3") == ["re: third"]


async def test_what_is_delivered_again_to_a_full_lane_is_no_refusal(site: Site) -> None:
    site.per_conversation = 2
    await site.open()
    amy = site.person("amy")
    held = site.relays.hold("first")
    assert await amy.says("first", key="k1") is Receipt.STORED
    assert await amy.says("second", key="k2") is Receipt.STORED
    assert await amy.says("second", key="k2") is Receipt.DUPLICATE
    held.release()
    await site.house.settled()
    assert await amy.says("first", key="k1") is Receipt.DUPLICATE


async def test_group_talk_that_is_not_for_the_bot_is_not_stored(site: Site) -> None:
    await site.open()
    amy = site.person(chat="family", group=True)
    assert await amy.says("what's for dinner?", addressed=False) is Receipt.IGNORED
    assert site.rows("SELECT count(*) FROM inbox") == [(0,)]
    assert site.house.lanes.depth == 0


async def test_why_tells_that_group_talk_was_passed_over(site: Site) -> None:
    await site.open()
    amy = site.person(chat="family", group=True)
    await amy.says("what's for dinner?", addressed=False)
    (told,) = await amy.asks("/why")
    assert site.say("why_not_addressed") in told


async def test_why_tells_nothing_of_other_chats(site: Site) -> None:
    await site.open()
    await site.person(chat="family", group=True).says("dinner?", addressed=False)
    (told,) = await site.person(chat="work", group=True).asks("/why")
    assert told == site.say("why_nothing", slash="/")


async def test_what_waits_is_kept_without_the_words_that_the_platform_put_it_in(site: Site) -> None:
    await site.open()
    held = site.relays.hold("hello")
    amy = site.person()
    await amy.says("hello", raw="all that the platform said")
    await amy.says("and more", raw="all that the platform said")
    stored = site.rows("SELECT payload FROM inbox")
    assert all("all that the platform said" in payload for (payload,) in stored)
    (lane,) = site.house.lanes._lanes.values()
    assert [(await slot.job()).message.raw for slot in lane] == ["", ""]
    held.release()


async def test_what_is_taken_up_again_is_kept_without_them_too(site: Site) -> None:
    await site.open()
    site.relays.hold("hello")
    await site.person().says("hello", raw="all that the platform said")
    await site.restart()
    (lane,) = site.house.lanes._lanes.values()
    assert [(await slot.job()).message.raw for slot in lane] == [""]
