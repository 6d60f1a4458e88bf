"""A picture and its question, the pictures of an album: several messages, one answer."""

import asyncio
from collections.abc import Sequence

import pytest

from core.errors import StoreError
from core.model import Media
from core.people import PeopleRules
from core.ports.adapter import Receipt
from core.request import ChatRequest
from tests.core.house import Person, Site

WHAT = "What is in this picture?"
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def picture(name: str) -> Media:
    return Media(kind="image", remote=name, mime="image/png")


def one_to_one(site: Site, sender: str = "amy", **settings: object) -> Person:
    if not site.bots:
        site.bot(**settings)
    for name in "abcd":
        site.platform.files[name] = PNG_HEAD + name.encode()
    return site.person(sender)


def in_group(site: Site, sender: str = "amy", **settings: object) -> Person:
    one_to_one(site, **settings)
    return site.person(sender, chat="family", group=True)


async def shows(person: Person, *names: str, **about: object) -> Receipt:
    """Send pictures alone, as a platform does that parts them from their question."""
    return await person.says("", *map(picture, names), **{"settles": True, **about})


def asked(site: Site) -> list[tuple[str, str]]:
    """Each question with the pictures that went with it."""
    return [(_words(request), _seen(request)) for request in site.relays.asked]


def _words(request: ChatRequest) -> str:
    return request.messages[-1].content


def _seen(request: ChatRequest) -> str:
    return "".join(p.content.removeprefix(PNG_HEAD).decode() for p in request.messages[-1].pictures)


def ends(site: Site) -> list[tuple[object, ...]]:
    return site.rows("SELECT state FROM inbox ORDER BY seq")


def nothing_left(site: Site) -> bool:
    return site.house.settling._open == {} and site.pauses.waiting == 0


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
    assert await site.house.store.messages_used(amy.key, "2026-11-03") == 1
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


# -- albums --------------------------------------------------------------------


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


# -- what was shown to the group -----------------------------------------------


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


async def test_pictures_of_whoever_may_not_talk_are_not_kept(site: Site) -> None:
    eve = in_group(site, "eve")
    site.rules = PeopleRules(deny=frozenset({"qq:eve"}), guests=True)
    await site.open()
    await shows(eve, "a", addressed=False)
    assert len(site.house.gateway.overheard._heard) == 0


# -- restarts ------------------------------------------------------------------


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
    assert await site.house.store.messages_used(amy.key, "2026-11-03") == 1


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
