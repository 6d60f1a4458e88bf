"""Floods, blocks, and chats that are gone."""

from datetime import timedelta

import pytest
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from telegram.error import ChatMigrated, Forbidden, RetryAfter

from bots.sandbox.telegram.floods import UNLIMITED, Policy
from tests.sandbox.telegram.conftest import ANN, BEN, GARDEN, staged
from tests.sandbox.telegram.peers import aiogram_bot, ptb_bot


@pytest.fixture
async def narrow():
    policy = Policy(chat_burst=3, group_per_min=5, overall_per_s="unlimited")
    async with staged(floods=policy) as stage:
        yield stage


@pytest.fixture
async def bot(narrow):
    async with aiogram_bot(narrow.origin, narrow.telegram.token) as made:
        yield made


async def test_a_chat_takes_a_burst_and_then_one_a_second(narrow, bot):
    for _ in range(3):
        await bot.send_message(ANN, "x")
    with pytest.raises(TelegramRetryAfter) as told:
        await bot.send_message(ANN, "x")
    assert told.value.retry_after == 1
    await bot.send_message(BEN, "another chat is not held up")
    narrow.clock.turn(told.value.retry_after)
    await bot.send_message(ANN, "x")
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(ANN, "x")
    assert len(narrow.shown(ANN)) == 4


async def test_a_group_takes_so_many_a_minute(narrow, bot):
    for _ in range(5):
        await bot.send_message(GARDEN, "x")
        narrow.clock.turn(2)
    with pytest.raises(TelegramRetryAfter) as told:
        await bot.send_message(GARDEN, "x")
    assert told.value.retry_after == 50
    narrow.clock.turn(50)
    await bot.send_message(GARDEN, "x")


async def test_edits_in_groups_count_too(narrow, bot):
    sent = await bot.send_message(GARDEN, "0")
    for n in range(1, 3):
        await bot.edit_message_text(str(n), chat_id=GARDEN, message_id=sent.message_id)
    with pytest.raises(TelegramRetryAfter):
        await bot.edit_message_text("3", chat_id=GARDEN, message_id=sent.message_id)


async def test_both_peers_read_the_wait(narrow, monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    async with ptb_bot(narrow.origin, narrow.telegram.token) as bot:
        for _ in range(3):
            await bot.send_message(ANN, "x")
        with pytest.raises(RetryAfter) as told:
            await bot.send_message(ANN, "x")
    assert told.value.retry_after == timedelta(seconds=1)
    answer = await narrow.call("sendMessage", chat_id=ANN, text="x")
    assert answer["parameters"] == {"retry_after": 1}
    assert answer["description"] == "Too Many Requests: retry after 1"


async def test_all_chats_together_are_bounded(narrow, bot):
    async with staged(floods=Policy(overall_per_s=1)) as stage:
        assert (await stage.call("sendMessage", chat_id=ANN, text="x"))["ok"]
        assert not (await stage.call("sendMessage", chat_id=BEN, text="x"))["ok"]


async def test_the_limits_can_be_lifted():
    async with staged(floods=UNLIMITED) as stage:
        for _ in range(31):
            assert (await stage.call("sendMessage", chat_id=GARDEN, text="x"))["ok"]


async def test_who_blocked_the_bot_is_not_reached(stage, aio, ptb):
    stage.telegram.block(ANN)
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await aio.send_message(ANN, "x")
    with pytest.raises(Forbidden):
        await ptb.send_chat_action(ANN, "typing")
    stage.telegram.block(ANN, blocked=False)
    await aio.send_message(ANN, "x")


async def test_who_was_removed_from_a_group_is_told(stage, aio):
    stage.telegram.stand(GARDEN, "kicked")
    with pytest.raises(TelegramForbiddenError, match="bot was kicked from the supergroup chat"):
        await aio.send_message(GARDEN, "x")


async def test_who_left_a_group_is_no_member(stage, aio):
    assert await aio.leave_chat(GARDEN)
    with pytest.raises(TelegramForbiddenError, match="bot is not a member"):
        await aio.send_message(GARDEN, "x")
    with pytest.raises(TelegramBadRequest, match="private chats"):
        await aio.leave_chat(ANN)


async def test_a_group_that_moved_tells_its_new_id(stage, aio, ptb):
    stage.telegram.migrate(GARDEN, -1002000000099)
    with pytest.raises(TelegramMigrateToChat) as told:
        await aio.send_message(GARDEN, "x")
    assert told.value.migrate_to_chat_id == -1002000000099
    with pytest.raises(ChatMigrated) as told:
        await ptb.send_message(GARDEN, "x")
    assert told.value.new_chat_id == -1002000000099
    await aio.send_message(-1002000000099, "here")
    assert stage.shown("-1002000000099")[0].text == "here"
