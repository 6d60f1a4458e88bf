"""Whatever happens between WeChat and the bot, each answer arrives, on its own, in time."""

import asyncio
from collections import Counter
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wechat.world import Ledger, Question, World, played

MOMENTS = st.sampled_from([0.0, 0.002, 0.0045, 0.005, 0.006, 0.009, 0.02, 1.0])
"""Within and between what the store needs to note one part."""

CHAOS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.floats(0.0, 25.0), st.integers(1, 4)),
        st.tuples(st.just("more"), MOMENTS, st.just(0)),
        st.tuples(st.just("pause"), st.floats(0.0, 20.0), st.just(0)),
        st.tuples(st.just("restart"), st.floats(0.0, 7.0), st.just(0)),
        st.tuples(st.just("ask and go on"), st.floats(0.0, 25.0), st.integers(1, 3)),
    ),
    min_size=1,
    max_size=8,
)


def check_every_push(world):
    for push in world.pushes:
        assert len(set(push.answered)) <= 1, "a MsgId had two answers"
        for number, attempt in enumerate(push.tries):
            took = attempt.ended - attempt.began
            if attempt.status == 200:
                assert took <= 4.5, f"try {number} was answered after {took:.2f} s"


async def drained(world):
    """Ask for more until there is no more; the world holds still meanwhile."""
    await asyncio.sleep(200)
    for _ in range(60):
        push = await world.say("more")
        if "Nothing is waiting" in push.got:
            return
    raise AssertionError("more never ends")


async def play(world, story):
    talks = []
    for number, (what, seconds, parts) in enumerate(story):
        match what:
            case "ask" | "ask and go on":
                text = f"q{number}"
                world.questions[text] = Question(text, seconds, parts)
                talk = asyncio.ensure_future(world.say(text))
                talks.append(talk)
                await (asyncio.sleep(1.0) if what == "ask and go on" else talk)
            case "more":
                await asyncio.sleep(seconds)
                talks.append(asyncio.ensure_future(world.say("more")))
            case "pause":
                await asyncio.sleep(seconds)
            case "restart":
                await asyncio.sleep(seconds)
                world.restart()
    await asyncio.gather(*talks)
    await drained(world)


def wanted(world):
    return Counter(
        f"[{q.text} {n}/{q.parts}]" for q in world.questions.values() for n in range(q.parts)
    )


@settings(max_examples=150, deadline=None)
@given(story=CHAOS, copies=st.integers(1, 3))
def test_each_part_of_each_answer_arrives_once(story, copies):
    story = [step for step in story if step[0] != "restart"]

    async def script():
        world = World({})
        world.copies = copies
        await play(world, story)
        check_every_push(world)
        assert Counter(world.parts_seen()) == wanted(world)
        assert Counter(world.asked) == Counter(list(world.questions))

    played(script)


@settings(max_examples=150, deadline=None)
@given(story=CHAOS, breaks=st.lists(st.none() | st.floats(0.0, 6.0), max_size=12))
def test_nothing_is_lost_where_connections_break_and_processes_die(story, breaks):
    async def script():
        world = World({})
        left = iter(breaks)
        # What a last try carried into a dead line is remembered by the process alone.
        whole = any(what == "restart" for what, *_ in story)
        world.lose = lambda number: None if whole and number == 2 else next(left, None)
        await play(world, story)
        check_every_push(world)
        missing = wanted(world) - Counter(world.parts_seen(again=True))
        stored = {message.text for message in world.ledger.messages.values()}
        assert not [part for part in missing if part[1:].split()[0] in stored], missing

    played(script)


@settings(max_examples=60, deadline=None)
@given(story=CHAOS)
def test_parts_of_one_answer_keep_their_order(story):
    async def script():
        world = World({})
        await play(world, [step for step in story if step[0] != "restart"])
        for text, question in world.questions.items():
            seen = [part for part in world.parts_seen() if part.startswith(f"[{text} ")]
            assert seen == [f"[{text} {n}/{question.parts}]" for n in range(question.parts)]

    played(script)


