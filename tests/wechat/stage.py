"""The real adapter, core and store, met by the simulated WeChat over real sockets.

WeChat's five seconds are half a second here; all else keeps its proportions.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from msgspec import structs
from starlette.applications import Starlette

from adapters.wechat.adapter import WeChatAdapter
from adapters.wechat.exchange import Timing
from adapters.wechat.settings import Settings
from bots.clock import SystemClock
from bots.listener import Listener, bind
from bots.sandbox.serve import running
from bots.sandbox.town.town import BOT, Line, Utterance
from bots.sandbox.wechat.app import wechat_app
from bots.sandbox.wechat.push import Push
from bots.sandbox.wechat.wechat import OPENIDS, WeChat
from core.people import PeopleRules
from core.secret import Secret
from storage.media import FileMedia
from storage.store import SqlStore
from tests.core.house import House, Site

ANN, BEN, *_ = OPENIDS
TOKEN = "tokencanary1234"
APP_ID = "wx0011223344556677"
APP_SECRET = "secretcanary89abcdef0123456789ab"
AES_KEY = "canarykeyABCDEFGHIJKLMNOPQRSTUVWXYZ01234567"
OTHER_KEY = "otherkeyabcdefghijklmnopqrstuvwxyz012345678"
TRY_S = 0.5
TIMING = Timing(answer_s=0.38, patience_s=TRY_S, hold_s=1.0, due_s=0.3)

PLAIN = Settings(token=Secret(TOKEN))
CALLING = structs.replace(PLAIN, app_id=APP_ID, app_secret=Secret(APP_SECRET))
VERIFIED = structs.replace(CALLING, customer_service=True)
SAFE = structs.replace(PLAIN, app_id=APP_ID, aes_key=Secret(AES_KEY))


class Stage(Site):
    """A site whose only bot is an official account, at the same port in every process."""

    def __init__(self, folder: Path, settings: Settings, **bot: object) -> None:
        super().__init__(folder)
        self.clock = SystemClock()
        self.rules = PeopleRules(allow=frozenset({"wechat:*"}), daily_messages="unlimited")
        self.bot("w", "wechat", **bot)
        self.settings = settings
        self.wechat: WeChat
        self.port = 0
        self._running = AsyncExitStack()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/wechat/w"

    async def open(self) -> House:
        media = FileMedia(self.folder / "media")
        store = await SqlStore.open(f"sqlite:///{self.database}", media)
        self.adapter = WeChatAdapter(
            bot=self.bots["w"],
            settings=self.settings,
            media=media,
            clock=self.clock,
            new_id=self.new_id,
            texts=self.texts,
            shelf=store,
            memo=store.memo("w"),
            timing=TIMING,
        )
        self.platforms["w"] = self.adapter
        self._house = House(self, store, media)
        run = asyncio.create_task(self.adapter.run(self._house.gateway.accept))
        listener = Listener(Starlette(routes=self.adapter.routes()), bind("127.0.0.1", self.port))
        self.port = listener.port
        listener.open()
        self._running.push_async_callback(self._stop, run, listener)
        await self.until(lambda: self.adapter._clerk.emit is not None)
        await self._house.gateway.resume()
        return self._house

    async def close(self) -> None:
        await self._running.aclose()
        await super().close()

    def as_if_long_at_work(self) -> None:
        """In its first second a process takes each push for one that was tried before."""
        long_at_work(self.adapter)

    async def _stop(self, run: "asyncio.Task[None]", listener: Listener) -> None:
        run.cancel()
        await asyncio.wait([run])
        listener.should_exit = listener.force_exit = True
        await listener.close()

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not ready():  # noqa: ASYNC110 - nothing tells it
                await asyncio.sleep(0.005)

    # -- people ------------------------------------------------------------------

    async def say(self, text: str, person: str = ANN) -> Line:
        return await self.wechat.speak(Utterance(place=person, person=person, text=text))

    async def push(self, text: str, person: str = ANN) -> Push:
        """Say something and wait for the end of its tries."""
        return await self.wechat.outcome(await self.say(text, person))

    async def ask(self, text: str, person: str = ANN) -> str:
        """Say something; what the person is shown for it, "" for nothing."""
        return self.shown(await self.push(text, person))

    def shown(self, push: Push) -> str:
        return next(
            (line.text for line in self.wechat.town.lines() if line.number == push.shown), ""
        )

    def told(self, person: str = ANN) -> list[str]:
        """All that the bot said to a person, in order."""
        return [line.text for line in self.wechat.town.lines(person, BOT)]

    async def hears(self, *texts: str, person: str = ANN) -> None:
        """Return once the bot has said these to a person, in this order."""
        await self.wechat.town.until(
            lambda lines: _in_order(
                [line.text for line in lines if (line.place, line.sender) == (person, BOT)], texts
            )
        )


def long_at_work(adapter: WeChatAdapter) -> None:
    adapter._clerk._opened_at -= 2
    adapter._clerk._opened_on -= 2


def _in_order(said: list[str], wanted: tuple[str, ...]) -> bool:
    rest = iter(said)
    return all(any(text in line for line in rest) for text in wanted)


@asynccontextmanager
async def staged(
    folder: Path, settings: Settings = PLAIN, *, account: dict | None = None, **bot: object
) -> AsyncIterator[Stage]:
    """`account`: what is different about the simulated one; `bot`: about the bot."""
    stage = Stage(folder, settings, **bot)
    async with AsyncExitStack() as stack:
        known = {"token": TOKEN, "app_id": APP_ID, "app_secret": APP_SECRET, "try_s": TRY_S}
        stage.wechat = WeChat(url="http://127.0.0.1:9", **known | (account or {}))
        await stack.enter_async_context(stage.wechat)
        served = await stack.enter_async_context(running(wechat_app(stage.wechat)))
        stage.wechat.origin = f"http://127.0.0.1:{served.port}"
        stage.settings = structs.replace(settings, api_base=stage.wechat.origin)
        stack.push_async_callback(stage.close)
        await stage.open()
        stage.as_if_long_at_work()
        stage.wechat.postman.url = stage.url
        yield stage
