"""A small core to try the page with: it stores in memory, answers by a few rules, and waits
where a test wants to look."""

import asyncio
import hashlib
import io
import itertools
import math
import struct
import wave
import zlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from starlette.applications import Starlette

from adapters.web.adapter import WebAdapter
from bots.listener import Listener, bind
from bots.web import PAGE
from core.bot import Bot
from core.errors import MediaError, StoreError
from core.model import Delivery, Media, Message, PartState, Reply, Text
from core.ports.adapter import Receipt
from core.ports.sending import Outgoing
from core.ports.store import Exchange
from core.secret import Secret

MENU = {
    "en": (
        ("help", "What I can do, and how"),
        ("new", "Begin afresh: what was said before is no longer sent"),
        ("image", "Draw a picture from a description"),
        ("say", "Speak a text aloud"),
        ("transcribe", "Write down what a recording says"),
        ("translate", "Speech of any language to English text"),
        ("model", "Choose who answers here"),
        ("stop", "Stop the running answer"),
    ),
    "zh": (
        ("帮助", "我会做什么，怎么用"),
        ("新对话", "重新开始：之前说过的不再发送"),
        ("画图", "按描述画一幅画"),
        ("朗读", "把文字念出来"),
        ("转写", "写下录音里说的话"),
        ("翻译", "任何语言的语音，译成英文文字"),
        ("模型", "选择由谁来回答"),
        ("停止", "停止正在进行的回答"),
    ),
}


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.seconds


class Shelf:
    """A media store in memory."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    async def put(self, content: bytes) -> str:
        blob = hashlib.sha256(content).hexdigest()
        self.contents[blob] = content
        return blob

    async def get(self, blob: str) -> bytes:
        if blob not in self.contents:
            raise MediaError("expected a file that is kept, got one that is gone")
        return self.contents[blob]


class Stage:
    """Emit and Transcript in memory. `replies` maps words to what is answered."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.messages: dict[str, Message] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.notices: dict[str, Reply] = {}
        self.order: dict[str, list[str]] = defaultdict(list)
        self.replies: dict[str, Sequence[Text | Media]] = {}
        self.receipts: list[Receipt] = []
        self.store_broken = False
        self.silent_when_stopped = False
        self.go_on = asyncio.Event()
        """Held-back answers end when this is set."""
        self.stored = asyncio.Condition()
        self.working: dict[str, asyncio.Task[None]] = {}
        self.adapter: WebAdapter | None = None

    async def emit(self, message: Message) -> Receipt:
        if self.store_broken:
            raise StoreError("the disk is full")
        if self.receipts and self.receipts.pop(0) is Receipt.BUSY:
            return Receipt.BUSY
        if message.key in self.messages:
            return Receipt.DUPLICATE
        self.messages[message.key] = message
        self.order[message.address.chat].append(message.key)
        self.working[message.key] = asyncio.create_task(self._answer(message))
        async with self.stored:
            self.stored.notify_all()
        return Receipt.STORED

    async def wait_for(self, count: int) -> list[Message]:
        async with asyncio.timeout(10), self.stored:
            await self.stored.wait_for(lambda: len(self.messages) >= count)
        return list(self.messages.values())

    async def exchanges(self, platform: str, bot: str, chat: str, count: int) -> list[Exchange]:
        if self.store_broken:
            raise StoreError("the disk is full")
        keys = self.order[chat][-count:]
        return [
            Exchange(
                message=self.messages[k],
                delivery=self.deliveries.get(k),
                notice=self.notices.get(k),
            )
            for k in keys
        ]

    async def _answer(self, message: Message) -> None:
        words = message.text
        if words in {"/stop", "/停止"}:
            await self._stop(message)
            return
        if words.startswith("hush"):
            await self.go_on.wait()
        if words.startswith("hold"):
            half = f"Half of the answer to **{words}**"
            self.show(message, half)
            try:
                await self.go_on.wait()
            except asyncio.CancelledError:
                if not self.silent_when_stopped:
                    await self.reply(message, (Text(text=half),))
                raise
        await self.reply(message, self.replies.get(words) or (Text(text=f"You said: {words}"),))

    async def _stop(self, message: Message) -> None:
        for key, task in self.working.items():
            if key != message.key and not task.done():
                task.cancel()
                await asyncio.wait((task,))
        await self.reply(message, (Text(text="Stopped."),))

    async def remember(self, message: Message, words: str) -> None:
        """Another answered message of the same person, as if it had been sent before."""
        copy = msgspec.structs.replace(
            message,
            id=f"{message.id}-{len(self.messages)}",
            key=f"{message.key}-{len(self.messages)}",
            parts=(Text(text=words),),
        )
        self.messages[copy.key] = copy
        self.order[copy.address.chat].append(copy.key)
        await self.reply(copy, (Text(text=f"You said: {words}"),))

    def show(self, message: Message, text: str) -> None:
        assert self.adapter
        self.adapter.draft(message.address, message.key, text)

    async def notice(self, message: Message, words: str) -> None:
        """A word before the answer."""
        assert self.adapter
        self.notices[message.key] = Reply(
            id=f"n-{message.id}", answers=message.id, to=message.address, parts=(Text(text=words),)
        )
        await self.adapter.send(
            Outgoing(
                key=f"n-{message.id}/0",
                to=message.address,
                part=Text(text=words),
                answers=message.key,
                index=0,
                total=1,
                notice=True,
            )
        )

    async def reply(self, message: Message, parts: Sequence[Text | Media]) -> None:
        assert self.adapter
        reply = Reply(
            id=f"r-{message.id}", answers=message.id, to=message.address, parts=tuple(parts)
        )
        states = (PartState.SENT,) * len(parts)
        self.deliveries[message.key] = Delivery(reply=reply, states=states)
        for index, part in enumerate(parts):
            await self.adapter.send(
                Outgoing(
                    key=f"{reply.id}/{index}",
                    to=message.address,
                    part=part,
                    answers=message.key,
                    index=index,
                    total=len(parts),
                )
            )

    async def picture(self) -> Media:
        content = png(720, 460)
        blob = await self.shelf.put(content)
        return Media(kind="image", blob=blob, mime="image/png", name="lighthouse.png",
                     size_bytes=len(content))  # fmt: skip

    async def speech(self, content: bytes) -> Media:
        blob = await self.shelf.put(content)
        return Media(kind="audio", blob=blob, mime="audio/wav", name="speech.wav",
                     size_bytes=len(content))  # fmt: skip


