"""Whole bots that others' frameworks run."""

import asyncio
from contextlib import asynccontextmanager

import aiogram
from telegram import Update
from telegram.ext import ApplicationBuilder, CommandHandler, MessageHandler, filters

from tests.sandbox.telegram.conftest import ANN, BEN, GARDEN
from tests.sandbox.telegram.peers import ptb_request


@asynccontextmanager
async def application(stage):
    """python-telegram-bot, polling: it echoes, and greets at /start."""

    async def echo(update: Update, context):
        await update.message.reply_text(f"you said {update.message.text}")

    async def greet(update: Update, context):
        await update.message.reply_html(f"<b>hello</b> {update.effective_user.first_name}")

    app = (
        ApplicationBuilder()
        .token(stage.telegram.token)
        .base_url(f"{stage.origin}/bot")
        .base_file_url(f"{stage.origin}/file/bot")
        .request(ptb_request())
        .get_updates_request(ptb_request())
        .build()
    )
    app.add_handler(CommandHandler("start", greet))
    app.add_handler(MessageHandler(filters.TEXT, echo))
    async with app:
        await app.start()
        await app.updater.start_polling(poll_interval=0, timeout=10)
        yield app
        await app.updater.stop()
        await app.stop()


async def test_a_polling_application_answers_everybody_in_order(stage):
    async with application(stage):
        for n in range(5):
            await stage.say(f"number {n}")
            await stage.say(f"number {n}", place=BEN, person=BEN)
        await stage.say("/start", place=GARDEN)
        await stage.telegram.town.until(
            lambda lines: sum(line.sender == "bot" for line in lines) == 11
        )
    for place in (ANN, BEN):
        assert [line.text for line in stage.shown(place)] == [
            f"you said number {n}" for n in range(5)
        ]
    greeting = stage.shown(GARDEN)[0]
    assert greeting.text == "hello Ann"
    assert greeting.raw["entities"][0]["type"] == "bold"


async def test_a_dispatcher_polls_and_answers(stage, aio):
    dispatcher = aiogram.Dispatcher()

    @dispatcher.message(aiogram.F.text)
    async def echo(message: aiogram.types.Message):
        await message.answer(f"you said {message.text}")

    @dispatcher.callback_query()
    async def pressed(query: aiogram.types.CallbackQuery):
        await query.answer("thanks")

    polling = asyncio.create_task(
        dispatcher.start_polling(aio, handle_signals=False, close_bot_session=False)
    )
    await stage.say("hello")
    lines = await stage.telegram.town.until(lambda lines: lines[-1].sender == "bot")
    await stage.telegram.press(ANN, ANN, lines[-1].number, "ok")
    await stage.telegram.journal.until(
        lambda entries: entries[-1].call == "answerCallbackQuery" and entries[-1].status
    )
    await dispatcher.stop_polling()
    await polling
    assert stage.shown()[0].text == "you said hello"
