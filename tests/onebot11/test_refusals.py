"""Who finds no room is told: once for all that was not taken between two that were."""

import asyncio
from collections import deque
from datetime import UTC, datetime
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from adapters.onebot11 import order as order_file
from adapters.onebot11 import refusals as refusals_file
from adapters.onebot11.order import Order
from adapters.onebot11.refusals import Refusals
from core.model import Address, Message, Text
from tests.contract.harness import Core
from tests.onebot11.stage import TEXTS, playing, said, texts, told

ROOM = 3


def message(number: int = 1, chat: str = "10000/u1") -> Message:
    address = Address(platform="onebot11", bot="qq", chat=chat, sender="1")
    return Message(
        id=str(number),
        key=str(number),
        address=address,
        parts=(Text(text="words"),),
        sent_at=datetime.now(UTC),
        raw="as it came",
    )


class Chat:
    """A chat of ROOM messages on their way; `words` are the counts of what was said before each."""

    def __init__(self) -> None:
        self.refusals = Refusals()
        self.waiting: deque[int] = deque()
        self.said = 0
        self.taken: set[int] = set()
        self.words: list[int] = []

    def say(self) -> None:
        self.said += 1
        if len(self.waiting) < ROOM:
            self.waiting.append(self.said)
        elif self.refusals.passed(message(self.said), self.said):
            self.words.append(self.said)

    def hand_over(self, *, taken: bool) -> None:
        if not self.waiting:
            return
        number = self.waiting.popleft()
        if taken:
            self.taken.add(number)
            due = self.refusals.taken(message(number), number) is not None
        else:
            due = self.refusals.refused(message(number), number)
        if due:
            self.words.append(self.said)

    @property
    def runs(self) -> list[list[int]]:
        """What was not taken, between what was."""
        numbers = range(1, self.said + 1)
        cut = groupby(numbers, lambda number: number in self.taken)
        return [list(run) for is_taken, run in cut if not is_taken]


@given(st.lists(st.sampled_from(["say", "say", "taken", "refused"]), max_size=60))
def test_each_run_of_refusals_has_a_word_after_it_began_and_there_are_no_more(steps):
    chat = Chat()
    for step in steps:
        if step == "say":
            chat.say()
        else:
            chat.hand_over(taken=step == "taken")
    while chat.waiting:
        chat.hand_over(taken=True)
    assert len(chat.words) <= len(chat.runs)
    assert all(any(word >= run[0] for word in chat.words) for run in chat.runs)


def test_of_what_is_passed_over_only_its_sender_is_kept():
    refusals = Refusals()
    assert refusals.passed(message(1), 1)
    assert not refusals.passed(message(9), 9)
    told_of = refusals.taken(message(5), 5)
    assert told_of is not None
    assert (told_of.key, told_of.parts, told_of.raw) == ("9", (), "")


def test_only_so_many_chats_are_remembered(monkeypatch):
    monkeypatch.setattr(refusals_file, "CHATS", 3)
    refusals = Refusals()
    for number in range(10):
        refusals.refused(message(number, f"10000/u{number}"), number)
    assert len(refusals) == 3


async def test_a_chat_that_is_full_leaves_room_for_the_others(monkeypatch):
    monkeypatch.setattr(order_file, "MOST_OF_CHAT", 2)
    monkeypatch.setattr(order_file, "MOST", 4)
    monkeypatch.setattr(order_file, "FIRST", 1)
    order, gate = Order(), asyncio.Event()
    for _ in range(2):
        order.enter("noisy", lambda _: gate.wait())
    assert not order.has_room("noisy")
    assert order.has_room("quiet")
    for chat in ("one", "two"):
        order.enter(chat, lambda _: gate.wait())
    assert not order.has_room("one")
    assert order.has_room("quiet")
    order.enter("three", lambda _: gate.wait())
    assert not order.has_room("quiet")
    gate.set()
    await order.close()
    assert order.has_room("noisy")


class Slow(Core):
    """Takes nothing before it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()

    async def emit(self, message):
        await self.open.wait()
        return await super().emit(message)


async def test_a_flooded_chat_is_told_so_and_a_friend_is_heard_meanwhile(monkeypatch):
    monkeypatch.setattr(order_file, "MOST_OF_CHAT", 2)
    core = Slow()
    async with playing(core=core) as stage, stage.account() as onebot:
        for text in ("one", "two", "three", "four"):
            await onebot.speak(said(text))
        await onebot.speak(said("hello", "10002", "10002"))
        await onebot.town.until(lambda _: told(onebot.town))
        core.open.set()
        assert sorted(texts(await stage.heard(3))) == ["hello", "one", "two"]
        assert [line.text for line in told(onebot.town)] == [TEXTS.say("busy", "en")]


async def test_where_not_even_words_have_room_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(order_file, "MOST", 1)
    monkeypatch.setattr(order_file, "FIRST", 0)
    monkeypatch.setattr(order_file, "WORDS", 0)
    core = Slow()
    async with playing(core=core) as stage, stage.account() as onebot:
        for text in ("one", "two", "three"):
            await onebot.speak(said(text))
        await stage.adapter._accounts.of("10000").call("get_status", {})  # goes after the others
        assert len(stage.adapter._service._order._running) == 1
        core.open.set()
        assert texts(await stage.heard(1)) == ["one"]
        await onebot.speak(said("four"))
        assert texts(await stage.heard(2)) == ["one", "four"]
