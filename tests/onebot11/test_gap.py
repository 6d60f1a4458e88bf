"""What was said while the account or the bot was away."""

import asyncio
from datetime import timedelta
from itertools import count

import pytest

from adapters.onebot11.gap import CHATS
from adapters.onebot11.seen import CHATS as KNOWN
from adapters.onebot11.seen import Seen
from bots.sandbox.onebot.faults import Silence, Stall
from bots.sandbox.onebot.flavour import GO_CQHTTP, LAGRANGE, LLBOT, NAPCAT
from bots.sandbox.onebot.onebot import utc_now
from core.bot import Bot
from core.errors import StoreError
from tests.contract.harness import Core
from tests.onebot11.stage import Memory, event, playing, said, tell, texts

FLAVOURS = [NAPCAT, LLBOT, LAGRANGE, GO_CQHTTP]


async def silently(onebot, *utterances):
    """Said while the account has no socket: the events are lost."""
    await onebot.telling.close()
    for utterance in utterances:
        await onebot.speak(utterance)
    await onebot.until_connected()


def seconds():
    """A clock by which each message has a second of its own, all of them past."""
    begin, passed = utc_now() - timedelta(minutes=5), count()
    return lambda: begin + timedelta(seconds=next(passed))


@pytest.mark.parametrize("flavour", FLAVOURS, ids=lambda flavour: flavour.name)
async def test_what_a_group_said_meanwhile_is_heard_after_a_reconnect_in_order(flavour):
    async with playing() as stage, stage.account(flavour=flavour) as onebot:
        await onebot.speak(said("before", "700001"))
        await stage.heard(1)
        await silently(onebot, *(said(f"missed {n}", "700001", mention=True) for n in range(5)))
        await onebot.speak(said("after", "700001"))
        heard = await stage.heard(7)
    assert texts(heard) == ["before", *(f"missed {n}" for n in range(5)), "after"]
    assert heard[1].addressed
    assert len({message.key for message in heard}) == 7


@pytest.mark.parametrize("flavour", FLAVOURS[:3], ids=lambda flavour: flavour.name)
async def test_what_a_friend_said_meanwhile_is_heard_too(flavour):
    async with playing() as stage, stage.account(flavour=flavour) as onebot:
        await onebot.speak(said("before"))
        await stage.heard(1)
        await silently(onebot, said("missed"))
        assert texts(await stage.heard(2)) == ["before", "missed"]


async def test_a_message_from_the_future_hides_no_gap():
    async with playing() as stage, stage.socket() as socket:
        await tell(socket, event(time=9_000_000_000))
        await stage.heard(1)
        await stage.until(lambda: stage.adapter._seen.chats("10000"))
        assert stage.adapter._seen.since("10000/u10001") <= stage.time.now().timestamp()


async def test_without_a_history_the_talk_goes_on():
    async with playing() as stage, stage.account(flavour=GO_CQHTTP) as onebot:
        await onebot.speak(said("before"))
        await stage.heard(1)
        await silently(onebot, said("lost"))
        await onebot.speak(said("after"))
        assert texts(await stage.heard(2)) == ["before", "after"]


async def test_a_connection_that_goes_before_its_history_came_hides_no_gap():
    async with playing() as stage, stage.account(now=seconds()) as onebot:
        await onebot.speak(said("before"))
        await stage.heard(1)
        stalled = onebot.faults.add(Stall(call="get_friend_msg_history"))
        await silently(onebot, said("missed"))
        await onebot.speak(said("after"))
        await stage.until(lambda: onebot.frames.calls("get_friend_msg_history"))
        await onebot.telling.close()
        await stage.until(lambda: not stage.adapter._accounts.of("10000").is_whole)
        stalled.gate.open()
        await onebot.until_connected()
        assert texts(await stage.heard(3)) == ["before", "missed", "after"]


