"""Receiving by webhook, pushed by the simulated Telegram to a real listener."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette

from adapters.telegram.webhook import SECRET_HEADER
from bots.listener import Listener, bind
from core.errors import StoreError
from core.secret import Secret
from tests.telegram.stage import BEN, PATIENCE_S, Stage, staged, until

GIVEN = "a-secret-that-was-given"


@asynccontextmanager
async def pushed(emit=None, **settings):
    """A stage whose adapter is reached over HTTP; `stage.url` is where."""
    async with staged(started=False) as stage:
        sock = bind("127.0.0.1", 0)
        base = f"http://127.0.0.1:{sock.getsockname()[1]}"
        stage.url = f"{base}/telegram/tg"
        stage.asked = {"mode": "webhook", "public_url": base, **settings}
        adapter = stage.make(**stage.asked)
        listener = Listener(Starlette(routes=list(adapter.routes())), sock)
        listener.open()
        stage.adapter = adapter
        stage.run = asyncio.create_task(adapter.run(emit or stage.core.emit))
        try:
            await until(lambda: stage.calls("setWebhook"))
            yield stage
        finally:
            await stage.stop()
            await listener.close()


async def post(stage: Stage, body: bytes, secret: str | bytes) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(stage.url, content=body, headers={SECRET_HEADER: secret})


async def test_messages_come_and_are_acknowledged():
    async with pushed() as stage:
        assert (await stage.hear("hello")).text == "hello"
        await until(lambda: stage.waits() == 0)
        assert not stage.calls("getUpdates")


async def test_what_was_not_stored_is_not_acknowledged_and_comes_again():
    async with pushed() as stage:
        stage.core.fault = StoreError("the disk is full")
        await stage.say("hello")
        async with asyncio.timeout(PATIENCE_S):
            while "503" not in await last_error(stage):  # noqa: ASYNC110 - told if asked
                await asyncio.sleep(0.005)
        assert stage.waits() == 1
        stage.core.fault = None
        assert [m.text for m in await stage.core.received(1)] == ["hello"]
        await until(lambda: stage.waits() == 0)


async def test_what_follows_in_a_chat_is_not_pushed_before_what_could_not_be_stored():
    """Telegram pushes a chat's updates one after the other, whatever max_connections says
    (tdlib/telegram-bot-api, WebhookActor.cpp, 2026-11): a 503 keeps their order."""
    tried, fails = [], {"one"}

    async def emit(message):
        tried.append(message.text)
        if message.text in fails:
            raise StoreError("this one")
        return await stage.core.emit(message)

    async with pushed(emit) as stage:
        for text in ("one", "two"):
            await stage.say(text)
        await stage.say("elsewhere", BEN, BEN)
        await until(lambda: tried.count("one") > 2 and "elsewhere" in tried)
        assert "two" not in tried
        fails.clear()
        await until(lambda: stage.waits() == 0)
        assert [m.text for m in stage.core.messages] == ["elsewhere", "one", "two"]


async def last_error(stage: Stage) -> str:
    info = await stage.adapter._api.bot.get_webhook_info()
    return info.last_error_message or ""


HELLO = b"""{"update_id": 1, "message": {"message_id": 1, "date": 1, "text": "hello",
    "chat": {"id": 1, "type": "private"}, "from": {"id": 1}}}"""


@pytest.mark.parametrize("secret", ["", "wrong", "A" * 64, "é"])
async def test_without_the_secret_nothing_gets_in(secret):
    async with pushed() as stage:
        assert (await post(stage, HELLO, secret.encode("utf-8"))).status_code == 403
        assert not stage.core.messages
        assert (await post(stage, HELLO, stage.adapter._secret.reveal())).status_code == 200
        assert len(stage.core.messages) == 1


async def test_what_reads_as_nothing_is_acknowledged_and_what_is_too_long_is_not_read():
    async with pushed(webhook_secret=Secret(GIVEN)) as stage:
        assert (await post(stage, b"nonsense", GIVEN)).status_code == 200
        assert (await post(stage, b"x" * (2**20 + 1), GIVEN)).status_code == 413


async def test_before_it_runs_and_after_it_telegram_is_told_to_come_again():
    async with pushed(webhook_secret=Secret(GIVEN)) as stage:
        await stage.stop()
        answer = await post(stage, b"{}", GIVEN)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_push_that_is_still_coming_when_the_bot_stops_is_to_come_again():
    async with pushed(webhook_secret=Secret(GIVEN)) as stage:

        async def slowly():
            yield HELLO[:20]
            await stage.stop()
            yield HELLO[20:]

        async with httpx.AsyncClient(trust_env=False) as http:
            headers = {SECRET_HEADER: GIVEN}
            answer = await http.post(stage.url, content=slowly(), headers=headers)
        assert answer.status_code == 503
        assert not stage.core.messages


async def test_it_is_set_once_and_again_only_where_something_changed():
    async with pushed() as stage:
        (asked,) = stage.calls("setWebhook")
        assert asked["url"] == stage.url
        assert asked["allowed_updates"] == ["message", "edited_message"]
        assert len(asked["secret_token"]) == 64
        # It looks once more when it has noted what it set.
        await until(lambda: len(stage.calls("getWebhookInfo")) == 2)
        for settings, total in (({}, 1), ({"webhook_secret": Secret(GIVEN)}, 2)):
            await stage.stop()
            looked = len(stage.calls("getWebhookInfo"))
            other = stage.make(**stage.asked, **settings)
            stage.run = asyncio.create_task(other.run(stage.core.emit))
            await until(lambda n=looked: len(stage.calls("getWebhookInfo")) > n)
            await until(lambda n=total: len(stage.calls("setWebhook")) == n)


async def test_a_door_that_telegram_does_not_find_is_told_of():
    async with staged(started=False) as stage:
        nowhere = "http://127.0.0.1:9"
        stage.start(mode="webhook", public_url=nowhere)
        await until(lambda: stage.calls("setWebhook"))
        await stage.say("hello")
        await until(lambda: "cannot deliver" in stage.adapter.trouble)
        assert "1 messages wait" in stage.adapter.trouble


async def test_polling_opens_no_door():
    async with staged() as stage:
        assert stage.adapter.routes() == ()
