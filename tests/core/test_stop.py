"""Stopping an answer: what was shown stays, and the talk goes on."""

import asyncio

import pytest

from core.command import Ask, Command, Outcome, Services
from core.model import Media
from core.ports.adapter import Receipt
from core.tokens import estimate_tokens
from tests.core.held import PATIENCE_S, Held
from tests.core.house import Person, Site
from tests.core.platform import LivePlatform


async def _half_shown(site: Site, text: str = "tell") -> tuple[Person, LivePlatform, Held]:
    """Amy is being answered, and has seen half of it."""
    live = site.live_bot()
    await site.open()
    held = Held()
    site.relays.script[text] = ("half an", held, " answer")
    amy = site.person()
    await amy.says(text)
    await held.reached()
    assert live.drafts == ["half an"]
    return amy, live, held


async def test_an_answer_is_shown_while_it_comes(site: Site) -> None:
    live = site.live_bot()
    await site.open()
    site.relays.script["tell"] = ("one", " two", " three")
    assert await site.person().asks("tell") == ["one two three"]
    assert live.drafts == ["one", "one two", "one two three"]


async def test_stop_while_streaming_keeps_what_was_shown(site: Site) -> None:
    amy, _, _ = await _half_shown(site)
    await amy.asks("/stop")
    assert sorted(amy.reads) == sorted(["half an", site.say("stopped")])
    assert await amy.turns() == [("user", "tell", "complete"), ("assistant", "half an", "complete")]
    assert site.house.seen.outcomes.count("answered") == 2


async def test_what_a_stopped_answer_cost_is_estimated(site: Site) -> None:
    amy, _, _ = await _half_shown(site)
    await amy.asks("/stop")
    spent = site.rows("SELECT prompt_tokens, completion_tokens, estimated FROM spends")
    assert spent == [(estimate_tokens("tell"), estimate_tokens("half an"), 1)]


async def test_what_was_kept_of_a_stopped_answer_is_remembered(site: Site) -> None:
    amy, _, _ = await _half_shown(site)
    await amy.asks("/stop")
    await amy.asks("go on")
    assert site.relays.sent == [("user", "tell"), ("assistant", "half an"), ("user", "go on")]


async def test_stop_is_answered_while_the_answer_is_still_running(site: Site) -> None:
    begun, ending = Held(), Held()

    async def run(ask: Ask, rest: str, services: Services) -> Outcome:
        try:
            await begun.wait()
        finally:
            await ending.wait()
        return Outcome()

    site.command(Command(name="stubborn", run=run))
    await site.open()
    amy = site.person()
    await amy.says("/stubborn")
    await begun.reached()
    await amy.says("/stop")
    await ending.reached()
    await site.platform.shows(1)
    assert amy.reads == [site.say("stopped")]
    ending.release()
    await site.house.settled()
    assert amy.reads == [site.say("stopped"), site.say("stopped_early")]


async def test_stop_before_anything_was_shown_says_so(site: Site) -> None:
    site.live_bot()
    await site.open()
    held = site.relays.hold("slow")
    amy = site.person()
    await amy.says("slow")
    await held.reached()
    await amy.asks("/stop")
    assert set(amy.reads) == {site.say("stopped"), site.say("stopped_early")}
    assert await amy.turns() == []
    assert site.rows("SELECT count(*) FROM inbox WHERE state = 'answered'") == [(2,)]


async def test_stop_on_a_platform_without_drafts_says_so(site: Site) -> None:
    await site.open()
    held = Held()
    site.relays.script["slow"] = ("half an", held)
    amy = site.person()
    await amy.says("slow")
    await held.reached()
    await amy.asks("/stop")
    assert set(amy.reads) == {site.say("stopped"), site.say("stopped_early")}


async def test_the_next_message_goes_on_after_a_stop(site: Site) -> None:
    amy, _, _ = await _half_shown(site)
    await amy.says("next")
    await amy.asks("/stop")
    assert amy.reads[-1] == "re: next"
    assert "half an" in amy.reads


async def test_stop_with_nothing_running_says_so(site: Site) -> None:
    await site.open()
    amy = site.person()
    assert await amy.asks("/stop") == [site.say("nothing_running")]
    await amy.asks("hello")
    assert await amy.asks("/stop") == [site.say("nothing_running")]
    assert not site.house.worker._judge.answering._tasks


async def test_stop_goes_past_a_full_lane(site: Site) -> None:
    site.per_conversation = 1
    await site.open()
    held = site.relays.hold("slow")
    amy = site.person()
    await amy.says("slow")
    await held.reached()
    assert await amy.says("more") is Receipt.BUSY
    assert await amy.says("/stop") is Receipt.STORED
    await site.house.settled()
    assert set(amy.reads) == {site.say("stopped"), site.say("stopped_early")}


async def test_stop_twice_stops_once(site: Site) -> None:
    amy, _, _ = await _half_shown(site)
    await amy.says("/stop")
    await amy.says("/stop")
    await site.house.settled()
    assert amy.reads.count("half an") == 1
    assert amy.reads.count(site.say("stopped")) == 1
    assert amy.reads.count(site.say("nothing_running")) == 1


async def test_stop_reaches_ones_own_conversation_alone(site: Site) -> None:
    await site.open()
    held = site.relays.hold("slow")
    amy, bob = site.person("amy"), site.person("bob")
    await amy.says("slow")
    await held.reached()
    await bob.says("/stop")
    await site.platform.shows(1)
    held.release()
    await site.house.settled()
    assert bob.reads == [site.say("nothing_running")]
    assert amy.reads == ["re: slow"]


async def test_a_command_is_stopped_too(site: Site) -> None:
    await site.open()
    held = site.relays.hold("q")
    amy = site.person()
    site.relays.script["q"] = ("first",)
    await amy.asks("q")
    site.relays.script["q"] = (held,)
    await amy.says("/retry")
    await held.reached()
    await amy.asks("/stop")
    assert set(amy.reads) == {"first", site.say("stopped"), site.say("stopped_early")}
    assert await amy.turns() == [("user", "q", "complete"), ("assistant", "first", "complete")]


async def test_a_spoken_question_is_stopped_with_what_was_heard(site: Site) -> None:
    live = site.live_bot()
    live.files["v"] = b"OggS"
    await site.open()
    held = Held()
    site.relays.script["spoken words"] = ("half", held)
    amy = site.person()
    await amy.says("", Media(kind="voice", remote="v", mime="audio/ogg"))
    await held.reached()
    await amy.asks("/stop")
    quoted = site.say("heard", text="spoken words") + "\n\n"
    assert live.drafts == [f"{quoted}half"]
    assert f"{quoted}half" in amy.reads


async def test_a_stopped_answer_outlives_a_locked_database(site: Site) -> None:
    amy, _, _ = await _half_shown(site)
    await amy.says("/stop")
    with site.locked(naps=3):
        await site.house.settled()
    assert "half an" in amy.reads


async def test_somebody_sees_that_an_answer_is_coming(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.presence.TYPING_AFTER_S", 0)
    live = site.live_bot()
    await site.open()
    held = site.relays.hold("slow")
    await site.person().says("slow")
    await held.reached()
    async with asyncio.timeout(PATIENCE_S):
        await live.typed.wait()
    held.release()
