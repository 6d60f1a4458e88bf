"""Talks with an account that may only answer: three tries, 继续, restarts."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from adapters.wechat import talk
from bots.sandbox.wechat import acts
from bots.sandbox.wechat.faults import AtOnce, DropConnection, LoseAnswer
from bots.sandbox.wechat.wechat import NOTICE
from core.errors import RelayRefused, StoreError
from core.ports.adapter import Receipt
from tests.wechat.stage import ANN, BEN, staged

LONG = "A sentence of some length stands here. " * 100


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


def outcomes(push):
    return [done.outcome for done in push.tries]


async def test_a_quick_answer_comes_with_the_first_try(stage):
    push = await stage.push("hello")
    assert outcomes(push) == ["reply"]
    assert stage.shown(push) == "re: hello"


async def test_the_url_check_is_passed(stage):
    assert await stage.wechat.check() == ""


async def test_an_answer_that_takes_a_while_comes_with_a_later_try(stage):
    held = stage.relays.hold("slow")
    line = await stage.say("slow")
    await held.reached()
    await asyncio.sleep(0.65)  # the first try is over
    held.release()
    push = await stage.wechat.outcome(line)
    assert outcomes(push) == ["timeout", "reply"]
    assert stage.shown(push) == "re: slow"
    assert stage.relays.questions == ["slow"]


async def test_without_an_answer_the_third_try_says_how_to_get_it_and_more_brings_it(stage):
    held = stage.relays.hold("slow")
    push = await stage.push("slow")
    assert outcomes(push) == ["timeout", "timeout", "reply"]
    assert "continue" in stage.shown(push)
    held.release()
    await stage.house.settled()
    assert await stage.ask("continue") == "re: slow"
    assert "Nothing is waiting" in await stage.ask("Continue.")


async def test_more_waits_for_what_is_still_being_worked_on(stage):
    held = stage.relays.hold("slow")
    await stage.push("slow")
    more = await stage.say("more")
    await asyncio.sleep(0.1)
    held.release()
    push = await stage.wechat.outcome(more)
    assert outcomes(push) == ["reply"]
    assert stage.shown(push) == "re: slow"
    assert "Nothing is waiting" in await stage.ask("more")


async def test_a_second_question_is_answered_on_its_own_and_the_first_answer_is_kept(stage):
    first = stage.relays.hold("first")
    second = stage.relays.hold("second")
    await stage.push("first")
    line = await stage.say("second")
    first.release()
    await second.reached()
    second.release()
    told = stage.shown(await stage.wechat.outcome(line))
    assert told.startswith("re: second")
    assert "earlier answer" in told
    assert await stage.ask("继续") == "re: first"


async def test_an_answer_tells_of_another_that_no_request_will_bring(stage):
    first, second = stage.relays.hold("first"), stage.relays.hold("second")
    lines = [await stage.say("first"), await stage.say("second")]
    for line in lines:
        assert "still thinking" in stage.shown(await stage.wechat.outcome(line))
    more = await stage.say("more")
    first.release()
    told = stage.shown(await stage.wechat.outcome(more))
    assert told.startswith("re: first\n\n")
    assert "still working on another answer: send “continue”" in told
    await second.reached()
    second.release()
    assert await stage.ask("continue") == "re: second"


async def test_an_answer_is_silent_on_another_whose_own_request_will_bring_it(stage):
    first, second = stage.relays.hold("first"), stage.relays.hold("second")
    lines = [await stage.say("first"), await stage.say("second")]
    await first.reached()
    first.release()
    assert stage.shown(await stage.wechat.outcome(lines[0])) == "re: first"
    await second.reached()
    second.release()
    assert stage.shown(await stage.wechat.outcome(lines[1])) == "re: second"


async def test_a_long_answer_comes_in_parts_each_within_what_wechat_takes(stage):
    stage.relays.script["long"] = (LONG,)
    told = [await stage.ask("long")]
    while "send “continue”" in told[-1]:
        told.append(await stage.ask("continue"))
    told, warning = told[:-1], told[-1]
    assert len(told) == 3
    assert "won't remember" in warning
    assert all(len(part.encode()) <= 1800 for part in told)
    words = " ".join(part.partition("\n\n(")[0] for part in told)
    assert words.split() == LONG.split()
    assert "(1/4" in told[0]
    assert "(2/4" in told[1]


async def test_every_copy_of_a_push_gets_the_same_bytes_and_the_model_is_asked_once(stage):
    stage.wechat.faults.add(AtOnce(copies=4))
    push = await stage.push("hello")
    assert outcomes(push) == ["reply"] * 4
    assert len(push.answers) == 1
    again = await stage.wechat.redeliver(push, times=3)
    assert {done.answer for done in again} == push.answers
    assert stage.relays.questions == ["hello"]


async def test_an_answer_that_was_lost_on_its_way_is_said_again(stage):
    stage.wechat.faults.add(LoseAnswer(count=2))
    push = await stage.push("hello")
    assert outcomes(push) == ["lost", "lost", "reply"]
    assert stage.shown(push) == "re: hello"
    assert stage.relays.questions == ["hello"]


async def test_a_connection_that_breaks_costs_a_try_and_no_answer(stage):
    held = stage.relays.hold("hello")
    stage.wechat.faults.add(DropConnection(after_s=0.05, count=2))
    line = await stage.say("hello")
    await held.reached()
    await asyncio.sleep(0.2)
    held.release()
    push = await stage.wechat.outcome(line)
    assert outcomes(push) == ["closed", "closed", "reply"]
    assert stage.shown(push) == "re: hello"


async def test_no_try_is_answered_past_its_time(stage):
    held = [stage.relays.hold(f"slow {n}") for n in range(5)]
    lines = [await stage.say(f"slow {n}", person) for n, person in enumerate([ANN, BEN] * 2)]
    for line in lines:
        await stage.wechat.outcome(line)
    assert max(stage.wechat.answers_s) < 0.5
    for one in held:
        one.release()


async def test_past_what_has_room_a_push_gets_no_answer_and_comes_again(stage, monkeypatch):
    monkeypatch.setattr("adapters.wechat.door.MOST_INSIDE", 1)
    held = stage.relays.hold("first")
    first = await stage.say("first", ANN)
    await held.reached()
    second = await stage.say("second", BEN)
    await asyncio.sleep(0.05)
    held.release()
    assert stage.shown(await stage.wechat.outcome(first)) == "re: first"
    push = await stage.wechat.outcome(second)
    assert ("status", "503") in {(done.outcome, done.detail) for done in push.tries}
    await asyncio.sleep(0.1)
    assert await stage.ask("second", BEN) == "re: second"


async def test_two_people_get_their_own(stage):
    a, b = await asyncio.gather(stage.ask("I am Ann", ANN), stage.ask("I am Ben", BEN))
    assert (a, b) == ("re: I am Ann", "re: I am Ben")


async def test_what_is_not_stored_is_asked_again(stage):
    accept, fails = stage.house.gateway.accept, iter([True, True])

    async def failing(message):
        if next(fails, False):
            raise StoreError("the disk is full")
        return await accept(message)

    stage.adapter._clerk.emit = failing
    push = await stage.push("hello")
    assert outcomes(push) == ["status", "status", "reply"]
    assert stage.shown(push) == "re: hello"


async def test_who_comes_before_the_bot_is_ready_waits_for_it(stage):
    emit, stage.adapter._clerk.emit = stage.adapter._clerk.emit, None
    stage.adapter._clerk.started.clear()
    line = await stage.say("early")
    await asyncio.sleep(0.1)
    stage.adapter._clerk.emit = emit
    stage.adapter._clerk.started.set()
    push = await stage.wechat.outcome(line)
    assert outcomes(push) == ["reply"]
    assert stage.shown(push) == "re: early"


async def test_who_is_told_busy_is_told_at_once(stage):
    stage.per_conversation = 1
    await stage.restart()
    stage.as_if_long_at_work()
    held = stage.relays.hold("slow")
    await stage.say("slow")
    await held.reached()
    push = await stage.push("another")
    assert outcomes(push) == ["reply"]
    assert "my hands full" in stage.shown(push)
    held.release()
    await stage.hears("re: slow")
    assert "Nothing is waiting" in await stage.ask("continue")


async def test_who_is_not_heard_at_all_is_not_kept_waiting_for_an_answer(stage):
    async def ignoring(message):
        return Receipt.IGNORED

    stage.adapter._clerk.emit = ignoring
    assert outcomes(await stage.push("hello")) == ["success"]
    assert "Nothing is waiting" in await stage.ask("continue")


async def test_only_so_many_people_are_remembered(stage, monkeypatch):
    monkeypatch.setattr(talk, "TALKS_KEPT", 2)
    for number in range(4):
        stage.adapter._leftovers.begun(f"person {number}", "key")
    assert await stage.ask("hello") == "re: hello"
    assert len(stage.adapter._leftovers._talks._talks) == 2


# -- events ------------------------------------------------------------------


async def test_a_new_follower_is_greeted(stage):
    push = await stage.wechat.outcome(await stage.wechat.act(acts.Subscribe(person=ANN, scene="7")))
    assert "good to meet you" in stage.shown(push)


async def test_a_menu_button_speaks_for_the_person(stage):
    push = await stage.wechat.outcome(await stage.wechat.act(acts.Click(person=ANN, key="hello")))
    assert stage.shown(push) == "re: hello"


@pytest.mark.parametrize(
    "act",
    [
        acts.Unsubscribe(person=ANN),
        acts.Scan(person=ANN, scene="7"),
        acts.View(person=ANN, url="https://example.com"),
        acts.Report(person=ANN, latitude=1, longitude=2),
    ],
    ids=["unsubscribe", "scan", "view", "report"],
)
async def test_what_asks_for_nothing_is_answered_with_success(stage, act):
    push = await stage.wechat.outcome(await stage.wechat.act(act))
    assert outcomes(push) == ["success"]
    assert stage.relays.questions == []


async def test_a_place_and_a_link_are_told_in_words(stage):
    await stage.wechat.outcome(
        await stage.wechat.act(
            acts.Location(person=ANN, latitude=23.1, longitude=113.3, label="茶馆")
        )
    )
    await stage.wechat.outcome(
        await stage.wechat.act(acts.Link(person=ANN, title="A page", url="https://example.com"))
    )
    place, link = stage.relays.questions
    assert place == "📍 茶馆 (23.1, 113.3)"
    assert link == "🔗 A page\nhttps://example.com"


async def test_voice_is_taken_as_the_words_that_wechat_heard(tmp_path):
    async with staged(tmp_path, account={"recognition": True}) as stage:
        line = await stage.wechat.act(
            acts.Voice(person=ANN, media_id="m", recognition="what grows here？")
        )
        await stage.wechat.outcome(line)
        assert stage.relays.questions == ["what grows here？"]


# -- restarts ----------------------------------------------------------------


async def test_a_try_after_a_restart_is_answered_as_the_one_before(stage):
    push = await stage.push("hello")
    await stage.house.settled()
    await stage.restart()
    (again,) = await stage.wechat.redeliver(push)
    assert {again.answer} == push.answers
    assert stage.relays.questions == ["hello"]


async def test_after_a_restart_a_repeated_push_is_not_taken_for_one_still_worked_on(stage):
    push = await stage.push("hello")
    await stage.restart()
    await stage.wechat.redeliver(push)
    stage.as_if_long_at_work()
    assert "seen this already" in await stage.ask("continue")  # nobody knows whether it was
    assert "Nothing is waiting" in await stage.ask("continue")


async def test_more_after_a_restart_is_answered_as_before(stage):
    stage.relays.script["long"] = (LONG,)
    await stage.push("long")
    await stage.house.settled()
    second = await stage.push("continue")
    await asyncio.sleep(0.05)
    await stage.restart()
    (again,) = await stage.wechat.redeliver(second)
    assert {again.answer} == second.answers
    assert "(2/4" in again.answer
    twice = await stage.ask("continue")  # nobody knows which of them was seen
    assert "seen this already" in twice
    assert "(2/4" in twice
    assert "(3/4" in await stage.ask("continue")


async def test_a_question_that_a_restart_cut_off_is_answered_into_its_next_try(stage):
    held = stage.relays.hold("slow")
    line = await stage.say("slow")
    await held.reached()
    await stage.restart()
    held.release()
    push = await stage.wechat.outcome(line)
    assert push.ended
    told = stage.shown(push)
    if told != "re: slow":
        assert "continue" in told
        assert await stage.ask("continue") == "re: slow"


async def test_while_the_bot_is_away_nothing_is_lost(stage):
    await stage.close()
    push = await stage.push("are you there?")
    assert stage.shown(push) == NOTICE
    await stage.open()
    (again,) = await stage.wechat.redeliver(push)
    assert "re: are you there?" in again.answer


async def _outage(stage, monkeypatch) -> dict:
    """No relay serves; people are told of it after a tenth of a second."""
    monkeypatch.setattr("core.waiting.TOLD_AFTER_S", 0.1)
    monkeypatch.setattr("core.outage.FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr("core.outage.LONGEST_PAUSE_S", 0.05)
    stage.naps = asyncio.sleep
    await stage.close()
    stage._running = AsyncExitStack()
    await stage.open()
    stage.as_if_long_at_work()
    down = {"down": True}

    def watch(request):
        if down["down"]:
            raise RelayRefused("nobody there")

    stage.relays.watch = watch
    return down


async def test_in_an_outage_the_third_try_says_so_and_more_brings_the_answer(stage, monkeypatch):
    down = await _outage(stage, monkeypatch)
    push = await stage.push("hello")
    assert outcomes(push) == ["timeout", "timeout", "reply"]
    told = stage.shown(push)
    assert "is kept" in told
    assert "continue" in told
    down["down"] = False
    await stage.house.settled()
    assert await stage.ask("continue") == "re: hello"
    assert stage.told() == [told, "re: hello"]


async def test_an_outage_over_before_the_third_try_shows_nothing(stage, monkeypatch):
    down = await _outage(stage, monkeypatch)
    line = await stage.say("hello")
    await asyncio.sleep(0.6)
    down["down"] = False
    assert stage.shown(await stage.wechat.outcome(line)) == "re: hello"
    assert stage.told() == ["re: hello"]


async def test_more_waits_in_an_outage_for_the_answer_it_was_promised(stage, monkeypatch):
    down = await _outage(stage, monkeypatch)
    await stage.push("hello")
    more = await stage.say("more")
    await asyncio.sleep(0.1)
    down["down"] = False
    assert stage.shown(await stage.wechat.outcome(more)) == "re: hello"