async def test_what_no_history_told_is_asked_for_with_the_next_connection(monkeypatch):
    monkeypatch.setattr("adapters.onebot11.gap.HISTORY_S", 0.05)
    async with playing() as stage, stage.account(now=seconds()) as onebot:
        await onebot.speak(said("before"))
        await stage.heard(1)
        onebot.faults.add(Silence(call="get_friend_msg_history", count=2))
        await silently(onebot, said("missed"))
        await onebot.speak(said("after"))
        assert texts(await stage.heard(2)) == ["before", "after"]
        await silently(onebot)
        assert texts(await stage.heard(3)) == ["before", "after", "missed"]


async def test_what_no_history_told_is_asked_for_again_while_the_connection_stays(monkeypatch):
    monkeypatch.setattr("adapters.onebot11.gap.HISTORY_S", 0.05)
    monkeypatch.setattr("adapters.onebot11.gap.AGAIN_S", 0.1)
    async with playing() as stage, stage.account(now=seconds()) as onebot:
        await onebot.speak(said("before"))
        await stage.heard(1)
        onebot.faults.add(Silence(call="get_friend_msg_history", count=2))
        await silently(onebot, said("missed"))
        await onebot.speak(said("after"))
        assert texts(await stage.heard(3)) == ["before", "after", "missed"]


async def test_what_no_history_told_is_asked_for_after_a_restart_too(monkeypatch):
    monkeypatch.setattr("adapters.onebot11.gap.HISTORY_S", 0.05)
    core, memory = Core(), Memory()
    async with playing(core=core, memory=memory) as stage:
        onebot = stage.dialling(now=seconds())
        async with onebot.connected():
            await onebot.speak(said("before"))
            await stage.heard(1)
            onebot.faults.add(Silence(call="get_friend_msg_history", count=2))
            await silently(onebot, said("missed"))
            await onebot.speak(said("after"))
            await stage.heard(2)
    async with playing(core=core, memory=memory) as stage:
        onebot.telling.url = stage.url
        async with onebot.connected():
            assert texts(await stage.heard(3)) == ["before", "after", "missed"]


async def test_a_chat_with_a_gap_holds_up_no_other():
    async with playing() as stage, stage.account() as onebot:
        await onebot.speak(said("before", "700001"))
        await stage.heard(1)
        stalled = onebot.faults.add(Stall(call="get_group_msg_history"))
        await silently(onebot, said("missed", "700001"))
        await onebot.speak(said("after", "700001"))
        await onebot.speak(said("elsewhere"))
        assert texts(await stage.heard(2)) == ["before", "elsewhere"]
        stalled.gate.open()
        assert texts(await stage.heard(4))[2:] == ["missed", "after"]


async def test_a_history_that_is_never_answered_is_asked_for_twice_in_all(monkeypatch):
    monkeypatch.setattr("adapters.onebot11.gap.HISTORY_S", 0.05)
    monkeypatch.setattr("adapters.onebot11.gap.AT_ONCE", 1)
    async with playing() as stage, stage.account() as onebot:
        for person in ("10001", "10002", "10003"):
            await onebot.speak(said("before", person, person))
        await stage.heard(3)
        onebot.faults.add(Silence(call="get_friend_msg_history", count="unlimited"))
        await silently(onebot)
        await onebot.speak(said("after"))
        await stage.heard(4)
        assert len(onebot.frames.calls("get_friend_msg_history")) == 2


@pytest.mark.parametrize(("few", "asked"), [(0, 1), (50, 3)])
async def test_of_long_gaps_only_so_many_are_in_memory_at_once(monkeypatch, few, asked):
    monkeypatch.setattr("adapters.onebot11.gap.AT_ONCE", 1)
    monkeypatch.setattr("adapters.onebot11.gap.FEW", few)
    core, people = Held(), ("10001", "10002", "10003")
    async with playing(core=core) as stage, stage.account() as onebot:
        core.open.set()
        for person in people:
            await onebot.speak(said("before", person, person))
        await stage.heard(3)
        core.open.clear()
        await silently(onebot, *(said("missed", person, person) for person in people))
        await stage.until(lambda: len(onebot.frames.calls("get_friend_msg_history")) == asked)
        await stage.until(lambda: core.held)
        assert len(onebot.frames.calls("get_friend_msg_history")) == asked
        core.open.set()
        assert texts(await stage.heard(6))[3:] == ["missed"] * 3


