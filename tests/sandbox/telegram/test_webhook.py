"""The webhook: who is told, how often, and what only 2xx ends."""

import asyncio
import gc
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trustme
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from telegram import Update

from bots.listener import Listener, bind
from tests.sandbox.telegram.conftest import ANN, BEN, GARDEN
from tests.sandbox.telegram.peers import PATIENCE_S, eventually


@dataclass
class Door:
    """The bot's own URL: what came, and what is answered, first to last and then 200."""

    url: str = ""
    came: list = field(default_factory=list)
    secrets: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    held: asyncio.Event | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request):
        self.came.append(await request.json())
        self.secrets.append(request.headers.get("x-telegram-bot-api-secret-token"))
        answer = self.answers.pop(0) if self.answers else Response()
        self.changed.set()
        if self.held and self.came[-1]["message"]["text"] == "hold":
            await self.held.wait()
        return answer

    async def until(self, count):
        async with asyncio.timeout(PATIENCE_S):
            while len(self.came) < count:
                self.changed.clear()
                await self.changed.wait()

    @property
    def texts(self):
        return [update["message"]["text"] for update in self.came]


@asynccontextmanager
async def opened(certificate=None):
    """`certificate`: a trustme.LeafCert, for https."""
    door = Door()
    listener = Listener(
        Starlette(routes=[Route("/hook", door.take, methods=["POST"])]), bind("127.0.0.1", 0)
    )
    if certificate:
        listener.config.load()
        listener.config.ssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(listener.config.ssl)
    listener.open()
    door.url = f"http{'s' if certificate else ''}://127.0.0.1:{listener.port}/hook"
    try:
        yield door
    finally:
        await listener.close()


@pytest.fixture
async def door(stage):
    async with opened() as door:
        yield door
        await stage.call("deleteWebhook")


async def drained(aio):
    async def empty():
        return not (await aio.get_webhook_info()).pending_update_count

    await eventually(empty)


async def test_updates_are_pushed_with_the_secret(stage, aio, ptb, door):
    await stage.say("before")
    await aio.set_webhook(door.url, secret_token="a-secret_1")
    await stage.say("after")
    await door.until(2)
    assert door.texts == ["before", "after"]
    assert door.secrets == ["a-secret_1"] * 2
    assert Update.de_json(door.came[0], ptb).message.text == "before"
    await drained(aio)


async def test_what_is_not_acknowledged_is_pushed_again(stage, aio, door):
    door.answers = [Response(status_code=500), Response(status_code=302), Response(status_code=204)]
    await aio.set_webhook(door.url)
    await stage.say("once more")
    await door.until(3)
    assert door.came[0] == door.came[1] == door.came[2]
    await drained(aio)
    info = await aio.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 302 Found"
    assert len(door.came) == 3


async def test_a_chat_waits_for_its_own_update_and_for_no_other(stage, aio, door):
    door.held = asyncio.Event()
    await aio.set_webhook(door.url)
    await stage.say("hold")
    await stage.say("behind it")
    await stage.say("elsewhere", place=BEN, person=BEN)
    await door.until(2)
    assert door.texts == ["hold", "elsewhere"]
    door.held.set()
    await door.until(3)
    assert door.texts == ["hold", "elsewhere", "behind it"]


async def test_retry_after_is_honoured(stage, aio, door):
    door.answers = [
        Response(status_code=503),
        Response(status_code=503, headers={"retry-after": "1"}),
    ]
    await aio.set_webhook(door.url)
    began = asyncio.get_running_loop().time()
    await stage.say("later")
    await door.until(3)
    assert asyncio.get_running_loop().time() - began >= 1


