"""QQ: an implementation of OneBot v11 dials in to the adapter's own listener."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from adapters.onebot11.adapter import OneBotAdapter
from adapters.onebot11.settings import Settings
from bots.listener import Listener, bind
from bots.sandbox.onebot.dialer import Pace
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.town.town import BOT, Line, Utterance
from bots.texts.catalogue import Catalogue
from core.bot import Bot
from core.errors import StoreError
from core.model import Media, Message
from core.ports.adapter import Receipt
from core.secret import Secret
from tests.contract.harness import PATIENCE_S, Core, Told

TOKEN = "a token for these tests"
TEXTS = Catalogue()
TOLD: dict[Receipt, Told] = {Receipt.BUSY: "busy"}
SENTENCES: dict[Told, tuple[str, ...]] = {
    "busy": tuple(TEXTS.say("busy", language) for language in ("en", "zh")),
    "failed": tuple(TEXTS.say("store", language) for language in ("en", "zh")),
}
STRANGE_SEGMENTS: tuple[Any, ...] = (
    None,
    7,
    {},
    [],
    [7],
    [{}],
    [{"type": "text"}],
    [{"type": "text", "data": None}],
    [{"type": "text", "data": {"text": None}}],
    [{"type": "hologram", "data": {"x": 1}}],
    [{"type": "at", "data": {}}],
    [{"type": "reply", "data": {"id": "no number"}}],
    [{"type": "image", "data": {"url": 7}}],
    [{"type": "record", "data": {"file": None}}],
    [{"type": "forward", "data": {"id": [], "content": 7}}],
    [{"type": "json", "data": {"data": "{"}}],
    "[CQ:",
    "[CQ:at,qq=]",
    "[CQ:image]",
    "",
)
STRANGE_FRAMES = (
    "{",
    "[]",
    "null",
    '"\\ud800"',
    "[" * 10_000,
    '{"post_type": null}',
    '{"post_type": "prophecy"}',
    '{"post_type": "message"}',
    '{"post_type": "message", "message_type": "private"}',
    '{"post_type": "message", "message_type": "dream", "user_id": 1, "message": "x"}',
    '{"post_type": "notice", "notice_type": "hologram"}',
    '{"post_type": "notice", "notice_type": "offline_file", "file": 7}',
    '{"post_type": "request", "request_type": "marriage", "flag": 7}',
    '{"post_type": "request", "request_type": "friend"}',
    '{"post_type": "meta_event", "meta_event_type": "heartbeat", "status": 7, "interval": "x"}',
    '{"echo": "nobody asked", "status": "ok"}',
    '{"echo": {"seq": 1}}',
    "{}",
    "",
)


class Memory:
    """The adapter's memo."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    async def recall(self, name: str) -> str:
        return self._kept.get(name, "")

    async def keep(self, name: str, value: str) -> None:
        self._kept[name] = value


