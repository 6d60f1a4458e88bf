"""getUpdates, as polling bots meet it."""

import asyncio

import pytest
from aiogram.exceptions import TelegramConflictError, TelegramUnauthorizedError
from telegram.error import Conflict, InvalidToken

from bots.sandbox.telegram.updates import CALLBACK_LIVES_S, MESSAGE_LIVES_S, OTHER_POLLER
from tests.sandbox.telegram.conftest import ANN, BEN, GARDEN
from tests.sandbox.telegram.peers import aiogram_bot, eventually, ptb_bot, strangers


async def texts(bot, **options):
    return [update.message.text for update in await bot.get_updates(**options)]


async def test_what_is_not_confirmed_comes_again(stage, ptb):
    await stage.say("one")
    await stage.say("two")
    first = await ptb.get_updates()
    assert [update.message.text for update in first] == ["one", "two"]
    assert await ptb.get_updates() == first
    assert await texts(ptb, offset=first[0].update_id + 1) == ["two"]
    assert await texts(ptb) == ["two"]
    assert await texts(ptb, offset=first[1].update_id + 1) == []


async def test_an_update_is_wholly_of_the_documented_types(stage, aio, ptb):
    line = await stage.say("hello @parley_sandbox_bot, see https://example.org #now", place=GARDEN)
    await stage.telegram.edit(line.number, "hello again, @parley_sandbox_bot")
    await stage.telegram.press(GARDEN, BEN, line.number, "yes")
    stage.telegram.stand(GARDEN, "administrator")
    assert len(await aio.get_updates()) == 4
    assert list(strangers(await ptb.get_updates())) == []


async def test_a_negative_offset_keeps_only_the_latest(stage, aio):
    for text in ("one", "two", "three"):
        await stage.say(text)
    assert await texts(aio, offset=-1) == ["three"]
    assert await texts(aio) == ["three"]


async def test_the_limit_is_between_one_and_a_hundred(stage, aio):
    for n in range(103):
        await stage.say(f"number {n}")
    assert len(await aio.get_updates(limit=7)) == 7
    assert len(await aio.get_updates(limit=0)) == 1
    assert len(await aio.get_updates(limit=500)) == 100


async def test_an_offset_far_ahead_confirms_nothing(stage, aio):
    await stage.say("one")
    assert await texts(aio, offset=2**30 + 5) == ["one"]


async def test_a_long_poll_wakes_at_once(stage, aio):
    poll = await polling(stage, aio)
    await stage.say("wake up")
    async with asyncio.timeout(2):
        assert (await poll)[0].message.text == "wake up"


async def test_a_long_poll_ends_with_nothing(aio):
    assert await aio.get_updates(timeout=1) == []


async def polling(stage, bot):
    """A long poll that is under way."""
    before = len(stage.telegram.journal.entries("getUpdates"))
    task = asyncio.create_task(bot.get_updates(timeout=30))
    await stage.telegram.journal.until(lambda entries: len(entries) > before)
    await eventually(lambda: stage.telegram.updates.awaited)
    return task


async def test_the_later_of_two_polls_ends_the_earlier(stage, aio, ptb):
    first = await polling(stage, aio)
    second = await polling(stage, ptb)
    with pytest.raises(TelegramConflictError, match=OTHER_POLLER):
        await first
    await stage.say("for the second")
    assert (await second)[0].message.text == "for the second"


async def test_setting_a_webhook_ends_a_poll_and_forbids_more(stage, aio, ptb):
    poll = await polling(stage, aio)
    await aio.set_webhook("http://127.0.0.1:9/hook")
    with pytest.raises(TelegramConflictError, match="terminated by setWebhook request"):
        await poll
    with pytest.raises(Conflict, match="while webhook is active"):
        await ptb.get_updates()
    await ptb.delete_webhook()
    assert await ptb.get_updates() == ()


async def test_updates_are_forgotten_after_their_time(stage, aio):
    line = await stage.say("old")
    await stage.telegram.press(ANN, ANN, line.number, "old")
    stage.clock.turn(CALLBACK_LIVES_S + 1)
    assert [update.event_type for update in await aio.get_updates()] == ["message"]
    stage.clock.turn(MESSAGE_LIVES_S)
    assert await aio.get_updates() == []


async def test_only_the_kinds_asked_for_are_queued_and_the_wish_lasts(stage, aio):
    await aio.get_updates(allowed_updates=["edited_message"])
    line = await stage.say("not wanted")
    await stage.telegram.edit(line.number, "wanted")
    assert [update.event_type for update in await aio.get_updates()] == ["edited_message"]
    await aio.get_updates(allowed_updates=[])
    await stage.say("wanted again")
    assert len(await aio.get_updates()) == 2


async def test_reactions_come_only_to_those_who_ask_for_them(stage, aio):
    line = await stage.say("hello")
    await stage.telegram.react(ANN, ANN, line.number, "👍")
    await aio.get_updates(allowed_updates=["message", "message_reaction"])
    await stage.telegram.react(ANN, ANN, line.number, "👎")
    kinds = [update.event_type for update in await aio.get_updates()]
    assert kinds == ["message", "message_reaction"]


async def test_kinds_that_nobody_knows_yet_come_too(stage, ptb):
    stage.telegram.tell("hologram", {"shape": "cat"})
    (update,) = await ptb.get_updates()
    assert update.api_kwargs == {"hologram": {"shape": "cat"}}


async def test_a_wrong_token_is_refused(stage):
    async with aiogram_bot(stage.origin, "7000000001:wrong") as bot:
        with pytest.raises(TelegramUnauthorizedError, match="Unauthorized"):
            await bot.get_me()
    with pytest.raises(InvalidToken):
        async with ptb_bot(stage.origin, "7000000001:wrong"):
            raise AssertionError("it was let in")


async def test_a_method_that_there_is_not_is_not_found(stage):
    assert await stage.call("sendHologram") == {
        "ok": False,
        "error_code": 404,
        "description": "Not Found: method not found",
    }


async def test_methods_are_found_in_any_case(stage):
    assert (await stage.call("GETME"))["result"]["username"] == "parley_sandbox_bot"


async def test_after_logging_out_nothing_is_answered(stage, aio):
    assert await aio.log_out()
    assert (await stage.call("getMe"))["description"] == "Logged out"
