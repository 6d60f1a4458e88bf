"""A part that was on its way as the process ended, looked for in the chat's history."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiocqhttp import MessageSegment

from adapters.onebot11.adapter import WATCH_S
from adapters.onebot11.format import message_call, words
from adapters.onebot11.gap import COUNTS
from adapters.onebot11.mark import Mark
from adapters.onebot11.search import LOOK_AFTER_S
from adapters.onebot11.target import Target
from bots.sandbox.onebot.faults import Drop, Failure, Timeout
from bots.sandbox.onebot.flavour import GO_CQHTTP, LAGRANGE, LLBOT, NAPCAT, NUMBERS
from core.model import Media
from core.ports.adapter import Recalls
from core.ports.sending import Absent, Outgoing, Refused, Sent, Unknown
from tests.contract.harness import part
from tests.onebot11.stage import Memory, Stage, answer, playing, said, told

PNG = (Path(__file__).parents[1] / "clips" / "picture.png").read_bytes()
LONG = "\n\n".join(f"Paragraph {n}. " + "word " * 60 for n in range(20)).strip()
FLAVOURS = [NAPCAT, LLBOT, LAGRANGE, NUMBERS]
ROOM = "700001"


@pytest.fixture
async def stage():
    async with playing() as playing_now:
        yield playing_now


def named(flavour):
    return flavour.name


async def asked(stage, onebot, place="10001", **more):
    count = len(stage.messages)
    await onebot.speak(said("hello", place, mention=place == ROOM, **more))
    return (await stage.heard(count + 1))[-1]


async def killed_after(stage: Stage, outgoing: Outgoing) -> None:
    """The part is sent, and the process ends before it notes that."""
    assert isinstance(await stage.send(outgoing), Sent)
    forget(stage)


async def noted(stage: Stage, outgoing: Outgoing) -> None:
    """The part is sent and noted; the process ends some time later."""
    stage.core.shelf.note(outgoing, await stage.send(outgoing))
    forget(stage)


def forget(stage: Stage) -> None:
    """What a process keeps in memory alone."""
    for account in stage.adapter._accounts:
        account.receipts.clear()


async def test_the_adapter_can_be_asked(stage):
    assert isinstance(stage.adapter, Recalls)


@pytest.mark.parametrize("flavour", FLAVOURS, ids=named)
@pytest.mark.parametrize("place", ["10001", ROOM])
@pytest.mark.parametrize("message_format", ["array", "string"])
async def test_what_arrived_is_found_by_its_id(stage, place, flavour, message_format):
    async with stage.account(flavour=flavour, message_format=message_format) as onebot:
        message = await asked(stage, onebot, place)
        outgoing = answer(message, "it blooms in June\n\n 🌹")
        await killed_after(stage, outgoing)
        found = await stage.adapter.find(outgoing)
        (line,) = told(onebot.town, place)
    assert found == Sent(str(onebot.archive.of_line(line.number).id), found=True)


@pytest.mark.parametrize("flavour", FLAVOURS, ids=named)
@pytest.mark.parametrize("place", ["10001", ROOM])
async def test_what_did_not_arrive_is_surely_absent(stage, place, flavour):
    async with stage.account(flavour=flavour) as onebot:
        message = await asked(stage, onebot, place)
        await onebot.speak(said("more of theirs", place))
        stage.time.slept.clear()
        assert await stage.adapter.find(answer(message, "it blooms in June")) == Absent()
    assert [wait for wait in stage.time.slept if wait in LOOK_AFTER_S] == [*LOOK_AFTER_S]


async def test_the_same_words_said_before_the_question_are_another_answer(stage):
    async with stage.account() as onebot:
        before = await asked(stage, onebot)
        await killed_after(stage, answer(before, "yes"))
        message = await asked(stage, onebot)
        assert await stage.adapter.find(answer(message, "yes")) == Absent()


async def test_the_same_words_known_to_be_another_part_are_not_taken_for_this_one(stage):
    async with stage.account() as onebot:
        first, second = await asked(stage, onebot), await asked(stage, onebot)
        await noted(stage, answer(first, "yes"))
        assert await stage.adapter.find(answer(second, "yes")) == Absent()
        await killed_after(stage, answer(second, "yes"))
        assert isinstance(await stage.adapter.find(answer(second, "yes")), Sent)
        assert await stage.adapter.find(answer(second, "yes")) == Absent()


async def test_equal_answers_to_two_people_are_told_apart_by_whom_they_mention(stage):
    async with stage.account() as onebot:
        amy = await asked(stage, onebot, ROOM)
        bob = await asked(stage, onebot, ROOM, person="10002")
        await killed_after(stage, answer(bob, "yes"))
        assert await stage.adapter.find(answer(amy, "yes")) == Absent()
        assert isinstance(await stage.adapter.find(answer(bob, "yes")), Sent)


async def test_a_part_of_an_answer_is_known_from_the_others_that_begin_alike(stage):
    opening = "The same sixty characters and more stand in front of each part, "
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        await noted(stage, answer(message, opening + "one", 0, 3))
        assert await stage.adapter.find(answer(message, opening + "two", 1, 3)) == Absent()
        await killed_after(stage, answer(message, opening + "two", 1, 3))
        assert isinstance(await stage.adapter.find(answer(message, opening + "two", 1, 3)), Sent)


@pytest.mark.parametrize(
    ("age_s", "waits"), [(0.0, [1.0, 3.0, 6.0]), (2.5, [1.5, 6.0]), (9.0, [1.0]), (60.0, [0.0])]
)
async def test_the_looks_are_counted_from_the_send(stage, age_s, waits):
    async with stage.account() as onebot:
        outgoing = answer(await asked(stage, onebot), "x")
        tried_at = stage.time.now() - timedelta(seconds=age_s)
        stage.time.slept.clear()
        assert await stage.adapter.find(replace(outgoing, tried_at=tried_at)) == Absent()
    looks = [slept for slept in stage.time.slept if slept != WATCH_S]
    assert looks[: len(waits)] == pytest.approx(waits, abs=0.2)


async def test_what_is_only_alike_is_left_open(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        await killed_after(stage, answer(message, "yes, and more that the history left out"))
        assert isinstance(await stage.adapter.find(answer(message, "yes")), Unknown)


async def test_a_history_that_does_not_reach_back_proves_nothing(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        await onebot.flood("10001", "10001", ["tick"] * COUNTS[-1])
        assert isinstance(await stage.adapter.find(answer(message, "x")), Unknown)


async def test_a_history_that_reaches_further_back_need_not_show_the_question(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        later = "/".join(["10000", "7", str(int(message.key.split("/")[2]) + 60)])
        assert await stage.adapter.find(replace(answer(message, "x"), answers=later)) == Absent()


@pytest.mark.parametrize("arrived", [True, False])
async def test_an_account_that_does_not_answer_is_asked_again(stage, arrived):
    async with stage.account() as onebot:
        outgoing = answer(await asked(stage, onebot), "it blooms in June")
        if arrived:
            await killed_after(stage, outgoing)
        onebot.faults.add(Drop(call="get_*_history", count=5))
        found = await stage.adapter.find(outgoing)
    assert isinstance(found, Sent) if arrived else found == Absent()


async def test_a_history_that_cannot_be_had_tells_nothing(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Failure(call="get_*_history", count=9, delivered=False))
        assert isinstance(await stage.adapter.find(answer(message, "x")), Unknown)


async def test_an_implementation_without_a_history_tells_nothing(stage):
    async with stage.account(flavour=GO_CQHTTP) as onebot:
        message = await asked(stage, onebot)
        assert isinstance(await stage.adapter.find(answer(message, "x")), Unknown)


async def test_what_shows_late_is_still_found(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Failure(call="get_*_history", count=2, delivered=False))
        await killed_after(stage, answer(message, "x"))
        assert isinstance(await stage.adapter.find(answer(message, "x")), Sent)


async def test_who_is_not_connected_yet_is_waited_for():
    memory = Memory()
    async with playing(memory=memory) as stage:
        async with stage.account() as onebot:
            message = await asked(stage, onebot)
            await killed_after(stage, answer(message, "x"))
        found = stage.adapter.find(answer(message, "x"))
        async with onebot.connected():
            assert isinstance(await found, Sent)


async def test_who_does_not_connect_is_asked_for_again_later(stage, monkeypatch):
    monkeypatch.setattr("adapters.onebot11.sending.PATIENCE_S", 0.01)
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
    await stage.until(lambda: not stage.adapter._accounts.of("10000").is_whole)
    found = await stage.adapter.find(answer(message, "x"))
    assert isinstance(found, Refused)
    assert found.retry_after_s


async def test_a_part_under_a_note_that_it_is_repeated_is_found_too(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        outgoing = answer(message, "it blooms in June")
        await killed_after(stage, replace(outgoing, repeated=True))
        assert isinstance(await stage.adapter.find(outgoing), Sent)


# -- what is no plain text ------------------------------------------------------------------


@pytest.mark.parametrize("flavour", FLAVOURS, ids=named)
@pytest.mark.parametrize("long_answers", ["forward", "pieces"])
async def test_a_long_answer_is_never_sent_again_where_any_of_it_is_there(long_answers, flavour):
    async with (
        playing(long_answers=long_answers) as stage,
        stage.account(flavour=flavour) as onebot,
    ):
        message = await asked(stage, onebot)
        assert await stage.adapter.find(answer(message, LONG)) == Absent()
        await killed_after(stage, answer(message, LONG))
        assert isinstance(await stage.adapter.find(answer(message, LONG)), Unknown)


KINDS = ["image", "voice", "video", "audio", "file"]


@pytest.mark.parametrize("flavour", [*FLAVOURS, GO_CQHTTP], ids=named)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_that_arrived_is_found_or_left_open(stage, kind, flavour):
    async with stage.account(flavour=flavour) as onebot:
        message = await asked(stage, onebot, ROOM)
        outgoing = await file_of(stage, message, kind)
        await killed_after(stage, outgoing)
        found = await stage.adapter.find(outgoing)
    assert isinstance(found, Sent | Unknown)
    if kind == "image":
        assert isinstance(found, Sent)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_that_did_not_arrive_is_absent_or_left_open(stage, kind):
    async with stage.account() as onebot:
        message = await asked(stage, onebot, ROOM)
        found = await stage.adapter.find(await file_of(stage, message, kind))
    expected = Unknown if kind in ("audio", "file") else Absent
    assert isinstance(found, expected)


async def test_a_second_file_is_not_taken_for_the_first(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        first, second = [
            await file_of(stage, message, "file", name=f"{name}.pdf") for name in ("one", "two")
        ]
        await noted(stage, first)
        assert not isinstance(await stage.adapter.find(second), Sent)
        await killed_after(stage, second)
        assert isinstance(await stage.adapter.find(second), Sent)


async def file_of(stage, message, kind, name=""):
    content = (Path(__file__).parents[1] / "clips" / "garden.ogg").read_bytes()
    if kind == "image":
        content = PNG
    blob = await stage.core.put(content)
    media = Media(kind=kind, blob=blob, name=name, size_bytes=len(content))
    return part(message, media)


# -- in running -----------------------------------------------------------------------------


async def test_what_went_with_its_connection_and_is_not_there_is_sent_again(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Drop(call="send_*", delivered=False))
        assert await stage.send(answer(message, "x")) == Absent()


async def test_what_was_found_in_running_says_so(stage):
    async with stage.account() as onebot:
        message = await asked(stage, onebot)
        onebot.faults.add(Timeout(call="send_*"))
        found = await stage.send(answer(message, "x"))
    assert isinstance(found, Sent)
    assert found.found


# -- likeness -------------------------------------------------------------------------------

LIKENESS = {
    "equal": (Mark("ab"), Mark("ab"), "same"),
    "another": (Mark("ab"), Mark("cd"), "other"),
    "a part of it": (Mark("ab"), Mark("xaby"), "alike"),
    "nothing readable": (Mark("ab"), Mark(), "alike"),
    "nothing readable for a picture": (Mark(kinds=("image",)), Mark(), "alike"),
    "a picture for words": (Mark("ab"), Mark(kinds=("image",)), "other"),
    "words for a picture": (Mark(kinds=("image",)), Mark("ab"), "other"),
    "a picture": (Mark(kinds=("image",)), Mark(kinds=("image",)), "alike"),
    "a picture for the same": (
        Mark(kinds=("image",), mention="1"), Mark(kinds=("image",), mention="1"), "same",
    ),
    "a picture for another": (
        Mark(kinds=("image",), mention="1"), Mark(kinds=("image",), mention="2"), "other",
    ),
    "an unknown kind for a forward": (Mark(kinds=("forward",)), Mark(kinds=("ark",)), "alike"),
    "a known kind for a forward": (Mark(kinds=("forward",)), Mark(kinds=("image",)), "other"),
    "a file": (Mark(kinds=("file",), name="a"), Mark(kinds=("file",), name="a"), "same"),
    "another file": (Mark(kinds=("file",), name="a"), Mark(kinds=("file",), name="b"), "other"),
    "a file without a name": (Mark(kinds=("file",), name="a"), Mark(kinds=("file",)), "alike"),
}  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs", "likeness"), LIKENESS.values(), ids=LIKENESS)
def test_likeness(ours, theirs, likeness):
    assert ours.likeness(theirs) == likeness


def test_a_message_is_known_by_its_words_and_its_mention():
    target = Target(self_id="1", group=2)
    lead = [MessageSegment(type_="at", data={"qq": "3"})]
    assert message_call(target, words("a b", lead)).mark == Mark("ab", mention="3")
