"""A visitor of the chat page: what his tab is told, and what the page's API answers him."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp

AGAIN_S = 0.1
ECHO = re.compile(r"You said: “[^”]*?\bnote [a-z]+\d+x\d+-(\d+)\b")


class Visitor:
    """`seen` is every frame and every answer's body, as text; `answered` the numbers that were."""

    def __init__(self, port: int, key: str) -> None:
        self.key = key
        self.seen: list[str] = []
        self.answered: set[int] = set()
        self.tickets: list[str] = []
        self._base = f"http://127.0.0.1:{port}"
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._changed = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    async def enter(self) -> None:
        """Load the page, and with it the cookie."""
        async with self._session.get(f"{self._base}/") as page:
            page.raise_for_status()

    async def say(self, number: int, timeout_s: float) -> bool:
        """Until it is answered, through whatever ends: whether it was in time."""
        frame = {
            "type": "send",
            "id": f"{self.key}-{number:06}",
            "text": f"note {self.key}-{number}",
        }
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while number not in self.answered:
                    await self._try(frame, number)
        return number in self.answered

    async def upload(self, content: bytes) -> None:
        """A picture; its ticket is noted."""
        headers = {"Origin": self._base, "Content-Type": "image/png"}
        url = f"{self._base}/upload?name={self.key}.png"
        async with self._session.post(url, data=content, headers=headers) as answer:
            if answer.status == 201:
                self.tickets.append((await answer.json())["ticket"])

    async def look(self) -> None:
        """Reload the history."""
        with suppress(aiohttp.ClientError):
            async with self._session.get(f"{self._base}/history?count=500") as answer:
                self._note(await answer.text())

    async def open_file(self, ticket: str) -> int:
        """The status of a file's download."""
        async with self._session.get(f"{self._base}/media/{ticket}") as answer:
            await answer.read()
            return answer.status

    async def close(self) -> None:
        if self._reading:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        await self._session.close()

    async def _try(self, frame: dict[str, str], number: int) -> None:
        """Send it, and wait for the answer as long as the socket lives."""
        try:
            socket = await self._connected()
            await socket.send_str(json.dumps(frame))
            while number not in self.answered and not socket.closed:
                self._changed.clear()
                await self._changed.wait()
            if number not in self.answered:
                await self.look()
        except aiohttp.ClientError:
            await asyncio.sleep(AGAIN_S)

    async def _connected(self) -> aiohttp.ClientWebSocketResponse:
        if self._socket is None or self._socket.closed:
            origin = {"Origin": self._base}
            self._socket = await self._session.ws_connect(f"{self._base}/ws", headers=origin)
            self._reading = asyncio.create_task(self._read(self._socket))
        return self._socket

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for told in socket:
            if told.type is aiohttp.WSMsgType.TEXT:
                self._note(told.data)
        self._changed.set()

    def _note(self, text: str) -> None:
        self.seen.append(text)
        if '"draft"' not in text[:40]:
            self.answered |= {int(found[1]) for found in ECHO.finditer(text)}
        self._changed.set()


@asynccontextmanager
async def visitor(port: int, key: str) -> AsyncIterator[Visitor]:
    """One who has loaded the page."""
    one = Visitor(port, key)
    try:
        await one.enter()
        yield one
    finally:
        await one.close()
