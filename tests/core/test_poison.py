"""What goes wrong while a message is handled: told, bounded, and nobody else's trouble."""

import asyncio

import pytest
from msgspec import structs

from core.command import Ask, Command, Outcome, Services
from core.errors import (
    MessageTooLong,
    ParleyError,
    RelayCut,
    RelayRateLimited,
    RelayUnauthorized,
    StoreError,
    StoreInvalid,
)
from core.model import Capabilities, Media, SetSetting, Text
from core.render import render
from tests.core.house import Site
from tests.core.platform import capabilities


class Failing:
    """A command that raises what it is given, one a try, and then answers."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.tries = 0

    async def __call__(self, ask: Ask, rest: str, services: Services) -> Outcome:
        self.tries += 1
        if self.faults:
            raise self.faults.pop(0)
        return Outcome(parts=(Text(text="done"),))


def failing(site: Site, *faults: Exception) -> Failing:
    run = Failing(*faults)
    site.command(Command(name="poison", run=run))
    return run


def troubled(site: Site, question: str, *faults: Exception) -> None:
    """Let the store fail at this question, as often as there are faults."""
    answer, left = getattr(site.house.store, question), list(faults)

    async def fail(*asked: object) -> object:
        if left:
            raise left.pop(0)
        return await answer(*asked)

    setattr(site.house.store, question, fail)


async def test_poison_is_tried_three_times_then_set_aside_and_told(site: Site) -> None:
    poison = failing(site, *[ZeroDivisionError("by nought")] * 5)
    await site.open()
    assert await site.person().asks("/poison") == [site.say("set_aside")]
    assert poison.tries == 3
    assert site.rows("SELECT state, reason FROM inbox") == [
        ("dead", "ZeroDivisionError: see the log")
    ]
    assert site.house.seen.outcomes == ["set_aside"]


async def test_what_works_at_the_third_try_is_answered(site: Site) -> None:
    poison = failing(site, ZeroDivisionError(), ZeroDivisionError())
    await site.open()
    assert await site.person().asks("/poison") == ["done"]
    assert poison.tries == 3


async def test_the_next_message_after_poison_is_answered(site: Site) -> None:
    failing(site, *[ZeroDivisionError()] * 5)
    await site.open()
    amy, bob = site.person("amy"), site.person("bob")
    for text in ("/poison", "next"):
        await amy.says(text)
    await bob.says("hello")
    await site.house.settled()
    assert amy.reads == [site.say("set_aside"), "re: next"]
    assert bob.reads == ["re: hello"]


async def test_tries_before_and_after_a_restart_are_counted_together(site: Site) -> None:
    await site.open()
    held = site.relays.hold("poison")
    await site.person().says("poison")
    await held.reached()
    site.relays.script["poison"] = (ZeroDivisionError(),)
    await site.restart()
    await site.house.settled()
    assert site.person().reads == [site.say("set_aside")]
    assert site.relays.questions == ["poison"] * 3


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (RelayUnauthorized("401"), "relay_unauthorized"),
        (RelayRateLimited("429", retry_after_s=3.0), "relay_rate_limited"),
        (RelayCut("broken off"), "relay_cut"),
    ],
)
async def test_a_relay_that_fails_gets_its_own_sentence(
    site: Site, fault: ParleyError, code: str
) -> None:
    site.bot(outage_wait_s=0)
    await site.open()
    site.relays.script["hello"] = (fault,)
    assert await site.person().asks("hello") == [site.say(code)]
    assert site.relays.questions == ["hello"]
    assert site.house.seen.outcomes == [code]


async def test_a_failure_is_told_in_the_persons_language(site: Site) -> None:
    await site.open()
    site.relays.script["你好"] = (RelayUnauthorized("401"),)
    amy = site.person()
    assert await amy.asks("你好", language="zh") == [site.say("relay_unauthorized", "zh")]


async def test_a_question_that_failed_is_kept_but_never_sent_again(site: Site) -> None:
    await site.open()
    site.relays.script["lost"] = (RelayUnauthorized("401"),)
    amy = site.person()
    await amy.asks("lost")
    await amy.asks("hello")
    assert (await amy.turns())[0] == ("user", "lost", "failed")
    assert site.relays.sent == [("user", "hello")]


async def test_a_stream_that_breaks_keeps_what_was_shown_and_is_not_asked_again(
    site: Site,
) -> None:
    live = site.live_bot()
    await site.open()
    site.relays.script["hello"] = ("half an", RelayCut("broken off"))
    amy = site.person()
    assert await amy.asks("hello") == ["half an", site.say("relay_cut")]
    assert live.drafts == ["half an"]
    assert site.relays.questions == ["hello"]
    assert await amy.turns() == [("user", "hello", "failed"), ("assistant", "half an", "failed")]
    await amy.asks("next")
    assert site.relays.sent == [("user", "next")]


async def test_a_message_too_long_is_told_both_numbers_and_asks_no_relay(site: Site) -> None:
    site.bot(history_chars=10, persona="abc")
    await site.open()
    told = await site.person().asks("12345678")
    assert told == [site.say("message_too_long", got=8, limit=7)]
    assert site.relays.asked == []


async def test_a_store_in_trouble_while_a_message_is_handled_is_waited_out(site: Site) -> None:
    tries: list[int] = []

    async def run(ask: Ask, rest: str, services: Services) -> Outcome:
        tries.append(1)
        read = await services.store.spent(ask.person)
        return Outcome(parts=(Text(text=f"read {len(read)}"),))

    site.command(Command(name="read", run=run))
    await site.open()
    troubled(site, "spent", *[StoreError("locked")] * 7)
    assert await site.person().asks("/read") == ["read 0"]
    assert tries == [1]
    assert len(site.naps.spans) == 7
    assert site.house.seen.outcomes == ["answered"]


@pytest.mark.parametrize("question", ["recent", "pair", "own"])
async def test_no_command_asks_a_relay_twice_for_a_store_in_trouble(
    site: Site, question: str
) -> None:
    await site.open()
    await site.person().asks("hello")
    troubled(site, question, StoreError("locked"))
    assert await site.person().asks("/retry") == ["re: hello"]
    assert site.relays.questions == ["hello"] * 2
    assert site.naps.spans == [0.05]


async def test_what_the_store_will_never_take_is_set_aside(site: Site) -> None:
    failing(site, *[StoreInvalid("out of range")] * 5)
    await site.open()
    amy = site.person()
    await amy.says("/poison")
    await amy.says("next")
    await site.house.settled()
    assert amy.reads == [site.say("set_aside"), "re: next"]


async def test_an_answer_that_cannot_be_stored_is_set_aside_and_told(site: Site) -> None:
    await site.open()
    site.relays.script["hello"] = ("half a surrogate pair: \ud800",)
    amy = site.person()
    assert await amy.asks("hello") == [site.say("set_aside")]
    assert await amy.asks("next") == ["re: next"]
    assert site.relays.sent == [("user", "next")]
    assert site.rows("SELECT state FROM inbox") == [("dead",), ("answered",)]


async def test_an_effect_that_cannot_be_stored_is_set_aside_and_told(site: Site) -> None:
    async def run(ask: Ask, rest: str, services: Services) -> Outcome:
        bad = SetSetting(scope=ask.person, name="mood", value="\ud800")
        return Outcome(parts=(Text(text="set"),), effects=(bad,))

    site.command(Command(name="mood", run=run))
    await site.open()
    assert await site.person().asks("/mood") == [site.say("set_aside")]


async def test_a_locked_database_delays_an_answer_and_loses_none(site: Site) -> None:
    await site.open()
    held = site.relays.hold("hello")
    await site.person().says("hello")
    await held.reached()
    with site.locked(naps=5):
        held.release()
        await site.house.settled()
    assert site.person().reads == ["re: hello"]
    assert site.relays.questions == ["hello"]
    assert site.naps.spans == [0.05, 0.2, 1.0, 5.0, 5.0]


async def test_an_answer_that_cannot_be_rendered_is_set_aside_and_not_asked_for_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def render_badly(parts: tuple[object, ...], caps: Capabilities) -> object:
        if parts == (Text(text="re: hello"),):
            raise LookupError("no such markup")
        return render(parts, caps)

    monkeypatch.setattr("core.worker.render", render_badly)
    await site.open()
    amy = site.person()
    assert await amy.asks("hello") == [site.say("set_aside")]
    assert await amy.asks("next") == ["re: next"]
    assert site.relays.questions == ["hello", "next"]


async def test_a_platform_whose_limits_cannot_be_told_is_answered_once_they_can(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.open()
    amy = site.person()
    with monkeypatch.context() as broken:
        broken.delattr(site.platform, "caps")
        assert await amy.asks("hello") == []
    await site.restart()
    await site.house.settled()
    assert amy.reads == ["re: hello"]


async def test_notices_are_rendered_like_answers(site: Site) -> None:
    site.bot().caps = structs.replace(capabilities(), markup="plain")
    await site.open()
    site.relays.script["hello"] = (MessageTooLong("too long", got=9, limit=8),)
    (told,) = await site.person().asks("hello")
    assert "history_chars" in told
    assert "`" not in told


async def test_an_answer_that_takes_too_long_is_told_once_and_not_asked_for_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.answering.LONGEST_ANSWER_S", 0.01)
    await site.open()
    site.relays.hold("hang")
    amy = site.person()
    assert await amy.asks("hang") == [site.say("relay_timeout")]
    assert site.relays.questions == ["hang"]
    assert await amy.asks("next") == ["re: next"]


async def test_a_handlers_own_time_out_is_a_surprise_and_tried_again(site: Site) -> None:
    poison = failing(site, TimeoutError(), TimeoutError())
    await site.open()
    assert await site.person().asks("/poison") == ["done"]
    assert poison.tries == 3


async def test_a_call_that_is_cancelled_from_inside_is_told_once(site: Site) -> None:
    tries: list[int] = []

    async def run(ask: Ask, rest: str, services: Services) -> Outcome:
        tries.append(1)
        raise asyncio.CancelledError

    site.command(Command(name="flaky", run=run))
    await site.open()
    amy = site.person()
    assert await amy.asks("/flaky") == [site.say("relay_lost")]
    assert tries == [1]
    assert await amy.asks("next") == ["re: next"]


async def test_a_draft_that_cannot_be_shown_costs_no_answer(site: Site) -> None:
    live = site.live_bot()
    live.faulty_drafts = True
    await site.open()
    assert await site.person().asks("hello") == ["re: hello"]
    assert site.relays.questions == ["hello"]


async def test_a_file_that_is_gone_is_told(site: Site) -> None:
    await site.open()
    gone = Media(kind="image", remote="gone", mime="image/png")
    assert await site.person().asks("what is it?", gone) == [site.say("media")]
    assert site.relays.asked == []


async def test_speech_whose_answer_meets_a_store_in_trouble_is_heard_once(site: Site) -> None:
    platform = site.bot()
    platform.files["v"] = b"OggS"
    await site.open()
    troubled(site, "recent", *[StoreError("locked")] * 2)
    (told,) = await site.person().asks("", Media(kind="voice", remote="v", mime="audio/ogg"))
    assert told.endswith("re: spoken words")
    assert site.relays.listened == 1
