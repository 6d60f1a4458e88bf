"""The chat page's server side, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path

import httpx
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from adapters.web.adapter import WebAdapter
from bots.listener import Listener, bind
from core.bot import Bot
from core.model import Media
from core.secret import Secret
from tests.contract.harness import PATIENCE_S, Core, Told

TOLD: dict[str, Told] = {
    "ack": "taken",
    "busy": "busy",
    "failed": "failed",
    "invalid": "failed",
}
STRANGE = (
    '{"type": "hologram", "id": "strange-1"}',
    '{"type": "send", "id": "strange-2"}',
    '{"type": "send", "id": 7, "text": []}',
    '{"type": "send", "id": "strange-3", "text": "x", "media": [{"ticket": "forged"}]}',
    '{"type": "send"',
    "[" * 10_000,
    "[]",
    '"\\ud800"',
    "",
    b"\xff\xfe",
)


class Tab:
    """A person's open page."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._changed = asyncio.Event()
        self._parts: set[str] = set()
        self.screen = ""
        self.told: dict[str, Told] = {}
        self.reading = asyncio.create_task(self._read())

    async def send(self, frame: str | bytes) -> None:
        await self._socket.send(frame)

    async def until(self, seen: object) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not seen():
                self._changed.clear()
                await self._changed.wait()

    async def _read(self) -> None:
        try:
            async for data in self._socket:
                self._show(json.loads(data))
                self._changed.set()
        except ConnectionClosed:
            return

    def _show(self, frame: dict) -> None:
        match frame:
            case {"type": "ack" | "busy" | "failed" | "invalid" as told, "id": message_id}:
                self.told[message_id] = TOLD[told]
            case {"type": "part", "key": key, "part": part} if key not in self._parts:
                self._parts.add(key)  # the same key again is the same part
                self.screen += (part.get("text") or part.get("name") or "") + "\n"
            case {"type": "draft", "text": text}:
                self.screen += text + "\n"


class WebHarness:
    people = ("ann", "bob")

    def __init__(self, core: Core, folder: Path) -> None:
        (folder / "index.html").write_text("<!doctype html><title>page</title>")
        self._core = core
        self._tabs: dict[str, Tab] = {}
        self._ids = {who: count(1) for who in self.people}  # the same ones for each
        self._last: tuple[Tab, str, str]
        self.adapter = WebAdapter(
            bot=Bot(name="page", platform="web"),
            media=core,
            transcript=core,
            secret=Secret("a secret for these tests"),
            clock=core,
            new_id=core.new_id,
            page=folder,
            menu=lambda _: (),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        listener = Listener(Starlette(routes=self.adapter.routes()), bind("127.0.0.1", 0))
        listener.open()
        run = asyncio.create_task(self.adapter.run(self._core.emit))
        try:
            async with AsyncExitStack() as stack:
                for who in self.people:
                    self._tabs[who] = await self._open(stack, listener.port)
                yield run
        finally:
            run.cancel()
            await asyncio.wait([run])
            await listener.close()

    async def _open(self, stack: AsyncExitStack, port: int) -> Tab:
        page = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient() as browser:
            cookie = (await browser.get(page)).headers["set-cookie"].partition(";")[0]
        socket = await stack.enter_async_context(
            connect(
                f"ws://127.0.0.1:{port}/ws",
                origin=page,
                additional_headers={"Cookie": cookie},
                proxy=None,
            )
        )
        return Tab(socket)

    async def say(self, text: str, who: str) -> Told:
        message_id = f"message-{next(self._ids[who])}"
        frame = json.dumps({"type": "send", "id": message_id, "text": text})
        self._last = self._tabs[who], message_id, frame
        return await self._deliver()

    async def redeliver(self) -> Told:
        return await self._deliver()

    async def _deliver(self) -> Told:
        tab, message_id, frame = self._last
        tab.told.pop(message_id, None)
        await tab.send(frame)
        await tab.until(lambda: message_id in tab.told)
        return tab.told[message_id]

    async def send_strange_things(self) -> None:
        for frame in STRANGE:
            await self._tabs["ann"].send(frame)

    async def sees(self, who: str, *texts: str) -> None:
        await self._tabs[who].until(lambda: in_order(self._tabs[who].screen, texts))

    def screen(self, who: str) -> str:
        return self._tabs[who].screen

    def trace(self, media: Media) -> str:
        return media.name


def in_order(screen: str, texts: tuple[str, ...]) -> bool:
    at = 0
    for text in texts:
        at = screen.find(text, at) + len(text)
        if at < len(text):
            return False
    return True