class House:
    """The stage behind a real server on a real port; it can be stopped and started again."""

    def __init__(self, stage: Stage, *, wrap=None, **options) -> None:
        self.stage = stage
        self.wrap = wrap
        self.options = options
        self.clock = Clock()
        self.port = 0

    async def start(self) -> None:
        numbers = itertools.count()
        self.adapter = WebAdapter(
            bot=Bot(name="parley", platform="web"),
            media=self.stage.shelf,
            transcript=self.stage,
            secret=Secret("a key for tests only"),
            clock=self.clock,
            new_id=lambda: f"m{next(numbers):06}",
            page=PAGE,
            menu=lambda language: MENU[language],
            **self.options,
        )
        self.stage.adapter = self.adapter
        app = Starlette(routes=list(self.adapter.routes()))
        self.listener = Listener(self.wrap(app) if self.wrap else app, bind("127.0.0.1", self.port))
        self.port = self.listener.port
        self.running = asyncio.create_task(self.adapter.run(self.stage.emit))
        self.listener.open()

    async def stop(self) -> None:
        await self.listener.close()
        self.running.cancel()
        await asyncio.wait((self.running,))

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"


def png(width: int, height: int) -> bytes:
    """A real picture: a lighthouse at dusk, more or less."""

    def pixel(x: int, y: int) -> tuple[int, int, int]:
        across, down = x / width, y / height
        if down > 0.78:
            shade = 0.75 + 0.25 * math.sin(down * 90 + across * 6)
            return int(28 * shade), int(66 * shade), int(92 * shade)
        if abs(across - 0.68) < 0.018 + 0.035 * down and down > 0.32:
            return (226, 92, 74) if int(down * 16) % 2 else (246, 240, 230)
        if math.hypot((across - 0.68) * width / height, down - 0.3) < 0.045:
            return 255, 236, 170
        glow = math.exp(-((across - 0.25) ** 2 * 6 + (down - 0.72) ** 2 * 14))
        return (
            int(40 + 120 * down + 90 * glow),
            int(52 + 70 * down + 60 * glow),
            int(96 + 30 * down),
        )

    rows = b"".join(
        b"\0" + bytes(value for x in range(width) for value in pixel(x, y)) for y in range(height)
    )

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def tone(seconds: float = 2.0) -> bytes:
    """A WAV that rises and falls, so that its shape can be seen."""
    rate = 16_000
    body = b"".join(
        struct.pack(
            "<h",
            int(9000 * math.sin(at / 9) * abs(math.sin(at / rate * 5)) * abs(math.cos(at / 3100))),
        )
        for at in range(int(seconds * rate))
    )
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(body)
    return out.getvalue()
