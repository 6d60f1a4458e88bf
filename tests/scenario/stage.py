"""The whole product on loopback: sandbox relay, house, page, all over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection

from bots.app import opened
from bots.config import parse
from bots.sandbox.accounts import STAT_TOKEN
from bots.sandbox.app import create_app
from bots.sandbox.faults import Faults
from bots.sandbox.journal import Journal
from bots.sandbox.serve import running
from tests.web.conftest import Visitor, visit

CONFIG = """
[server]
private = "127.0.0.1:{port}"
{server}
[storage]
data = "."
[relays.main]
profile = "sandbox"
base_url = "http://127.0.0.1:{relay_port}"
key = "env:KEY"
stat_token = "env:STAT_TOKEN"
{relay}
[people]
daily_messages = "unlimited"
[bots.web]
platform = "web"
{bot}
[log]
level = "warning"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where to reach the product, and what the relay saw."""

    host: str
    journal: Journal
    faults: Faults

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    async def person(self) -> "Person":
        return Person(await visit(self))

    def asked(self, call: str = "chat") -> list[dict]:
        """The bodies of the relay's calls."""
        return [entry.body for entry in self.journal.entries(call)]


class Person:
    """Somebody on the page, without a browser."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self._sent = 0

    @asynccontextmanager
    async def tab(self) -> AsyncIterator["Talk"]:
        async with self.visitor.tab() as socket:
            yield Talk(self, socket)

    async def upload(self, content: bytes, name: str, kind: str = "") -> str:
        """A ticket to send with a message."""
        query = {"name": name} | ({"kind": kind} if kind else {})
        answer = await self.visitor.upload(content, **query)
        answer.raise_for_status()
        return answer.json()["ticket"]

    async def download(self, ticket: str) -> bytes:
        answer = await self.visitor.http.get(f"/media/{ticket}")
        answer.raise_for_status()
        return answer.content

    async def history(self) -> list[dict]:
        answer = await self.visitor.http.get("/history")
        answer.raise_for_status()
        return answer.json()["exchanges"]

    def next_id(self) -> str:
        self._sent += 1
        return f"message-{self._sent:06}"

    async def close(self) -> None:
        await self.visitor.http.aclose()


class Talk:
    """One open tab."""

    def __init__(self, person: Person, socket: ClientConnection) -> None:
        self._person = person
        self._socket = socket
        self._unread: list[dict] = []

    async def say(self, text: str = "", *tickets: str, language: str = "en") -> str:
        """Send a message; its id."""
        name = self._person.next_id()
        media = [{"ticket": ticket} for ticket in tickets]
        frame = {"type": "send", "id": name, "text": text, "media": media, "language": language}
        await self._socket.send(msgspec.json.encode(frame).decode())
        return name

    async def ask(self, text: str = "", *tickets: str, language: str = "en") -> list[dict]:
        """Send a message and wait for its whole answer: the parts."""
        return await self.answer(await self.say(text, *tickets, language=language))

    async def answer(self, name: str) -> list[dict]:
        parts: list[dict] = []
        while True:
            frame = await self.frame("part", name)
            parts.append(frame["part"])
            if frame["index"] == frame["total"] - 1:
                return parts

    async def frame(self, kind: str, name: str) -> dict:
        """The next frame of a kind about a message."""
        return await self._first({kind}, name)

    async def receipt(self, name: str) -> str:
        """What became of a message: "ack", "busy" or "failed"."""
        return (await self._first({"ack", "busy", "failed"}, name))["type"]

    async def _first(self, kinds: set[str], name: str) -> dict:
        """Frames about something else wait for their turn."""
        for frame in self._unread:
            if is_about(frame, kinds, name):
                self._unread.remove(frame)
                return frame
        async with asyncio.timeout(10):
            while not is_about(frame := await self._next(), kinds, name):
                self._unread.append(frame)
        return frame

    async def _next(self) -> dict:
        return msgspec.json.decode(await self._socket.recv())


def is_about(frame: dict, kinds: set[str], name: str) -> bool:
    return frame["type"] in kinds and name in (frame.get("answers"), frame.get("id"))


@asynccontextmanager
async def playing(
    folder: Path, *, pace_s: float = 0, server: str = "", relay: str = "", bot: str = ""
) -> AsyncIterator[Stage]:
    """The product at work. The last three are further lines of their sections."""
    app = create_app(pace_s=pace_s)
    async with running(app) as sandbox:
        text = CONFIG.format(port=0, relay_port=sandbox.port, server=server, relay=relay, bot=bot)
        config = parse(text, folder, "the test", {"KEY": "sk-scenario", "STAT_TOKEN": STAT_TOKEN})
        async with opened(config) as house:
            yield Stage(
                host=f"127.0.0.1:{house.port}",
                journal=app.state.journal,
                faults=app.state.faults,
            )


@asynccontextmanager
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        yield http
