"""Edits, deletions, reactions, buttons."""

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import ReactionTypeEmoji

from tests.sandbox.telegram.conftest import ANN, GARDEN


async def test_an_edit_is_shown_and_noted(stage, aio):
    sent = await aio.send_message(ANN, "frist")
    edited = await aio.edit_message_text("first", chat_id=ANN, message_id=sent.message_id)
    assert (edited.text, edited.message_id) == ("first", sent.message_id)
    assert edited.edit_date
    old, new = stage.shown()
    assert (new.status, new.reply_to, new.text) == ("edited", old.number, "first")
    assert old.raw["text"] == "frist"


async def test_an_edit_must_change_something(aio):
    sent = await aio.send_message(ANN, "same")
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await aio.edit_message_text("same", chat_id=ANN, message_id=sent.message_id)
    await aio.edit_message_text("other", chat_id=ANN, message_id=sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await aio.edit_message_text("other", chat_id=ANN, message_id=sent.message_id)


async def test_only_the_bots_own_messages_can_be_edited(stage, aio):
    line = await stage.say("mine")
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await aio.edit_message_text("x", chat_id=ANN, message_id=line.raw["message_id"])
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await aio.edit_message_text("x", chat_id=ANN, message_id=99)


async def test_a_deleted_message_is_gone(stage, aio):
    sent = await aio.send_message(ANN, "oops")
    assert await aio.delete_message(ANN, sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await aio.delete_message(ANN, sent.message_id)
    assert stage.shown()[-1].status == "deleted"


async def test_others_messages_in_a_group_are_not_the_bots_to_delete(stage, aio):
    line = await stage.say("/start", place=GARDEN)
    number = line.raw["message_id"]
    with pytest.raises(TelegramBadRequest, match="message can't be deleted"):
        await aio.delete_message(GARDEN, number)
    stage.telegram.stand(GARDEN, "administrator")
    assert await aio.delete_message(GARDEN, number)


async def test_a_bot_sets_one_reaction(stage, aio):
    line = await stage.say("nice?")
    thumb = ReactionTypeEmoji(emoji="👍")
    await aio.set_message_reaction(ANN, line.raw["message_id"], [thumb])
    assert (stage.shown()[0].text, stage.shown()[0].reply_to) == ("👍", line.number)
    with pytest.raises(TelegramBadRequest, match="REACTIONS_TOO_MANY"):
        await aio.set_message_reaction(ANN, line.raw["message_id"], [thumb, thumb])
    with pytest.raises(TelegramBadRequest, match="message to react not found"):
        await aio.set_message_reaction(ANN, 99, [thumb])


async def test_a_pressed_button_must_be_answered_soon_and_once(stage, aio):
    await aio.send_message(ANN, "press")
    number = stage.shown()[0].number
    query = await stage.telegram.press(ANN, ANN, number, "yes")
    (update,) = await aio.get_updates()
    assert (update.callback_query.id, update.callback_query.data) == (query, "yes")
    assert await aio.answer_callback_query(query)
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await aio.answer_callback_query(query)
    late = await stage.telegram.press(ANN, ANN, number, "no")
    stage.clock.turn(21)
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await aio.answer_callback_query(late)
