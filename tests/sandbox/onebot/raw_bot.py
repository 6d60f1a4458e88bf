"""The bot's end of the sockets in plain websockets: calls as a test wants them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bots.sandbox.onebot.dialer import Pace
from bots.sandbox.onebot.onebot import OneBot

PATIENCE_S = 5.0
QUICK = Pace(reconnect_s=0.05, heartbeat_s=0)


class RawBot:
    def __init__(self) -> None:
        self.sockets: list[ServerConnection] = []
        self.events: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        self.broken: list[str | bytes] = []
        self._echo = count(1)
        self._changed = asyncio.Event()
        self.url = ""

    async def serve(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        self._changed.set()
        try:
            async for data in socket:
                self._take(data)
        except ConnectionClosed:
            return

    def _take(self, data: str | bytes) -> None:
        try:
            frame = json.loads(data)
        except ValueError:
            self.broken.append(data)
        else:
            (self.events if "post_type" in frame else self.answers).append(frame)
        self._changed.set()

    async def until(self, ready: Any, timeout_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(timeout_s):
            while not ready():
                self._changed.clear()
                await self._changed.wait()

    async def event(self, post_type: str = "message", nth: int = 1) -> dict[str, Any]:
        """The nth event of a type, once it is there."""
        await self.until(lambda: len(self.of(post_type)) >= nth)
        return self.of(post_type)[nth - 1]

    def of(self, post_type: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["post_type"] == post_type]

    async def send(self, action: str, socket: int = -1, /, **params: Any) -> int:
        """Call, and don't wait; the echo."""
        echo = next(self._echo)
        await self.sockets[socket].send(
            json.dumps({"action": action, "params": params, "echo": echo})
        )
        return echo

    async def answer(self, echo: int, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        await self.until(lambda: any(a["echo"] == echo for a in self.answers), timeout_s)
        return next(answer for answer in self.answers if answer["echo"] == echo)

    async def call(self, action: str, /, **params: Any) -> dict[str, Any]:
        return await self.answer(await self.send(action, **params))

    async def data(self, action: str, /, **params: Any) -> Any:
        answer = await self.call(action, **params)
        assert answer["status"] == "ok", answer
        return answer["data"]


@asynccontextmanager
async def serving_bot() -> AsyncIterator[RawBot]:
    bot = RawBot()
    async with serve(bot.serve, "127.0.0.1", 0, max_size=None, compression=None) as server:
        bot.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/onebot/qq"
        yield bot


@asynccontextmanager
async def pair(**fields: Any) -> AsyncIterator[tuple[RawBot, OneBot]]:
    async with serving_bot() as bot:
        onebot = OneBot(url=bot.url, **({"pace": QUICK} | fields))
        async with onebot.connected():
            await bot.event("meta_event")
            yield bot, onebot


def text(words: str) -> list[dict[str, Any]]:
    return [{"type": "text", "data": {"text": words}}]
