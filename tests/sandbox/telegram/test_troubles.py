"""Faults on request, as the peers feel them, and the journal of calls."""

import asyncio

import pytest
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from telegram.error import TelegramError, TimedOut

from bots.sandbox.faults import Delay, Garbage, Lose, Reset, Stall, Status
from tests.sandbox.telegram.conftest import ANN


async def test_a_lost_answer_is_that_of_a_message_that_was_delivered(stage, aio):
    stage.telegram.faults.add(Lose(call="sendMessage"))
    async with asyncio.timeout(5):  # the peer's own is longer: it is not that which ends it
        with pytest.raises(TelegramNetworkError):
            await aio.send_message(ANN, "delivered")
    assert [line.text for line in stage.shown()] == ["delivered"]


async def test_a_silent_answer_times_out_after_delivering(stage, ptb):
    armed = stage.telegram.faults.add(Lose(call="sendMessage", silent=True))
    with pytest.raises(TimedOut):
        await ptb.send_message(ANN, "delivered", read_timeout=0.2)
    armed.release()
    assert [line.text for line in stage.shown()] == ["delivered"]


async def test_a_stalled_call_is_not_done_if_its_client_leaves(stage, ptb):
    stage.telegram.faults.add(Stall(call="sendMessage"))
    with pytest.raises(TimedOut):
        await ptb.send_message(ANN, "never", read_timeout=0.2)
    await stage.telegram.journal.until(lambda entries: entries[-1].left)
    assert stage.shown() == []


async def test_a_stalled_call_is_done_once_released(stage, aio):
    armed = stage.telegram.faults.add(Stall(call="sendMessage"))
    sending = asyncio.create_task(aio.send_message(ANN, "at last"))
    await armed.struck()
    assert stage.shown() == []
    armed.release()
    assert (await sending).text == "at last"


async def test_a_status_strikes_its_method_alone(stage, aio):
    stage.telegram.faults.add(Status(call="sendMessage", status=502, count=2))
    assert await aio.get_me()
    for _ in range(2):
        with pytest.raises(TelegramServerError):
            await aio.send_message(ANN, "x")
    assert await aio.send_message(ANN, "x")
    assert len(stage.shown()) == 1


async def test_a_flood_answer_can_be_asked_for(stage, aio):
    stage.telegram.faults.add(Status(status=429, retry_after_s=7))
    with pytest.raises(TelegramRetryAfter) as told:
        await aio.send_message(ANN, "x")
    assert told.value.retry_after == 7


@pytest.mark.parametrize("fault", [Reset(), Garbage()])
async def test_connections_and_answers_can_break(stage, ptb, fault):
    stage.telegram.faults.add(fault)
    with pytest.raises(TelegramError):
        await ptb.get_me()
    assert await ptb.get_me()


async def test_a_download_can_be_struck(stage, aio):
    await stage.say("", kind="file", content=b"x", name="a")
    (update,) = await aio.get_updates()
    stage.telegram.faults.add(Status(call="file", status=404))
    with pytest.raises(Exception, match="404"):
        await aio.download(update.message.document)
    assert (await aio.download(update.message.document)).read() == b"x"


async def test_a_late_answer_is_right(stage, aio):
    stage.telegram.faults.add(Delay(delay_s=0.05))
    assert (await aio.get_me()).is_bot


async def test_the_journal_tells_calls_and_no_token(stage, aio, ptb):
    await ptb.send_message(ANN, "hello")
    await aio.send_message(ANN, "hello")
    first, second = stage.telegram.journal.entries("sendMessage")
    assert first.fields["text"] == second.fields["text"] == "hello"
    assert (first.status, first.path) == (200, "/bot…/sendMessage")
    assert stage.telegram.token not in repr(stage.telegram.journal.entries())
