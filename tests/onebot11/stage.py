"""The adapter on a real port, with simulated accounts or raw sockets dialling in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from adapters.onebot11.adapter import OneBotAdapter
from adapters.onebot11.settings import Settings
from bots.listener import PLATFORM_FRAME_BYTES, Listener, bind
from bots.sandbox.onebot.dialer import Pace
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.onebot.serve import serving
from bots.sandbox.town.town import BOT, Line, Town, Utterance
from bots.texts.catalogue import Catalogue
from core.bot import Bot
from core.errors import StoreError
from core.model import Message
from core.ports.sending import Outgoing, SendResult
from core.secret import Secret
from tests.contract.harness import Core, part

TOKEN = "the token of these tests"
PATIENCE_S = 5.0
TEXTS = Catalogue()


class Time:
    """Goes on only when told to; sleepers wake as it passes them."""

    def __init__(self) -> None:
        self.at_s = 0.0
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.at_s)

    def monotonic(self) -> float:
        return self.at_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        waking = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.at_s + seconds, waking))
        await waking

    async def no_sleep(self, seconds: float) -> None:
        """For those whose waits nobody counts."""
        self.slept.append(seconds)
        await asyncio.sleep(0.001)

    async def pass_(self, seconds: float) -> None:
        self.at_s += seconds
        due = [one for one in self._sleepers if one[0] <= self.at_s]
        self._sleepers = [one for one in self._sleepers if one[0] > self.at_s]
        for _, waking in due:
            if not waking.done():
                waking.set_result(None)
        await asyncio.sleep(0)


class Memory:
    """A memo that outlives adapters."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.fault: StoreError | None = None

    async def recall(self, name: str) -> str:
        return self.kept.get(name, "")

    async def keep(self, name: str, value: str) -> None:
        if self.fault:
            raise self.fault
        self.kept[name] = value


class Stage:
    """One adapter at work, and what it told the core."""

    def __init__(self, core: Core, adapter: OneBotAdapter, listener: Listener, time: Time) -> None:
        self.core = core
        self.adapter = adapter
        self.time = time
        self.port = listener.port
        self.run: asyncio.Task[None]

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/onebot/qq"

    @property
    def messages(self) -> list[Message]:
        return self.core.messages

    async def heard(self, count: int) -> list[Message]:
        """The messages so far, once there are `count`."""
        return await self.core.received(count)

    @asynccontextmanager
    async def account(self, **given: Any) -> AsyncIterator[OneBot]:
        """A simulated account, connected."""
        onebot = self.dialling(**given)
        async with onebot.connected():
            yield onebot

    def dialling(self, **given: Any) -> OneBot:
        settings = {"url": self.url, "token": TOKEN, "pace": Pace(reconnect_s=0.05, heartbeat_s=0)}
        return OneBot(**(settings | given))

    @asynccontextmanager
    async def socket(
        self,
        self_id: str | None = "10000",
        role: str | None = "Universal",
        token: str | None = TOKEN,
        below: str = "",
        **headers: str,
    ) -> AsyncIterator[ClientConnection]:
        """A raw one, with the headers as given."""
        given = {"X-Self-ID": self_id, "X-Client-Role": role}
        given["Authorization"] = f"Bearer {token}" if token is not None else None
        sent = {name: value for name, value in given.items() if value is not None} | headers
        dialled = connect(self.url + below, additional_headers=sent, proxy=None, max_size=None)
        async with dialled as socket:
            yield socket

    async def send(self, outgoing: Outgoing) -> SendResult:
        """As the core does."""
        return await self.adapter.turn(outgoing) or await self.adapter.send(outgoing)

    async def until(self, ready: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not ready():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.005)