class Held(Core):
    """Takes what it is told while `open`; `held` counts what waits for that."""

    def __init__(self):
        super().__init__()
        self.open = asyncio.Event()
        self.held = 0

    async def emit(self, message):
        self.held += not self.open.is_set()
        await self.open.wait()
        return await super().emit(message)


async def test_a_gap_over_a_restart_of_the_bot_is_closed():
    core, memory = Core(), Memory()
    async with playing(core=core, memory=memory) as stage:
        onebot = stage.dialling()
        async with onebot.connected():
            await onebot.speak(said("before"))
            await stage.heard(1)
    assert "10000/u10001" in memory.kept["seen"]
    await onebot.speak(said("missed"))
    async with playing(core=core, memory=memory) as stage:
        onebot.telling.url = stage.url
        async with onebot.connected():
            assert texts(await stage.heard(2)) == ["before", "missed"]


async def test_what_is_older_than_an_answer_may_be_is_left_alone():
    past = [timedelta(hours=3)]
    bot = Bot(name="qq", platform="onebot11", expire_s=3600)
    async with (
        playing(bot=bot) as stage,
        stage.account(now=lambda: utc_now() - past[0]) as onebot,
    ):
        await onebot.speak(said("before"))
        await stage.heard(1)
        await onebot.telling.close()
        await onebot.speak(said("three hours old"))
        past[0] = timedelta(minutes=5)
        await onebot.speak(said("five minutes old"))
        await onebot.until_connected()
        assert texts(await stage.heard(2)) == ["before", "five minutes old"]


async def test_what_was_missed_comes_in_the_order_of_its_time():
    async with playing() as stage, stage.account(now=seconds()) as onebot:
        await onebot.speak(said("before"))
        await stage.heard(1)
        await silently(onebot, *(said(f"missed {n}") for n in range(4)))
        assert texts(await stage.heard(5))[1:] == [f"missed {n}" for n in range(4)]


async def test_chats_that_were_never_heard_are_not_asked_for():
    async with playing() as stage, stage.account() as onebot:
        await onebot.speak(said("before"))
        await stage.heard(1)
        await silently(onebot)
        await onebot.speak(said("after"))
        await stage.heard(2)
        assert onebot.frames.calls("get_group_msg_history") == []
        assert len(onebot.frames.calls("get_friend_msg_history")) == 1


# -- how far each chat was heard -------------------------------------------------------


async def test_the_latest_chats_are_kept_and_no_more():
    seen = Seen(Memory())
    for number in range(KNOWN + 10):
        seen.note(f"1/u{number}", 100 + number)
    seen.note("1/u20", 99)  # a late one takes nothing back
    assert seen.since("1/u9") == 0
    assert seen.since("1/u20") == 120
    assert len(seen.chats("1")) == KNOWN
    assert seen.chats("1")[0] == "1/u20"
    assert seen.chats("2") == []
    assert CHATS <= KNOWN


async def test_a_memo_that_cannot_be_read_or_written_troubles_nobody():
    memory = Memory()
    memory.kept["seen"] = "{broken"
    seen = Seen(memory)
    await seen.load()
    seen.note("1/u1", 5)
    memory.fault = StoreError("locked")
    await seen.keep()
    memory.fault = None
    await seen.keep()
    again = Seen(memory)
    await again.load()
    assert again.since("1/u1") == 5


async def test_nothing_is_written_where_nothing_changed():
    memory = Memory()
    seen = Seen(memory)
    seen.note("1/u1", 5)
    await seen.keep()
    memory.kept.clear()
    await seen.keep()
    assert memory.kept == {}


async def test_a_gap_that_was_opened_again_is_not_closed_by_what_the_first_look_brought():
    seen = Seen(Memory())
    seen.note("10000/u1", 100)
    first = seen.open("10000/u1")
    second = seen.open("10000/u1")
    seen.note("10000/u1", 200)
    seen.close("10000/u1", first)
    assert (seen.since("10000/u1"), seen.lacking("10000")) == (100, ["10000/u1"])
    seen.close("10000/u1", second)
    assert (seen.since("10000/u1"), seen.lacking("10000")) == (200, [])