def test_a_try_that_comes_late_gets_the_answer_that_was_put_off():
    async def script():
        world = World({"q": Question("q", 4.6)})
        world.gap_s = 3.0
        push = await world.say("q")
        assert len(push.tries) == 2
        assert "[q 0/1]" in push.got

    played(script)


def test_a_part_that_no_try_of_more_could_carry_waits_for_the_next_more():
    async def script():
        world = World({"q": Question("q", 30.0)})
        await world.say("q")
        await asyncio.sleep(60)
        # The part is noted, but not yet said.
        world.lose = lambda number: -1.0 if number else 0.0035
        broken = await world.say("more")
        world.lose = lambda _: None
        await asyncio.sleep(10)
        assert not broken.got
        assert "[q 0/1]" in (await world.say("more")).got

    played(script)


def test_an_answer_that_may_have_been_lost_with_the_last_try_is_said_again_on_request():
    async def script():
        world = World({"q": Question("q", 4.6)})
        # The answer is there when the last try comes, and is said into a dead line.
        world.lose = lambda number: (0.1, None, 0.0)[number]
        assert not (await world.say("q")).got
        world.lose = lambda _: None
        assert "seen this already" in (await world.say("more")).got
        assert "Nothing is waiting" in (await world.say("more")).got

    played(script)


def test_what_may_have_been_lost_does_not_hide_what_is_still_being_worked_on():
    async def script():
        world = World({"q": Question("q", 11.0), "slow": Question("slow", 40.0)})
        first = asyncio.ensure_future(world.say("q"))
        await asyncio.sleep(1)
        second = asyncio.ensure_future(world.say("slow"))
        assert "[q 0/1]" in (await first).got
        assert "still thinking" in (await second).got
        told = (await world.say("more")).got
        assert "seen this already" in told
        assert "send “continue”" in told
        while "send “continue”" in told:
            told = (await world.say("more")).got
        assert "[slow 0/1]" in told

    played(script)


def test_more_between_two_parts_gets_the_first_that_waits():
    async def script():
        for after_ms in range(30):
            world = World({"q": Question("q", 0.1, parts=4)})
            await world.say("q")
            await asyncio.sleep(after_ms / 1000)
            for _ in range(3):
                await world.say("more")
            assert world.parts_seen() == [f"[q {n}/4]" for n in range(4)], after_ms

    played(script)


def test_all_of_many_parts_that_may_have_been_lost_are_said_again():
    async def script():
        world = World({"q": Question("q", 4.6, parts=6)})
        world.lose = lambda number: (0.1, None, 0.0)[number]
        assert not (await world.say("q")).got
        world.lose = lambda number: (0.0, 0.0, None)[number]
        world.deaf = True
        for _ in range(5):
            assert not (await world.say("more")).got
        world.deaf, world.lose = False, lambda _: None
        await drained(world)
        assert set(world.parts_seen(again=True)) == set(wanted(world))

    played(script)


def test_the_person_is_never_left_without_any_answer():
    """Every push whose three tries were not broken was answered with something."""

    async def script():
        world = World({f"q{n}": Question(f"q{n}", 40.0) for n in range(3)})
        pushes = await asyncio.gather(*(world.say(text) for text in world.questions))
        assert all(len(push.tries) == 3 and push.got for push in pushes)
        await drained(world)
        assert Counter(world.parts_seen()) == wanted(world)

    played(script)


def test_the_time_that_a_request_waited_for_a_busy_process_counts():
    async def script():
        world = World({"q": Question("q", 40.0)})
        world.unread_s = 0.9
        assert "still thinking" in (await world.say("q")).got
        check_every_push(world)

    played(script)


