"""Who is answered, how much, and in which language."""

import asyncio

import pytest

from core.people import PeopleRules
from core.ports.adapter import Receipt
from core.quota.limits import Limits
from tests.core.house import Site

TODAY = "2026-11-03"


async def test_a_stranger_is_told_once_a_day_and_then_not_at_all(site: Site) -> None:
    site.rules = PeopleRules()
    await site.open()
    stranger = site.person("eve")
    told = site.say("denied", id="qq:eve")
    assert await stranger.asks("hello") == [told]
    assert await stranger.asks("hello?") == []
    assert await stranger.asks("/help") == []
    site.clock.pass_(days=1)
    assert await stranger.asks("hello") == [told]
    assert site.relays.asked == []
    assert await stranger.turns() == []


async def test_a_stranger_is_told_once_a_day_across_restarts(site: Site) -> None:
    site.rules = PeopleRules()
    await site.open()
    stranger = site.person("eve")
    await stranger.asks("hello")
    await site.restart()
    assert await stranger.asks("hello") == []


async def test_strangers_in_groups_are_not_even_stored(site: Site) -> None:
    site.rules = PeopleRules(allow=frozenset({"qq:amy"}))
    await site.open()
    stranger = site.person("eve", chat="family", group=True)
    assert await stranger.says("hello") is Receipt.IGNORED
    assert site.rows("SELECT count(*) FROM inbox") == [(0,)]
    (told,) = await site.person("amy", chat="family", group=True).asks("/why")
    assert site.say("why_denied") in told


async def test_the_daily_cap_is_exact_with_fifty_at_once(site: Site) -> None:
    site.rules = PeopleRules(allow=frozenset({"qq:*"}), daily_messages=20)
    await site.open()
    chats = [site.person("amy", chat=f"chat {number}") for number in range(50)]
    await asyncio.gather(*(chat.says(f"q{n}") for n, chat in enumerate(chats)))
    await site.house.settled()
    assert len(site.relays.asked) == 20
    told = site.says_capped(20)
    assert sum(chat.reads == [told] for chat in chats) == 30
    assert (await site.house.store.used(f"person:{chats[0].identity}", TODAY)).messages == 20


async def test_the_cap_counts_each_person_apart(site: Site) -> None:
    site.rules = PeopleRules(allow=frozenset({"qq:*"}), daily_messages=1)
    await site.open()
    amy, bob = site.person("amy"), site.person("bob")
    await amy.asks("one")
    assert await bob.asks("one") == ["re: one"]
    assert await amy.asks("two") != ["re: two"]


async def test_the_cap_renews_at_midnight_of_the_configured_zone(site: Site) -> None:
    site.rules = PeopleRules(allow=frozenset({"qq:*"}), daily_messages=1, timezone="Asia/Shanghai")
    await site.open()
    amy = site.person()
    await amy.asks("one")  # at noon UTC it is eight in the evening in Shanghai
    told = site.says_capped(1, "00:00 Asia/Shanghai")
    site.clock.pass_(hours=3, minutes=59)
    assert await amy.asks("two") == [told]
    site.clock.pass_(minutes=1)
    assert await amy.asks("three") == ["re: three"]


async def test_commands_that_cost_nothing_are_not_counted(site: Site) -> None:
    site.rules = PeopleRules(allow=frozenset({"qq:*"}), daily_messages=1)
    await site.open()
    amy = site.person()
    for text in ("/help", "/nonsense", "/quota", "/stop"):
        await amy.asks(text)
    assert await amy.asks("hello") == ["re: hello"]
    assert await amy.asks("/whoami") != []
    assert (await site.house.store.used(f"person:{amy.identity}", TODAY)).messages == 1


async def test_commands_that_cost_are_counted(site: Site) -> None:
    site.rules = PeopleRules(allow=frozenset({"qq:*"}), daily_messages=1)
    await site.open()
    amy = site.person()
    await amy.asks("/image a fox")
    assert await amy.asks("hello") == [site.says_capped(1)]


async def test_what_was_refused_is_not_counted(site: Site) -> None:
    site.rules = PeopleRules(allow=frozenset({"qq:*"}), daily_messages=1)
    await site.open()
    amy = site.person()
    for text in ("one", "two", "three"):
        await amy.asks(text)
    assert (await site.house.store.used(f"person:{amy.identity}", TODAY)).messages == 1


async def test_owners_are_not_limited(site: Site) -> None:
    site.rules = PeopleRules(owners=frozenset({"qq:amy"}), daily_messages=1)
    await site.open()
    amy = site.person()
    for number in range(5):
        assert await amy.asks(f"q{number}") == [f"re: q{number}"]


async def test_a_cap_of_nought_allows_none(site: Site) -> None:
    site.rules = PeopleRules(guests=True, guest_daily_messages=0)
    await site.open()
    assert await site.person().asks("hello") == [site.says_capped(0)]
    assert site.relays.asked == []


@pytest.mark.parametrize(
    ("chosen", "hint", "bots", "spoken"),
    [
        ("", "", "en", "en"),
        ("", "", "zh", "zh"),
        ("", "zh", "en", "zh"),
        ("", "en", "zh", "en"),
        ("", "fr", "zh", "zh"),
        ("zh", "en", "en", "zh"),
        ("en", "zh", "zh", "en"),
    ],
)
async def test_a_persons_choice_goes_before_the_platforms_hint_and_that_before_the_bots(
    site: Site, chosen: str, hint: str, bots: str, spoken: str
) -> None:
    site.bot(language=bots)
    await site.open()
    amy = site.person()
    if chosen:
        await amy.asks(f"/language {chosen}")
    assert await amy.asks("/stop", language=hint) == [site.say("nothing_running", spoken)]


@pytest.mark.parametrize(
    ("chosen", "hint", "bots", "spoken"),
    [
        ("", "", "en", "zh"),
        ("", "", "zh", "zh"),
        ("", "en", "en", "en"),
        ("en", "", "en", "en"),
    ],
)
async def test_who_writes_chinese_hears_chinese_where_neither_choice_nor_hint_says_another(
    site: Site, chosen: str, hint: str, bots: str, spoken: str
) -> None:
    site.bot(language=bots)
    await site.open()
    amy = site.person()
    if chosen:
        await amy.asks(f"/language {chosen}")
    assert await amy.asks("/停止", language=hint) == [site.say("nothing_running", spoken)]


async def test_a_persons_language_holds_in_all_chats_of_a_bot(site: Site) -> None:
    await site.open()
    await site.person("amy").asks("/language zh")
    elsewhere = site.person("amy", chat="family", group=True)
    assert await elsewhere.asks("/stop") == [site.say("nothing_running", "zh")]
    assert await site.person("bob").asks("/stop") == [site.say("nothing_running")]


async def test_whom_the_configuration_shuts_out_is_told_that_and_not_how_to_be_let_in(
    site: Site,
) -> None:
    site.rules = PeopleRules(deny=frozenset({"qq:eve"}), guests=True)
    await site.open()
    told = await site.person("eve").asks("hello")
    assert told == [site.say("blocked", contact=site.say("limit_contact"))]


async def test_whoever_used_up_his_messages_is_told_whom_to_ask(site: Site) -> None:
    site.rules = PeopleRules(guests=True, guest_daily_messages=0)
    site.limits = Limits(contact="@alice")
    await site.open()
    (told,) = await site.person().asks("hello")
    assert told.endswith("To get more, ask @alice.")
