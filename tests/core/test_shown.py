"""Pictures shown to a group go with the question about them."""

import pytest

from core.errors import StoreError
from core.people import PeopleRules
from core.ports.adapter import Receipt
from tests.core.house import Site
from tests.core.pictures import asked, in_group, picture, shows


async def test_a_picture_shown_to_the_group_goes_with_the_question_about_it(site: Site) -> None:
    amy = in_group(site)
    await site.open()
    assert await shows(amy, "a", addressed=False) is Receipt.IGNORED
    assert site.rows("SELECT count(*) FROM inbox") == [(0,)]
    site.clock.pass_(seconds=60)
    await amy.says("what is it?")
    await site.house.settled()
    await amy.asks("and now?")
    assert asked(site) == [("what is it?", "a"), ("and now?", "")]


async def test_what_was_shown_is_kept_with_the_question_and_found_after_a_crash(
    site: Site,
) -> None:
    amy = in_group(site)
    await site.open()
    await shows(amy, "a", addressed=False)
    held = site.relays.hold("what is it?")
    await amy.says("what is it?")
    await held.reached()
    await site.restart()
    held.release()
    await site.house.settled()
    assert asked(site) == [("what is it?", "a")] * 2


async def test_a_picture_of_more_than_a_minute_ago_is_forgotten(site: Site) -> None:
    amy = in_group(site)
    await site.open()
    await shows(amy, "a", addressed=False)
    site.clock.pass_(seconds=61)
    await amy.asks("what is it?")
    assert asked(site) == [("what is it?", "")]


async def test_nobody_gets_pictures_of_others_or_of_other_groups(site: Site) -> None:
    amy, bob = in_group(site), in_group(site, "bob")
    elsewhere = site.person("amy", chat="work", group=True)
    await site.open()
    await shows(amy, "a", addressed=False)
    await bob.asks("what is it?")
    await elsewhere.asks("what is it?")
    assert asked(site) == [("what is it?", "")] * 2


@pytest.mark.parametrize("words", ["/whoami", "bot, /whoami"])
async def test_a_command_leaves_what_was_shown_for_the_question(site: Site, words: str) -> None:
    amy = in_group(site, prefixes=("bot,",))
    await site.open()
    await shows(amy, "a", addressed=False)
    await amy.asks(words)
    await amy.asks("what is it?")
    assert asked(site) == [("what is it?", "a")]


async def test_a_question_with_a_picture_of_its_own_takes_no_other(site: Site) -> None:
    amy = in_group(site)
    await site.open()
    await shows(amy, "a", addressed=False)
    await amy.asks("what is it?", picture("b"))
    assert asked(site) == [("what is it?", "b")]


async def test_what_was_shown_stays_for_a_question_that_comes_again(site: Site) -> None:
    amy = in_group(site)
    await site.open()
    await amy.asks("hello", key="k1")
    await shows(amy, "a", addressed=False)
    assert await amy.says("hello", key="k1") is Receipt.DUPLICATE
    with site.locked(), pytest.raises(StoreError):
        await amy.says("what is it?")
    await amy.asks("what is it?")
    assert asked(site) == [("hello", ""), ("what is it?", "a")]


async def test_what_was_shown_stays_where_the_question_about_it_finds_no_place(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    amy = in_group(site)
    await site.open()
    await shows(amy, "a", addressed=False)

    def place(*_: object) -> None:
        raise LookupError("no such place")

    with monkeypatch.context() as broken:
        broken.setattr(type(site.house.settling), "place", place)
        await amy.says("what is it?")
    await amy.asks("and now?")
    assert asked(site) == [("and now?", "a")]


async def test_pictures_of_whoever_may_not_talk_are_not_kept(site: Site) -> None:
    eve = in_group(site, "eve")
    site.rules = PeopleRules(deny=frozenset({"qq:eve"}), guests=True)
    await site.open()
    await shows(eve, "a", addressed=False)
    assert len(site.house.gateway.overheard._heard) == 0