def test_a_push_that_is_older_than_the_process_may_have_no_further_try():
    async def script():
        world = World({"q": Question("q", 40.0)})
        world.lose = lambda number: None if number == 2 else -1.0
        world.gap_s = 1.5
        asked = asyncio.ensure_future(world.say("q"))
        await asyncio.sleep(2.9)
        world.restart()
        push = await asked
        assert "still thinking" in push.got
        check_every_push(world)

    played(script)


def test_a_push_of_the_second_before_the_process_may_have_no_further_try():
    async def script():
        world = World({"q": Question("q", 40.0)})
        world.lose = lambda number: None if number == 2 else -1.0
        world.gap_s = 0.15
        await asyncio.sleep(0.9)
        asked = asyncio.ensure_future(world.say("q"))
        await asyncio.sleep(0.2)
        world.restart()
        assert "still thinking" in (await asked).got

    played(script)


def test_a_push_of_the_second_in_which_the_process_began_may_have_no_further_try():
    async def script():
        world = World({"q": Question("q", 40.0)})
        world.lose = lambda number: None if number == 2 else -1.0
        world.gap_s = 0.15
        await asyncio.sleep(0.5)
        asked = asyncio.ensure_future(world.say("q"))
        await asyncio.sleep(0.2)
        world.restart()
        assert "still thinking" in (await asked).got

    played(script)


def test_what_was_said_again_is_said_so_to_a_push_repeated_after_a_restart():
    async def script():
        world = World({"q": Question("q", 4.6), "next": Question("next", 16.0)})
        world.lose = lambda number: (0.1, None, 0.0)[number]
        assert not (await world.say("q")).got
        world.lose = lambda _: None
        assert "still thinking" in (await world.say("next")).got
        again = await world.say("more")
        assert "seen this already" in again.got
        await asyncio.sleep(3)  # the next one's answer is on the shelf
        world.restart()
        await world.redeliver(again)
        assert again.answered == [again.got] * 2

    played(script)


def test_where_the_clocks_are_apart_wechats_own_tells_how_old_a_push_is():
    async def script(ahead_s: int):
        world = World({"q": Question("q", 40.0), "new": Question("new", 40.0)})
        world.ahead_s = ahead_s
        world.lose = lambda number: None if number == 2 else -1.0
        world.gap_s = 1.5
        asked = asyncio.ensure_future(world.say("q"))
        await asyncio.sleep(2.9)
        world.restart()
        assert "still thinking" in (await asked).got
        world.lose, world.gap_s = lambda _: None, 0.0
        await asyncio.sleep(60)
        assert len((await world.say("new")).tries) == 3

    for ahead_s in (-60, 60):
        played(partial(script, ahead_s))


def test_who_has_all_parts_but_one_that_may_have_been_lost_is_told_how_to_get_it():
    async def script():
        world = World({"q": Question("q", 4.6, parts=3)})
        world.lose = lambda number: (0.1, None, 0.0)[number]
        assert not (await world.say("q")).got
        world.lose = lambda _: None
        await asyncio.sleep(1)
        told = (await world.say("more")).got
        while "end “continue”" in told:
            told = (await world.say("more")).got
        assert world.parts_seen(again=True) == ["[q 1/3]", "[q 2/3]", "[q 0/3]"]

    played(script)


def test_who_waited_while_the_process_started_has_all_three_tries():
    async def script():
        world = World({"q": Question("q", 40.0)})
        await asyncio.sleep(0.7)
        world.restart()
        await asyncio.sleep(0.4)  # the next second has begun
        world.unread_s = 0.3
        push = await world.say("q")
        assert len(push.tries) == 3
        assert "still thinking" in push.got
        check_every_push(world)

    played(script)


def test_a_second_question_does_not_hide_that_the_first_answer_may_have_been_lost():
    async def script():
        world = World({"q": Question("q", 4.6), "next": Question("next", 0.1)})
        world.lose = lambda number: (0.1, None, 0.0)[number]
        assert not (await world.say("q")).got
        world.lose = lambda _: None
        assert "[next 0/1]" in (await world.say("next")).got
        told = (await world.say("more")).got
        assert "seen this already" in told
        assert "[q 0/1]" in told

    played(script)


