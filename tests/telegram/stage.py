"""The adapter at work against the simulated Telegram, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from msgspec.structs import replace

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.settings import Settings
from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.floods import UNLIMITED
from bots.sandbox.telegram.platform import FORUM, GROUPS, PEOPLE, Rules, Telegram
from bots.sandbox.town.town import BOT, Line, Utterance
from bots.texts.catalogue import Catalogue
from core.bot import Bot
from core.model import Media, Message
from core.ports.adapter import Emit
from core.ports.sending import Outgoing, SendResult
from core.secret import Secret
from tests.contract.harness import Core, part
from tests.telegram.conftest import Memory

ANN, BEN, MING, _ = PEOPLE
GARDEN = GROUPS[0]
PATIENCE_S = 5
FREE = Settings(
    sends_per_second="unlimited",
    chat_sends_per_second="unlimited",
    group_sends_per_minute="unlimited",
)
MENU = {
    "en": (("help", "what I can do"), ("new", "start over")),
    "zh": (("帮助", "我会什么"), ("新对话", "重新开始")),
}


class Time(Memory):
    """Whoever sleeps turns it, and waits no longer than it takes to let others run."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(0.001)


@dataclass
class Stage:
    telegram: Telegram
    origin: str
    core: Core
    time: Time = field(default_factory=Time)
    settings: Settings = FREE
    adapter: TelegramAdapter = field(init=False)
    run: asyncio.Task[None] = field(init=False)

    def make(self, **settings: object) -> TelegramAdapter:
        given = {"token": Secret(self.telegram.token), "api_base": self.origin, **settings}
        return TelegramAdapter(
            bot=Bot(name="tg", platform="telegram"),
            settings=replace(self.settings, **given),
            media=self.core,
            clock=self.time,
            new_id=self.core.new_id,
            texts=Catalogue(),
            memo=self.time,
            menu=MENU.__getitem__,
            proxy=Secret(),
            sleep=self.time.sleep,
        )

    def start(self, emit: Emit | None = None, **settings: object) -> None:
        self.adapter = self.make(**settings)
        self.run = asyncio.create_task(self.adapter.run(emit or self.core.emit))

    async def stop(self) -> None:
        self.run.cancel()
        await asyncio.wait([self.run])

    async def say(self, text: str = "", place: str = ANN, person: str = ANN, **more) -> Line:
        return await self.telegram.speak(Utterance(place=place, person=person, text=text, **more))

    async def hear(self, text: str = "hello", place: str = ANN, person: str = ANN, **more):
        """The message that reaches the core when somebody says something."""
        total = len(self.core.messages) + 1
        await self.say(text, place, person, **more)
        return (await self.core.received(total))[-1]

    async def send(self, message: Message, content: str | Media, **more) -> SendResult:
        return await self.adapter.send(outgoing(message, content, **more))

    async def media(self, content: bytes, kind: str, name: str = "") -> Media:
        blob = await self.core.put(content)
        return Media(kind=kind, blob=blob, name=name, size_bytes=len(content))

    def shown(self, place: str = ANN) -> list[Line]:
        """What the bot was seen saying."""
        return self.telegram.town.lines(place, BOT)

    def calls(self, method: str) -> list[dict]:
        return [entry.fields for entry in self.telegram.journal.entries(method)]

    def waits(self) -> int:
        """How many updates are not confirmed."""
        return len(self.telegram.updates.pending())


def outgoing(message: Message, content: str | Media, **more) -> Outgoing:
    made = part(message, content)
    return Outgoing(
        **{name: more.get(name, getattr(made, name)) for name in Outgoing.__dataclass_fields__}
    )


async def until(ready: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not ready():  # noqa: ASYNC110 - what a server and an adapter do in their own time
            await asyncio.sleep(0.001)


@asynccontextmanager
async def staged(
    *, rules: Rules | None = None, started: bool = True, **settings: object
) -> AsyncIterator[Stage]:
    telegram = Telegram(rules=rules or Rules(floods=UNLIMITED, webhook_retry_s=0.01))
    async with running(telegram_app(telegram)) as listener:
        stage = Stage(telegram, f"http://127.0.0.1:{listener.port}", Core())
        if started:
            stage.start(**settings)
        try:
            yield stage
        finally:
            if hasattr(stage, "run"):
                await stage.stop()
            await asyncio.sleep(0.01)  # a poll on its way arrives, so that the end interrupts it


__all__ = ["ANN", "BEN", "FORUM", "GARDEN", "MING", "Rules", "Secret"]
