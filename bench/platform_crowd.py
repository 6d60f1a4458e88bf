"""People on a simulated platform, in a process of their own.

Usage: python -m bench.platform_crowd onebot|telegram|wechat USERS PORT BOT
PORT is where the platform is served, BOT the host and port of the bot's public listener.
Says "ready", then takes a line of orders and answers each with a line of JSON:
  talk SECONDS PAUSE_S   everybody asks again PAUSE_S after the answer
  push RATE SECONDS      every RATEth of a second somebody else says something
"""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import uvloop

from bots.sandbox.journal import Journal
from bots.sandbox.onebot.dialer import Pace
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.onebot.serve import serving
from bots.sandbox.serve import running
from bots.sandbox.telegram.app import telegram_app
from bots.sandbox.telegram.floods import UNLIMITED
from bots.sandbox.telegram.platform import Rules, Telegram
from bots.sandbox.town.town import BOT, Line, Person, Place, Platform, Town, Utterance
from bots.sandbox.wechat.app import wechat_app
from bots.sandbox.wechat.wechat import WeChat

IDS = {"onebot": "{:05}", "telegram": "5{:06}", "wechat": "oPerson{:021}"}


class Square(Town):
    """A town that tells who waits there what the bot said."""

    def __init__(self, name: str, numbers: list[str]) -> None:
        people = [Person(id=number, name=number) for number in numbers]
        places = [Place(id=number, name=number, members=(number,)) for number in numbers]
        super().__init__(
            name=name, people=people, places=places, now=lambda: datetime.now(UTC), size=10
        )
        self.waiting: dict[str, asyncio.Future[str]] = {}
        self.heard: dict[str, str] = {}

    def add(self, place: str, sender: str, **fields: object) -> Line:
        line = super().add(place, sender, **fields)
        if sender == BOT:
            self.heard[place] = line.text
            waiting = self.waiting.pop(place, None)
            if waiting:
                waiting.set_result(line.text)
        return line


@asynccontextmanager
async def onebot(square: Square, port: int, bot: str) -> AsyncIterator[Platform]:
    account = OneBot(
        url=f"ws://{bot}/onebot/v11/ws",  # where NoneBot listens, too
        token="sandbox",
        town=square,
        pace=Pace(reconnect_s=0.02),
        frames_size=0,
    )
    async with serving(account, port=port):
        connecting = asyncio.create_task(account.run())
        yield account
        connecting.cancel()
        await asyncio.wait([connecting])


@asynccontextmanager
async def telegram(square: Square, port: int, bot: str) -> AsyncIterator[Platform]:
    del bot  # it asks by itself
    rules = Rules(floods=UNLIMITED)
    platform = Telegram(town=square, rules=rules, journal=Journal(0))
    async with running(telegram_app(platform), port=port):
        yield platform


@asynccontextmanager
async def wechat(square: Square, port: int, bot: str) -> AsyncIterator[Platform]:
    account = WeChat(
        url=f"http://{bot}/wechat/bot",
        token="sandbox",
        app_id="wxsandbox0000000",
        app_secret="sandbox-secret",
        town=square,
        journal_size=0,
    )
    async with account, running(wechat_app(account), port=port):
        yield account


async def talk(platform: Platform, square: Square, seconds: float, pause_s: float) -> dict:
    if isinstance(platform, OneBot):
        await platform.until_connected(30)
    end = time.monotonic() + seconds
    latencies: list[float] = []

    async def one(number: str) -> None:
        asked = 0
        if pause_s:
            await asyncio.sleep(random.random() * pause_s)
        while asked == 0 or time.monotonic() < end:
            words = f"question {asked} of {number}"
            heard = square.waiting[number] = asyncio.get_running_loop().create_future()
            began = time.perf_counter()
            await platform.speak(Utterance(place=number, person=number, text=words))
            async with asyncio.timeout(30):
                while words not in await heard:
                    heard = square.waiting[number] = asyncio.get_running_loop().create_future()
            latencies.append((time.perf_counter() - began) * 1000)
            asked += 1
            if pause_s:
                await asyncio.sleep(pause_s)

    began = time.monotonic()
    await asyncio.gather(*(one(number) for number in square.people))
    took_s = time.monotonic() - began
    latencies.sort()
    return {
        "replies": len(latencies),
        "per_s": len(latencies) / took_s,
        "p50_ms": latencies[len(latencies) // 2],
        "p99_ms": latencies[int(len(latencies) * 0.99)],
    }


async def push(account: WeChat, square: Square, rate: float, seconds: float) -> dict:
    """Open loop: nobody waits for anybody. Answers are judged once all tries are over."""
    square.heard.clear()
    account.postman.answers_s.clear()
    numbers = list(square.people)
    began = time.monotonic()
    said: dict[str, str] = {}
    for count in range(int(rate * seconds)):
        await asyncio.sleep(began + count / rate - time.monotonic())
        number = numbers[count % len(numbers)]
        said[number] = f"question {count} of {number}"
        await account.speak(Utterance(place=number, person=number, text=said[number]))
    await account.settled()
    heard = square.heard
    times = sorted(account.answers_s)
    return {
        "pushes": int(rate * seconds),
        "answered": sum(words in heard.get(number, "") for number, words in said.items()),
        "nothing": sum(number not in heard for number in said),
        "p50_s": times[len(times) // 2],
        "p999_s": times[int(len(times) * 0.999)],
        "max_s": times[-1],
    }


PLATFORMS = {"onebot": onebot, "telegram": telegram, "wechat": wechat}
ORDERS = {"talk": talk, "push": push}


async def main(name: str, users: int, port: int, bot: str) -> None:
    square = Square(name, [IDS[name].format(number + 20_000) for number in range(users)])
    loop = asyncio.get_running_loop()
    async with PLATFORMS[name](square, port, bot) as platform:
        print("ready", flush=True)
        while order := await loop.run_in_executor(None, sys.stdin.readline):
            what, *figures = order.split()
            told = await ORDERS[what](platform, square, *map(float, figures))
            print(msgspec.json.encode(told).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
