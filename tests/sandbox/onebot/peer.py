"""Bots that others wrote, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from bots.sandbox.onebot.dialer import Pace
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.town.town import BOT, Line, Utterance

PEERS = Path(__file__).parent / "peers"
PATHS = {"nonebot": "/onebot/v11/ws", "aiocqhttp": "/ws"}
ACCOUNTS = count(20_000)
QUICK = Pace(reconnect_s=0.05, heartbeat_s=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    name: str
    port: int
    token: str = ""

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}{PATHS[self.name]}"

    def account(self, **fields: Any) -> OneBot:
        """One that no other test uses, since NoneBot takes each number once."""
        fields = {"token": self.token, "pace": QUICK, "self_id": str(next(ACCOUNTS))} | fields
        return OneBot(url=self.url, **fields)


@contextmanager
def peer(name: str, token: str = "") -> Iterator[Peer]:
    process = subprocess.Popen(
        [sys.executable, PEERS / f"{name}_echo.py"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PEER_TOKEN": token},
    )
    assert process.stdout
    try:
        yield Peer(name=name, port=int(process.stdout.readline()), token=token)
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@asynccontextmanager
async def connected(bot: Peer, **fields: Any) -> AsyncIterator[OneBot]:
    async with bot.account(**fields).connected() as onebot:
        yield onebot


async def ask(onebot: OneBot, text: str = "", place: str = "10001", **fields: Any) -> Any:
    """Say something; what the peer tells of it."""
    person = place if place in onebot.town.people else "10002"
    fields = {"place": place, "person": person, "text": text} | fields
    return json.loads((await answered(onebot, Utterance(**fields))).text)


async def answered(onebot: OneBot, said: Utterance) -> Line:
    """Say something; the bot's next line there."""
    line = await onebot.speak(said)
    return await next_line(onebot, line.place, line.number)


async def next_line(onebot: OneBot, place: str, after: int = 0) -> Line:
    def theirs(lines: Any) -> list[Line]:
        wanted = (line for line in lines if line.place == place and line.sender == BOT)
        return [line for line in wanted if line.number > after]

    return theirs(await onebot.town.until(lambda lines: bool(theirs(lines))))[0]


async def call(onebot: OneBot, name: str, **params: Any) -> Any:
    """What the peer's own client makes of a call's answer."""
    return await ask(onebot, f"call {name} {json.dumps(params)}")
