"""Drafts and typing: a courtesy, that never stands in the way of an answer."""

import asyncio

import msgspec

from bots.sandbox.faults import Delay, Status
from tests.telegram.stage import ANN, BEN, GARDEN, staged, until


def shown(stage):
    return [draft.text for draft in stage.telegram.drafts.shown]


async def test_an_answer_is_shown_while_it_grows_at_most_once_a_second():
    async with staged() as stage:
        message = await stage.hear()
        text, asked = "", []
        for word in ("The ", "answer ", "**grows", "** on."):
            text += word
            stage.adapter.draft(message.address, message.key, text)
            await until(lambda told=text: shown(stage) and told.strip("*") and settled(stage))
            asked.append(stage.time.now_s)
        assert shown(stage)[-1] == "The answer grows on."
        assert sum(stage.time.slept) >= 3
        assert len({draft.id for draft in stage.telegram.drafts.shown}) == 1
        await stage.send(message, text)
        assert stage.telegram.drafts.current(ANN) is None


def settled(stage):
    return all(
        d.showing is None or d.showing.done() for d in stage.adapter._drafts._drafts.values()
    )


async def test_frames_that_came_too_fast_are_left_out_but_the_last():
    async with staged() as stage:
        message = await stage.hear()
        for n in range(50):
            stage.adapter.draft(message.address, message.key, f"number {n}")
        await until(lambda: settled(stage))
        assert shown(stage) == ["number 49"]
        stage.adapter.draft(message.address, message.key, "number 49")
        await until(lambda: settled(stage))
        assert shown(stage) == ["number 49"]


async def test_a_frame_under_way_never_comes_after_the_answer():
    async with staged() as stage:
        message = await stage.hear()
        stage.telegram.faults.add(Delay(call="sendMessageDraft", delay_s=0.05))
        stage.adapter.draft(message.address, message.key, "The ans")
        await until(lambda: stage.calls("sendMessageDraft"))
        stage.adapter.draft(message.address, message.key, "The answer")
        await stage.send(message, "The answer is 42.")
        await asyncio.sleep(0.02)  # nothing more is to come
        assert shown(stage) == ["The ans"]
        assert stage.telegram.drafts.current(ANN) is None


async def test_in_groups_there_are_none():
    async with staged() as stage:
        message = await stage.hear("hello", GARDEN, BEN, mention=True)
        stage.adapter.draft(message.address, message.key, "The answer")
        await stage.send(message, "The answer.")
        assert not stage.calls("sendMessageDraft")


async def test_after_three_failures_an_answer_grows_unseen():
    async with staged() as stage:
        message = await stage.hear()
        stage.telegram.faults.add(Status(call="sendMessageDraft", count=9, status=400))
        for n in range(6):
            stage.adapter.draft(message.address, message.key, f"number {n}")
            await until(lambda: settled(stage))
        assert len(stage.calls("sendMessageDraft")) == 3
        await stage.send(message, "whole")
        assert [line.text for line in stage.shown()] == ["whole"]


async def test_while_telegram_wants_silence_nothing_is_shown_and_nothing_queued():
    async with staged() as stage:
        message = await stage.hear()
        stage.telegram.faults.add(Status(call="sendMessageDraft", status=429, retry_after_s=30))
        for n in range(4):
            stage.adapter.draft(message.address, message.key, f"number {n}")
            await until(lambda: settled(stage))
        await stage.adapter.typing(message.address)
        assert len(stage.calls("sendMessageDraft")) == 1
        assert not stage.calls("sendChatAction")


async def test_an_answer_too_long_for_one_message_shows_its_end():
    async with staged() as stage:
        message = await stage.hear()
        stage.adapter.draft(message.address, message.key, "🙂 word " * 2000 + "the end")
        await until(lambda: shown(stage))
        assert shown(stage)[0].startswith("…")
        assert shown(stage)[0].endswith("the end")


async def test_they_can_be_switched_off():
    async with staged(drafts=False) as stage:
        message = await stage.hear()
        stage.adapter.draft(message.address, message.key, "The answer")
        await stage.send(message, "The answer.")
        assert not stage.calls("sendMessageDraft")


async def test_typing_is_shown_in_the_topic_that_asked():
    async with staged() as stage:
        message = await stage.hear()
        topic = msgspec.structs.replace(message.address, chat="-1002000000003", thread="2")
        await stage.adapter.typing(message.address)
        await stage.adapter.typing(topic)
        assert stage.calls("sendChatAction") == [
            {"chat_id": int(ANN), "action": "typing"},
            {"chat_id": -1002000000003, "action": "typing", "message_thread_id": 2},
        ]
