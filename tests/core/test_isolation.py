"""Nobody's history holds another's words, however alike their ids are."""

import asyncio
from itertools import product

import pytest

from tests.core.held import Held
from tests.core.house import Person, Site


async def _each_tells_a_secret(site: Site, people: list[Person]) -> None:
    await site.open()
    for round_ in range(3):
        await asyncio.gather(
            *(person.says(f"canary-{who}-{round_}") for who, person in enumerate(people))
        )
    await site.house.settled()
    await site.restart()
    await asyncio.gather(*(p.says(f"canary-{who}-last") for who, p in enumerate(people)))
    await site.house.settled()


def _canaries(text: str) -> set[int]:
    return {int(word.split("-")[1]) for word in text.split() if word.startswith("canary-")}


def _sent_together(site: Site) -> set[frozenset[int]]:
    """Whose words any model was sent together."""
    return {
        frozenset(_canaries(" ".join(message.content for message in request.messages)))
        for request in site.relays.asked
    }


async def test_equal_ids_on_bots_and_platforms_share_nothing(site: Site) -> None:
    for platform, name in product(("qq", "telegram"), ("one", "two")):
        site.bot(f"{platform} {name}", platform)
    people = [
        site.person("1", bot=bot, chat="1", group=group)
        for bot, group in product(site.bots, (False, True))
    ]
    await _each_tells_a_secret(site, people)
    assert _sent_together(site) == {frozenset({who}) for who in range(len(people))}
    assert len(site.relays.asked[-1].messages) == 7


@pytest.mark.parametrize("bot_name", ["a/b", "a%2Fb"])
async def test_ids_that_look_like_a_path_share_nothing(site: Site, bot_name: str) -> None:
    site.bot("a")
    site.bot(bot_name)
    people = [
        site.person("1", bot="a", chat="b/c"),
        site.person("1", bot=bot_name, chat="c"),
        site.person("1", bot="a", chat="b%2Fc"),
        site.person("1", bot="a", chat="b/c urgent"),
        site.person("1", bot="a", chat="b", group=True),
        site.person("1", bot="a", chat="b/member/1"),
    ]
    await _each_tells_a_secret(site, people)
    assert _sent_together(site) == {frozenset({who}) for who in range(len(people))}


async def test_members_of_a_group_share_nothing_by_default(site: Site) -> None:
    site.bot()
    people = [
        site.person(who, chat="family", group=True, thread=thread)
        for who, thread in (("amy", ""), ("bob", ""), ("eve", "t1"))
    ]
    await _each_tells_a_secret(site, people)
    assert _sent_together(site) == {frozenset({0}), frozenset({1}), frozenset({2})}


async def test_a_group_shares_its_own_history_where_that_is_the_policy(site: Site) -> None:
    site.bot(group_history="group")
    people = [
        site.person("amy", chat="family", group=True),
        site.person("bob", chat="family", group=True, thread="t1"),
        site.person("amy", chat="work", group=True),
        site.person("amy"),
    ]
    await _each_tells_a_secret(site, people)
    assert frozenset({0, 1}) in _sent_together(site)
    assert all(who <= {0, 1} or len(who) == 1 for who in _sent_together(site))


async def test_a_thread_shares_its_own_history_where_that_is_the_policy(site: Site) -> None:
    site.bot(group_history="thread")
    people = [
        site.person("amy", chat="family", group=True, thread="t1"),
        site.person("bob", chat="family", group=True, thread="t1"),
        site.person("amy", chat="family", group=True, thread="t2"),
        site.person("amy", chat="work", group=True, thread="t1"),
    ]
    await _each_tells_a_secret(site, people)
    assert frozenset({0, 1}) in _sent_together(site)
    assert all(who <= {0, 1} or len(who) == 1 for who in _sent_together(site))


async def test_answers_go_to_the_chat_that_asked_and_to_no_other(site: Site) -> None:
    site.bot(group_history="group")
    people = [
        site.person("amy"),
        site.person("amy", chat="family", group=True),
        site.person("bob", chat="work", group=True),
    ]
    await _each_tells_a_secret(site, people)
    for who, person in enumerate(people):
        assert _canaries(" ".join(person.reads).replace("re: ", "")) == {who}


async def test_what_is_forgotten_while_its_platform_is_away_is_not_sent_later(site: Site) -> None:
    away = Held()
    site.paced_bot().turns.append(away)
    await site.open()
    await site.person().says("my secret")
    await away.reached()
    await site.person(chat="family", group=True).says("/forget yes")
    await site.platform.shows(1)
    away.release()
    await site.house.settled()
    assert [send.to.chat for send in site.platform.tries] == ["family"]


async def test_what_is_forgotten_while_it_is_answered_is_neither_sent_nor_kept(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    await site.open()
    here, elsewhere = site.person(), site.person(chat="family", group=True)
    held = site.relays.hold("my secret")
    await here.says("my secret")
    await here.says("another secret")
    await held.reached()
    await elsewhere.says("/forget yes")
    await site.platform.shows(1)
    held.release()
    await site.house.settled()
    assert elsewhere.reads == [site.say("forget_done")]
    assert here.reads == []
    assert await here.turns() == []
    assert caplog.messages == []
    assert await here.asks("hello") == ["re: hello"]
    assert site.relays.sent == [("user", "hello")]