async def test_an_answer_may_ask_for_a_call(stage, aio, door):
    door.answers = [
        JSONResponse({"method": "sendMessage", "chat_id": ANN, "text": "from the answer"}),
        JSONResponse({"method": "deleteWebhook"}),
    ]
    await aio.set_webhook(door.url)
    await stage.say("one")
    await stage.say("two")
    await stage.telegram.town.until(lambda lines: lines[-1].text == "from the answer")
    await door.until(2)
    await drained(aio)
    assert (await aio.get_webhook_info()).url == door.url


async def test_what_waits_can_be_dropped(stage, aio, door):
    await stage.say("old")
    await aio.set_webhook(door.url, drop_pending_updates=True)
    await stage.say("new")
    await door.until(1)
    assert door.texts == ["new"]


async def test_what_was_not_taken_can_be_polled_once_the_webhook_is_gone(stage, aio, door):
    door.answers = [Response(status_code=500)] * 1000
    await aio.set_webhook(door.url)
    await stage.say("patient")
    await door.until(2)
    await aio.delete_webhook()
    assert (await aio.get_updates())[0].message.text == "patient"


async def test_the_settings_are_told(aio, door):
    await aio.set_webhook(door.url, max_connections=7, allowed_updates=["message"])
    info = await aio.get_webhook_info()
    assert (info.url, info.max_connections, info.allowed_updates) == (door.url, 7, ["message"])
    assert not info.has_custom_certificate


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"url": "ftp://127.0.0.1/"}, "invalid webhook URL specified"),
        ({"secret_token": "with space"}, "secret token contains unallowed characters"),
        ({"secret_token": "x" * 257}, "secret token is too long"),
    ],
)
async def test_a_wrong_setting_is_refused(aio, options, why):
    with pytest.raises(TelegramBadRequest, match=why):
        await aio.set_webhook(**({"url": "http://127.0.0.1:9/"} | options))


async def test_a_webhook_that_is_gone_for_a_day_is_removed(stage, aio, door):
    door.answers = [Response(status_code=410)] * 1000
    await aio.set_webhook(door.url)
    await stage.say("anybody?")
    await door.until(2)
    stage.clock.turn(23 * 3600 + 60)

    async def removed():
        return not (await aio.get_webhook_info()).url

    await eventually(removed)


async def test_a_bot_that_cannot_be_reached_is_tried_again(stage, aio, door):
    gone = bind("127.0.0.1", 0)
    port = gone.getsockname()[1]
    gone.close()
    await aio.set_webhook(f"http://127.0.0.1:{port}/hook")
    await stage.say("hello?")

    async def noticed():
        return bool((await aio.get_webhook_info()).last_error_message)

    await eventually(noticed)
    await aio.set_webhook(door.url)
    await door.until(1)


async def test_group_and_private_talk_are_queues_of_their_own(stage, aio, door):
    door.held = asyncio.Event()
    await aio.set_webhook(door.url)
    await stage.say("hold")
    await stage.say("/start", place=GARDEN)
    await door.until(2)
    assert door.texts == ["hold", "/start"]
    door.held.set()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
async def test_a_certificate_of_ones_own_is_trusted(stage, aio):
    authority = trustme.CA()
    pem = BufferedInputFile(authority.cert_pem.bytes(), "cert.pem")
    async with opened(authority.issue_cert("127.0.0.1")) as door:
        await aio.set_webhook(door.url)
        await stage.say("in secret")

        async def doubted():
            return "certificate" in str((await aio.get_webhook_info()).last_error_message).lower()

        await eventually(doubted)
        assert not door.came
        await aio.set_webhook(door.url, certificate=pem)
        await door.until(1)
        assert (await aio.get_webhook_info()).has_custom_certificate
        await aio.delete_webhook()
    gc.collect()  # httpx leaves the socket of a refused handshake to the collector


async def test_what_is_no_certificate_is_refused(aio):
    nonsense = BufferedInputFile(b"nonsense", "cert.pem")
    with pytest.raises(TelegramBadRequest, match="the certificate cannot be read"):
        await aio.set_webhook("https://127.0.0.1:9/hook", certificate=nonsense)
