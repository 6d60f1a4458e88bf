"""Receiving by getUpdates: nothing is confirmed that is not committed, and nothing is lost."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from bots.deciding import who
from bots.deciding.who import Named
from bots.sandbox.faults import Garbage, Reset, Status
from bots.sandbox.town.town import Utterance
from core.errors import ConfigError, StoreError
from core.model import Mention
from core.ports.adapter import Receipt
from core.secret import Secret
from tests.telegram.stage import ANN, BEN, GARDEN, MING, staged, until

PICTURE = Path(__file__).parents[1] / "clips" / "picture.png"


async def test_what_was_stored_is_confirmed_by_the_next_poll():
    async with staged() as stage:
        await stage.hear("hello")
        await until(lambda: stage.waits() == 0)


async def test_what_was_not_stored_comes_again_under_the_same_key():
    async with staged(started=False) as stage:
        tried = []
        stage.core.fault = StoreError("the disk is full")

        async def watched(message):
            tried.append(message.key)
            return await stage.core.emit(message)

        stage.start(watched)
        await stage.say("hello")
        await until(lambda: len(tried) > 2)
        assert stage.waits() == 1
        assert stage.adapter.trouble == "the disk is full"
        stage.core.fault = None
        assert [m.text for m in await stage.core.received(1)] == ["hello"]
        assert len(set(tried)) == 1
        await until(lambda: not stage.adapter.trouble)


async def test_one_that_fails_holds_back_itself_and_what_follows_in_its_chat():
    async with staged(started=False) as stage:
        fails = {"three"}

        async def emit(message):
            if message.text in fails:
                raise StoreError("this one")
            return await stage.core.emit(message)

        for text in ("one", "two", "three", "four"):
            await stage.say(text)
        await stage.say("elsewhere", BEN, BEN)
        stage.start(emit)
        await until(lambda: stage.waits() == 3)
        assert sorted(m.text for m in stage.core.messages) == ["elsewhere", "one", "two"]
        fails.clear()
        await until(lambda: stage.waits() == 0)
        ann = [m.text for m in stage.core.messages if m.text != "elsewhere"]
        assert ann == ["one", "two", "three", "four"]


async def test_the_chats_of_a_batch_are_handed_on_together_and_each_in_its_order():
    async with staged(started=False) as stage:
        begun, stored, all_begun = [], [], asyncio.Event()

        async def emit(message):
            begun.append(message.text)
            if len(begun) == 3:
                all_begun.set()
            await all_begun.wait()  # as long as the others have not come, nothing is stored
            stored.append(message.text)
            return Receipt.STORED

        for number in range(3):
            for who in (ANN, BEN, MING):
                await stage.say(f"{who} {number}", who, who)
        stage.start(emit)
        await until(lambda: stage.waits() == 0)
        assert begun[:3] == [f"{who} 0" for who in (ANN, BEN, MING)]
        for who in (ANN, BEN, MING):
            assert [text for text in stored if who in text] == [f"{who} {n}" for n in range(3)]


async def test_what_was_not_confirmed_when_it_ended_comes_to_the_next_start():
    async with staged(started=False) as stage:
        held = asyncio.Event()
        keys = []

        async def never(message):
            keys.append(message.key)
            await held.wait()
            return Receipt.STORED

        await stage.say("hello")
        stage.start(never)
        await until(lambda: keys)
        await stage.stop()
        assert stage.waits() == 1
        stage.start()
        assert [m.key for m in await stage.core.received(1)] == keys


async def test_a_waiting_poll_ends_within_a_second():
    async with staged() as stage:
        await until(lambda: stage.calls("getUpdates"))
        stage.run.cancel()
        done, _ = await asyncio.wait([stage.run], timeout=1)
        assert done


async def test_it_asks_for_what_it_reads_and_nothing_else():
    async with staged() as stage:
        await stage.hear()
        asked = stage.calls("getUpdates")[0]
        assert (asked["timeout"], asked["limit"]) == (50, 100)
        assert asked["allowed_updates"] == ["message", "edited_message"]


async def test_a_webhook_in_the_way_is_removed():
    async with staged(started=False) as stage:
        adapter = stage.make()
        await adapter._api.bot.set_webhook("http://127.0.0.1:9/elsewhere")
        await adapter._api.close()
        stage.start()
        await stage.hear("hello")
        assert len(stage.calls("deleteWebhook")) == 1


async def test_a_second_program_with_the_token_is_told_of():
    async with staged() as stage:
        await until(lambda: stage.calls("getUpdates"))
        other = stage.make()
        racing = asyncio.create_task(other.run(stage.core.emit))
        try:
            await until(lambda: "another program" in stage.adapter.trouble + other.trouble)
        finally:
            racing.cancel()
            await asyncio.wait([racing])
        await stage.hear("hello")
        await until(lambda: not stage.adapter.trouble)


@pytest.mark.parametrize(
    "fault",
    [
        Garbage(call="getUpdates", count=3),
        Reset(call="getUpdates", count=3),
        Status(call="getUpdates", count=3, status=502),
        Status(call="getUpdates", count=3, status=429, retry_after_s=4),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_troubles_pass_and_nothing_is_lost(fault):
    async with staged(started=False) as stage:
        stage.telegram.faults.add(fault)
        await stage.say("hello")
        stage.start()
        assert [m.text for m in await stage.core.received(1)] == ["hello"]
        assert len(stage.time.slept) == 3
        await until(lambda: not stage.adapter.trouble)


async def test_who_it_is_is_asked_until_it_is_told():
    async with staged(started=False) as stage:
        stage.telegram.faults.add(Status(call="getMe", count=2, status=502))
        stage.start()
        await stage.hear("hello")
        assert len(stage.calls("getMe")) == 3


async def test_a_token_that_is_not_known_ends_it_with_a_remedy():
    async with staged(started=False) as stage:
        stage.start(token=Secret("7000000001:AAH-another-token-that-nobody-knows"))
        await asyncio.wait([stage.run], timeout=5)
        error = stage.run.exception()
        assert isinstance(error, ConfigError)
        assert "bots.tg.token" in str(error)
        assert "another" not in str(error)


async def test_who_sends_too_much_is_told_once_a_minute():
    async with staged() as stage:
        stage.core.receipt = Receipt.BUSY
        for n in range(5):
            await stage.say(f"number {n}")
        await until(lambda: stage.waits() == 0)
        await until(stage.shown)
        stage.time.now_s += 61
        await stage.say("and again")
        await until(lambda: len(stage.shown()) == 2)
        assert all("hands full" in line.text for line in stage.shown())


async def test_who_was_told_is_told_again_of_what_is_not_taken_after_something_was():
    async with staged() as stage:
        for receipt in (Receipt.BUSY, Receipt.STORED, Receipt.BUSY, Receipt.BUSY):
            shown = len(stage.shown())
            stage.core.receipt = receipt
            await stage.say(f"this is {receipt}")
            await until(lambda: stage.waits() == 0)
            if receipt is Receipt.BUSY and shown < 2:
                await until(lambda shown=shown: len(stage.shown()) > shown)
        assert len(stage.shown()) == 2


async def test_an_album_comes_as_messages_of_one_album():
    async with staged() as stage:
        items = [
            Utterance(place=ANN, person=ANN, kind="image", content=PICTURE.read_bytes(), text=text)
            for text in ("our trip", "", "")
        ]
        await stage.telegram.album(items)
        messages = await stage.core.received(3)
        assert len({message.album for message in messages}) == 1
        assert messages[0].album
        assert not any(message.settles for message in messages)


async def test_an_edit_is_a_message_where_its_words_changed():
    async with staged() as stage:
        line = await stage.say("helo")
        await stage.core.received(1)
        await stage.telegram.edit(line.number, "helo")
        await stage.telegram.edit(line.number, "hello")
        await stage.say("the end")
        received = await stage.core.received(3)
        assert [m.text for m in received] == ["helo", "hello", "the end"]


async def test_whoever_has_no_username_is_mentioned_by_id_and_not_taken_for_the_bot():
    async with staged() as stage:
        said = "/limit Ben usd day 5"
        message = await stage.hear(said, GARDEN, ANN, names={"Ben": BEN})
        assert message.text == "/limit @Ben usd day 5"
        assert message.parts[0] == Mention(user=BEN, name="Ben")
        ask = SimpleNamespace(message=message)
        assert who.target(ask, "@Ben usd day 5") == Named(
            target=f"telegram:{BEN}", rest="usd day 5"
        )
        assert not message.addressed


async def test_in_a_group_a_mention_and_a_reply_are_for_the_bot():
    async with staged() as stage:
        message = await stage.hear("are you there?", GARDEN, BEN, mention=True)
        assert (message.addressed, message.text) == (True, "are you there?")
        await stage.send(message, "Yes.")
        line = stage.shown(GARDEN)[0]
        message = await stage.hear("really?", GARDEN, BEN, reply_to=line.number)
        assert message.addressed
        assert message.parts[0].parts[0].text == "Yes."