def test_two_answers_that_may_have_been_lost_are_both_said_again():
    async def script():
        world = World({"q": Question("q", 4.6), "next": Question("next", 4.6)})
        world.lose = lambda number: (0.1, None, 0.0)[number]
        for text in world.questions:
            assert not (await world.say(text)).got
        world.lose = lambda _: None
        told = (await world.say("more")).got
        assert "[q 0/1]" in told
        assert "send “continue”" in told
        assert "[next 0/1]" in (await world.say("more")).got
        assert "Nothing is waiting" in (await world.say("more")).got

    played(script)


def test_an_answer_that_may_have_been_lost_again_is_said_once_more():
    async def script():
        world = World({"q": Question("q", 4.6)})
        world.lose = lambda number: (0.1, None, 0.0)[number]
        assert not (await world.say("q")).got
        world.lose = lambda _: 0.0
        assert not (await world.say("more")).got
        world.lose = lambda _: None
        assert "[q 0/1]" in (await world.say("more")).got

    played(script)


def test_after_a_while_nobody_means_what_may_have_been_lost():
    async def script():
        world = World({"q": Question("q", 4.6)})
        world.lose = lambda number: (0.1, None, 0.0)[number]
        assert not (await world.say("q")).got
        world.lose = lambda _: None
        await asyncio.sleep(601)
        assert "Nothing is waiting" in (await world.say("more")).got

    played(script)


def test_after_a_restart_more_waits_for_what_was_begun_before_it():
    async def script():
        world = World({"q": Question("q", 20.0), "slow": Question("slow", 12.0)})
        pushes = await asyncio.gather(*(world.say(text) for text in world.questions))
        assert all("still thinking" in push.got for push in pushes)
        world.restart()
        told = (await world.say("more")).got
        while "[q 0/1]" not in told:
            assert "send “continue”" in told
            told = (await world.say("more")).got
        assert "still working on another answer" in told
        while "[slow 0/1]" not in told:
            assert "send “continue”" in told
            told = (await world.say("more")).got
        assert "send “continue”" not in told

    played(script)


def test_a_request_that_wechat_has_given_up_already_is_not_worked_on():
    async def script():
        world = World({"q": Question("q", 0.1)})
        world.unread_s = 5.5
        push = await world.say("q")
        await asyncio.sleep(20)
        assert not push.got
        assert not world.ledger.messages

    played(script)


def test_what_no_process_before_can_have_answered_is_not_looked_for():
    async def script():
        world = World({"q": Question("q", 20.0)})
        looked = []
        world.ledger.carried = lambda *key: looked.append(key) or carried(*key)
        carried = Ledger.carried.__get__(world.ledger)
        await asyncio.sleep(5)
        assert "still thinking" in (await world.say("q")).got
        assert "[q 0/1]" in (await world.say("more")).got
        assert not looked
        world.restart()
        await world.say("more")
        assert looked

    played(script)


def test_what_was_said_as_the_process_ended_is_said_again_on_request():
    async def script():
        world = World({"q": Question("q", 1.0, parts=3)})
        assert "[q 0/3]" in (await world.say("q")).got
        assert "[q 1/3]" in (await world.say("more")).got
        await asyncio.sleep(0.1)
        world.restart()
        await asyncio.sleep(1)
        told = (await world.say("more")).got
        assert "seen this already" in told
        assert "[q 1/3]" in told
        assert "[q 2/3]" in (await world.say("more")).got
        assert "Nothing is waiting" in (await world.say("more")).got

    played(script)


def test_what_was_said_long_before_the_process_is_not_said_again():
    async def script():
        world = World({"q": Question("q", 1.0)})
        assert "[q 0/1]" in (await world.say("q")).got
        await asyncio.sleep(21)
        world.restart()
        assert "Nothing is waiting" in (await world.say("more")).got

    played(script)
