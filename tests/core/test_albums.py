"""The pictures of an album are one question."""

import pytest

from core.ports.adapter import Receipt
from tests.core.house import Site
from tests.core.pictures import asked, ends, in_group, one_to_one, picture, shows


async def test_an_album_is_one_question(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await amy.says("compare them", picture("a"), album="x")
    await amy.says("", picture("b"), album="x")
    await amy.says("", picture("c"), album="x")
    site.pauses.pass_(1.0)
    await site.house.settled()
    assert asked(site) == [("compare them", "abc")]
    assert ends(site) == [("answered",)] * 3


async def test_words_of_an_album_stand_on_lines_of_their_own(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await amy.says("the cat", picture("a"), album="x")
    await amy.says("the dog", picture("b"), album="x")
    site.pauses.pass_(1.0)
    await site.house.settled()
    assert asked(site) == [("the cat\nthe dog", "ab")]


async def test_what_is_said_after_an_album_with_words_is_a_question_of_its_own(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await amy.says("compare them", picture("a"), album="x")
    await shows(amy, "b", album="x")
    await amy.says("and tell me a joke")
    await site.house.settled()
    assert asked(site) == [("compare them", "ab"), ("and tell me a joke", "")]


async def test_two_albums_are_two_questions(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await amy.says("these?", picture("a"), album="x")
    await amy.says("and these?", picture("b"), album="y")
    site.pauses.pass_(1.0)
    await site.house.settled()
    assert asked(site) == [("these?", "a"), ("and these?", "b")]


async def test_an_album_without_words_may_get_its_question_after_it(site: Site) -> None:
    amy = one_to_one(site)
    await site.open()
    await shows(amy, "a", album="x")
    await shows(amy, "b", album="x")
    await amy.says("compare them")
    await site.house.settled()
    assert asked(site) == [("compare them", "ab")]


@pytest.mark.parametrize("addressed", [0, 1, 2])
async def test_in_a_group_an_album_is_for_the_bot_where_one_of_it_is(
    site: Site, addressed: int
) -> None:
    amy = in_group(site)
    await site.open()
    for number, name in enumerate("abc"):
        words = "compare them" if number == addressed else ""
        await amy.says(words, picture(name), album="x", addressed=number == addressed)
    site.pauses.pass_(1.0)
    await site.house.settled()
    assert asked(site) == [("compare them", "abc")]


async def test_an_album_is_for_the_bot_by_its_prefix_too(site: Site) -> None:
    amy = in_group(site, trigger="prefix", prefixes=("bot,",))
    await site.open()
    await amy.says("bot, compare them", picture("a"), album="x", addressed=False)
    await amy.says("", picture("b"), album="x", addressed=False)
    site.pauses.pass_(1.0)
    await site.house.settled()
    assert asked(site) == [("compare them", "ab")]


async def test_an_album_is_not_for_the_bot_because_of_another_ones(site: Site) -> None:
    amy, bob = in_group(site), in_group(site, "bob")
    await site.open()
    await amy.says("compare them", picture("a"), album="x")
    assert await bob.says("", picture("b"), album="x", addressed=False) is Receipt.IGNORED
    assert await amy.says("", picture("c"), album="y", addressed=False) is Receipt.IGNORED
    site.pauses.pass_(1.0)
    await site.house.settled()
    assert asked(site) == [("compare them", "a")]