@asynccontextmanager
async def playing(
    *,
    core: Core | None = None,
    memory: Memory | None = None,
    time: Time | None = None,
    bot: Bot | None = None,
    people: Any = None,
    counted: bool = False,
    **settings: Any,
) -> AsyncIterator[Stage]:
    """`counted`: sleeps last until the test lets time pass; otherwise they are over at once."""
    core, time = core or Core(), time or Time()
    adapter = OneBotAdapter(
        bot=bot or Bot(name="qq", platform="onebot11"),
        settings=Settings(**({"token": Secret(TOKEN), "sends_per_s": "unlimited"} | settings)),
        media=core,
        shelf=core.shelf,
        clock=time,
        new_id=core.new_id,
        texts=TEXTS,
        memo=memory or Memory(),
        people=people,
        sleep=time.sleep if counted else time.no_sleep,
        chance=lambda: 0.0,
    )
    routes = [*adapter.routes()]
    listener = Listener(Starlette(routes=routes), bind("127.0.0.1", 0), PLATFORM_FRAME_BYTES)
    listener.open()
    stage = Stage(core, adapter, listener, time)
    stage.run = asyncio.create_task(adapter.run(core.emit))
    try:
        yield stage
    finally:
        stage.run.cancel()
        await asyncio.wait([stage.run])
        await listener.close()


@asynccontextmanager
async def with_files(**given: Any) -> AsyncIterator[tuple[Stage, OneBot]]:
    """A stage and an account whose pictures and recordings can be fetched."""
    pace = Pace(reconnect_s=0.05, heartbeat_s=0)
    onebot = OneBot(url="ws://127.0.0.1:1", token=TOKEN, pace=pace, **given)
    async with (
        serving(onebot) as files,
        playing(file_hosts=(f"127.0.0.1:{files.port}",)) as stage,
    ):
        onebot.telling.url = stage.url
        async with onebot.connected():
            yield stage, onebot


def said(text: str, place: str = "10001", person: str = "10001", **more: Any) -> Utterance:
    return Utterance(place=place, person=person, text=text, **more)


def answer(message: Message, text: str, index: int = 0, total: int = 1) -> Outgoing:
    return part(message, text, index, total)


def told(town: Town, place: str = "10001") -> list[Line]:
    """What the bot said in a place."""
    return town.lines(place, BOT)


def event(**fields: Any) -> dict[str, Any]:
    """A private message as the standard has it."""
    return {
        "post_type": "message",
        "message_type": "private",
        "sub_type": "friend",
        "self_id": 10000,
        "user_id": 10001,
        "message_id": 1,
        "time": int(datetime.now(UTC).timestamp()),
        "message": [{"type": "text", "data": {"text": "hello"}}],
        "sender": {"user_id": 10001, "nickname": "Ann"},
    } | fields


def group_event(**fields: Any) -> dict[str, Any]:
    return event(message_type="group", sub_type="normal", group_id=700001, **fields)


def segment(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data}


def dumped(frame: Any) -> str:
    return msgspec.json.encode(frame).decode()


async def tell(socket: ClientConnection, *frames: Any) -> None:
    for frame in frames:
        await socket.send(frame if isinstance(frame, str | bytes) else dumped(frame))


async def call_on(socket: ClientConnection, action: str = "send_private_msg") -> dict[str, Any]:
    """The next call of a kind that the bot makes there; others fail as unknown."""
    async with asyncio.timeout(PATIENCE_S):
        while (call := msgspec.json.decode(await socket.recv()))["action"] != action:
            await refuse_on(socket, call, 1404)
    return call


async def refuse_on(
    socket: ClientConnection, call: dict[str, Any], retcode: int, words: str = "no"
) -> None:
    failed = {"status": "failed", "retcode": retcode, "wording": words, "data": None}
    await tell(socket, failed | {"echo": call["echo"]})


async def answer_on(socket: ClientConnection, call: dict[str, Any], data: Any = None) -> None:
    await tell(socket, {"status": "ok", "retcode": 0, "data": data, "echo": call["echo"]})


def texts(messages: Sequence[Message]) -> list[str]:
    return [message.text for message in messages]