class Onebot11Harness:
    people = ("10001", "10002")

    def __init__(self, core: Core, folder: Path) -> None:
        self._core = core
        self._since: dict[str, int] = dict.fromkeys(self.people, 0)
        self._unstored: list[str] = []
        self._tries = 0
        self._tried = asyncio.Event()
        self._again = count(1)
        self._last = self.people[0]
        self.adapter = OneBotAdapter(
            bot=Bot(name="qq", platform="onebot11"),
            settings=Settings(token=Secret(TOKEN), sends_per_s="unlimited"),
            media=core,
            shelf=core.shelf,
            clock=core,
            new_id=core.new_id,
            texts=TEXTS,
            memo=Memory(),
            sleep=short_sleep,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        listener = Listener(Starlette(routes=[*self.adapter.routes()]), bind("127.0.0.1", 0))
        listener.open()
        run = asyncio.create_task(self.adapter.run(self._emit))
        self._onebot = OneBot(
            url=f"ws://127.0.0.1:{listener.port}/onebot/qq",
            token=TOKEN,
            pace=Pace(reconnect_s=0.05, heartbeat_s=0),
            now=self._core.now,
        )
        try:
            async with self._onebot.connected():
                yield run
                run.cancel()
        finally:
            run.cancel()
            await asyncio.wait([run])
            await listener.close()

    async def _emit(self, message: Message) -> Receipt:
        try:
            return await self._core.emit(message)
        except StoreError:
            self._tries += 1
            raise
        finally:
            self._tried.set()

    # -- what people do ------------------------------------------------------------------

    async def say(self, text: str, who: str) -> Told:
        """OneBot has no acknowledgement, so silence is one where the message was stored.

        What was not stored is kept, and must come before anything that is said later.
        """
        self._last = who
        before, tries = len(self._core.messages), self._tries
        line = await self._onebot.speak(Utterance(place=who, person=who, text=text))
        self._since[who] = line.number
        if self._core.fault:
            await self._until(lambda: self._tries > tries)
            self._unstored.append(text)
            return "failed"
        due = TOLD.get(self._core.receipt, "taken")
        await self._until(lambda: text in self._heard(before))
        heard = self._heard(before)
        assert [one for one in heard if one in (*self._unstored, text)] == [*self._unstored, text]
        self._unstored.clear()
        if due != "taken":
            await self._sees_any(who, SENTENCES[due])
        told = self.screen(who)
        return next(
            (told_ for told_, some in SENTENCES.items() if any(one in told for one in some)),
            "taken",
        )

    def _heard(self, since: int) -> list[str]:
        return [message.text for message in self._core.messages[since:]]

    async def _until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not ready():
                self._tried.clear()
                await self._tried.wait()

    async def redeliver(self) -> Told:
        """The next message must come after the repeated one was looked at."""
        before = len(self._core.messages)
        await self._onebot.repeat()
        text = f"after the repetition {next(self._again)}"
        await self._onebot.speak(Utterance(place=self._last, person=self._last, text=text))
        await self._core.received(before + 1)
        assert self._core.messages.pop().text == text
        return "taken"

    async def send_strange_things(self) -> None:
        ann = int(self.people[0])
        event = self._onebot.events.poke(self._onebot.town.places[self.people[0]], "10001", "10000")
        for frame in STRANGE_FRAMES:
            await self._onebot.tell_raw(frame)
        for number, message in enumerate(STRANGE_SEGMENTS):
            for fields in ({"message_type": "group", "group_id": 700001}, {}):
                strange = event | {
                    "post_type": "message",
                    "message_type": "private",
                    "sub_type": "friend",
                    "user_id": ann,
                    "message_id": 1000 + number,
                    "message": message,
                    "sender": 7,
                }
                await self._onebot.tell(strange | fields)

    # -- what people see -----------------------------------------------------------------

    async def sees(self, who: str, *texts: str) -> None:
        await self._onebot.town.until(lambda lines: _in_order(_screen(lines, who), texts))

    async def _sees_any(self, who: str, texts: tuple[str, ...]) -> None:
        await self._onebot.town.until(lambda _: any(one in self.screen(who) for one in texts))

    def screen(self, who: str) -> str:
        lines = self._onebot.town.lines(who)
        return _screen([line for line in lines if line.number > self._since[who]], who)

    def trace(self, media: Media) -> str:
        """QQ rewrites voices; other files stay what they are, and are named by their content."""
        return "<voice sent as silk>" if media.kind == "voice" else f"<{media.blob[:32]}>"


async def short_sleep(seconds: float) -> None:
    """The pauses that QQ asks for, a hundred times shorter: nobody here counts them."""
    await asyncio.sleep(seconds / 100)


def _screen(lines: Any, place: str) -> str:
    shown = [_shown(line) for line in lines if line.place == place and line.sender == BOT]
    return "\n".join(shown)


def _shown(line: Line) -> str:
    match line:
        case Line(kind="voice", status=status):
            return f"<voice {status}>"
        case Line(file=file) if file:
            return f"<{file}>"
        case Line(raw={"messages": [*nodes]}):
            return "".join(_words(node["data"]["content"]) for node in nodes)
        case _:
            return line.text


def _words(segments: Any) -> str:
    return "".join(segment["data"].get("text", "") for segment in segments)


def _in_order(screen: str, texts: tuple[str, ...]) -> bool:
    at = 0
    for text in texts:
        at = screen.find(text, at) + len(text)
        if at < len(text):
            return False
    return True
