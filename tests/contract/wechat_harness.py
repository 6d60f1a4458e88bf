"""An official account: the simulated WeChat pushes to the adapter's own listener."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from adapters.wechat.adapter import WeChatAdapter
from adapters.wechat.settings import Settings
from bots.listener import Listener, bind
from bots.sandbox.serve import running
from bots.sandbox.town.town import BOT, Line, Utterance
from bots.sandbox.wechat.app import wechat_app
from bots.sandbox.wechat.push import Push
from bots.sandbox.wechat.wechat import OPENIDS, WeChat
from bots.sandbox.wechat.xml import write
from bots.texts.catalogue import Catalogue
from core.bot import Bot
from core.model import Media
from core.ports.adapter import Receipt
from core.secret import Secret
from tests.contract.harness import PATIENCE_S, Core, Told, part
from tests.contract.memo import PlayedMemo
from tests.contract.web_harness import in_order

TOKEN = "letters2and3digits"
APP_ID = "wx00112233445566ff"
APP_SECRET = "0123456789abcdef0123456789abcdef"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TEXTS = Catalogue()
TOLD: dict[Receipt, Told] = {Receipt.BUSY: "busy"}
MORE = "继续"
HEAD = {"ToUserName": "gh_0", "FromUserName": OPENIDS[1], "CreateTime": 1793534400}
STRANGE_FIELDS: tuple[Mapping[str, Any], ...] = (
    {},
    HEAD,
    {**HEAD, "MsgType": "hologram", "MsgId": 1},
    {**HEAD, "MsgType": "text", "MsgId": 2},
    {**HEAD, "MsgType": "text", "Content": "\x00\x08\ufffe", "MsgId": 3},
    {**HEAD, "MsgType": "text", "Content": {"b": "nested"}, "MsgId": 4},
    {**HEAD, "MsgType": "text", "Content": "no number", "MsgId": "four"},
    {**HEAD, "MsgType": "text", "Content": "no time", "CreateTime": "now", "MsgId": 5},
    {**HEAD, "MsgType": "text", "Content": "the end of time", "CreateTime": 10**30, "MsgId": 6},
    {**HEAD, "MsgType": "event"},
    {**HEAD, "MsgType": "event", "Event": "invented", "EventKey": {"a": "b"}},
    {**HEAD, "MsgType": "event", "Event": "LOCATION", "Latitude": "north"},
    {**HEAD, "MsgType": "location", "Location_X": "east", "Scale": "big", "MsgId": 7},
    {**HEAD, "MsgType": "file", "Title": "../../etc/passwd", "MsgId": 8},
)
STRANGE_BODIES = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"<xml>",
    b"<xml/>",
    b"<html></html>",
    b"\xff\xfe\x00",
    b"<xml>" * 10_000,
    b"<xml>" + b"x" * 10**6 + b"</xml>",
    b'<!DOCTYPE x [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>',
    b"<xml><Encrypt>AAAA</Encrypt></xml>",
)
STRANGE_QUERIES = ("", "signature=", "signature=0&timestamp=now&nonce=", "echostr=1", "%ff=%fe")


class WeChatHarness:
    """An account without verification: all that it says is an answer to a push.

    What was put off until the person asks for more is asked for by `sees`.
    """

    people = OPENIDS[:2]
    account: Mapping[str, Any] = {}
    settings: Mapping[str, Any] = {}

    def __init__(self, core: Core, folder: Path) -> None:
        self._core = core
        self._last: Push
        self._wechat: WeChat
        self.adapter: WeChatAdapter

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        async with AsyncExitStack() as stack:
            self._wechat = await stack.enter_async_context(self._make_account())
            served = await stack.enter_async_context(running(wechat_app(self._wechat)))
            self._wechat.origin = f"http://127.0.0.1:{served.port}"
            self.adapter = self._make_adapter()
            listener = Listener(Starlette(routes=self.adapter.routes()), bind("127.0.0.1", 0))
            listener.open()
            stack.push_async_callback(listener.close)
            self._wechat.postman.url = f"http://127.0.0.1:{listener.port}/wechat/account"
            run = asyncio.create_task(self.adapter.run(self._core.emit))
            stack.push_async_callback(_end, run)
            await self._receiving()
            yield run
            await self._wechat.close()

    async def say(self, text: str, who: str) -> Told:
        """A push stays open until its answer comes, so that only a refusal is waited for."""
        before = len(self._core.messages)
        due: Told = "failed" if self._core.fault else TOLD.get(self._core.receipt, "taken")
        line = await self._wechat.speak(Utterance(place=who, person=who, text=text))
        self._last = self._wechat.journal.push(line.number)
        if due != "failed":
            await self._core.received(before + 1)
        if due != "taken" or self._core.echo:
            async with asyncio.timeout(PATIENCE_S):
                await self._wechat.outcome(line)
        return self._told()

    async def redeliver(self) -> Told:
        """A push that is answered with the same bytes was taken."""
        if not self._last.ended:
            message = self._core.messages[-1]
            await self._core.deliver(self.adapter, part(message, "the answer"))
            await self._wechat.settled()
        tries = await self._wechat.redeliver(self._last, times=2)
        assert {done.outcome for done in tries} <= {"reply", "success"}
        assert len(self._last.answers) == 1
        return self._told()

    async def send_strange_things(self) -> None:
        query = self._wechat.envelopes.query
        url = self._wechat.postman.url
        bodies = (*map(write, STRANGE_FIELDS), *STRANGE_BODIES)
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
            for body in bodies:
                for signed in (query(), query("AAAA"), *STRANGE_QUERIES):
                    answer = await http.post(f"{url}?{signed}", content=body)
                    assert answer.status_code in {200, 400, 403, 413}
            for unsigned in STRANGE_QUERIES:
                assert (await http.get(f"{url}?{unsigned}")).status_code == 403

    async def sees(self, who: str, *texts: str) -> None:
        """What waits is asked for, as the hints below the answers tell."""
        while not in_order(self.screen(who), texts):
            if await self._core.shelf.waiting("wechat", "account", who):
                said = Utterance(place=who, person=who, text=MORE)
                await self._wechat.outcome(await self._wechat.speak(said))
            else:
                await self._wechat.town.until(lambda _: in_order(self.screen(who), texts))

    def screen(self, who: str) -> str:
        return "\n".join(map(_shown, self._wechat.town.lines(who, BOT)))

    def trace(self, media: Media) -> str:
        """A recording is sent as MP3, so that its bytes are others."""
        return "[voice]" if media.kind == "voice" else media.blob[:32]

    def _told(self) -> Told:
        notices = [line for line in self._wechat.town.lines() if line.kind == "notice"]
        if any(line.number == self._last.shown for line in notices):
            return "failed"
        shown = [line for line in self._wechat.town.lines() if line.number == self._last.shown]
        return "busy" if any(line.text == TEXTS.say("busy", "en") for line in shown) else "taken"

    def _make_account(self) -> WeChat:
        return WeChat(
            url="http://127.0.0.1:9",
            token=TOKEN,
            app_id=APP_ID,
            app_secret=APP_SECRET,
            now=self._core.now,
            **self.account,
        )

    def _make_adapter(self) -> WeChatAdapter:
        return WeChatAdapter(
            bot=Bot(name="account", platform="wechat"),
            settings=Settings(
                token=Secret(TOKEN),
                app_id=APP_ID,
                app_secret=Secret(APP_SECRET),
                api_base=self._wechat.origin,
                **self.settings,
            ),
            media=self._core,
            clock=self._core,
            new_id=self._core.new_id,
            texts=TEXTS,
            shelf=self._core.shelf,
            memo=PlayedMemo(),
        )

    async def _receiving(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.adapter._clerk.emit is None:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.005)


class VerifiedHarness(WeChatHarness):
    """A verified account in safe mode: what no push carries goes by customer service."""

    account: Mapping[str, Any] = {"verified": True, "mode": "safe", "aes_key": AES_KEY}
    settings: Mapping[str, Any] = {"customer_service": True, "aes_key": Secret(AES_KEY)}


def _shown(line: Line) -> str:
    return line.text or f"[{line.kind}] {line.file}"


async def _end(run: "asyncio.Task[None]") -> None:
    run.cancel()
    await asyncio.wait([run])
