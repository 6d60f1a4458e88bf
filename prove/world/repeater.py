"""Platforms that deliver again: at once, late, in any order, and after a restart."""

import asyncio
from collections.abc import Coroutine, Sequence
from random import Random
from typing import Any

import aiohttp

from adapters.telegram.settings import Settings, webhook_secret
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.telegram.updates import Update
from bots.sandbox.telegram.webhook import SECRET_HEADER
from bots.sandbox.town.town import Line
from bots.sandbox.wechat.faults import AtOnce, LoseAnswer
from bots.sandbox.wechat.wechat import WeChat
from core.secret import Secret
from prove.world.people import Seat
from prove.world.platforms import Stand
from prove.world.world import World

MORE = 3
"""So often a message comes besides the first time, at most."""

LATEST = 200
"""Telegram hands over a hundred at a time: so many are not confirmed, at most."""

POSTED_S = 30.0


class Repeater:
    """`late_s`: within so long the copies come; those that meet no bot are lost.

    `copies` counts them. Telegram bots in `webhooks` are posted to, others poll.
    """

    def __init__(
        self, around: World, chance: Random, late_s: float, webhooks: Sequence[str]
    ) -> None:
        self.copies = 0
        self._around = around
        self._chance = chance
        self._late_s = late_s
        self._webhooks = webhooks
        self._updates: dict[str, list[tuple[Line, Update]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=POSTED_S))

    async def say(self, seat: Seat) -> int:
        """Say something new, which will be delivered one to four times; its number."""
        more = self._chance.randint(0, MORE)
        if isinstance(seat.stand.platform, WeChat):
            self._disturb(seat.stand.platform)
        number = await seat.say()
        line = seat.said[number]
        if isinstance(seat.stand.platform, Telegram):
            update = seat.stand.platform.updates.pending()[-1]
            self._updates.setdefault(seat.stand.bot, []).append((line, update))
        for _ in range(more):
            self._start(self._later(seat, line))
        return number

    async def everything(self, sat: Sequence[Seat], times: int) -> None:
        """All that was ever answered, so often at once, in any order."""
        heard = [
            (seat, seat.said[number])
            for seat in sat
            for number in dict.fromkeys(number for number, _ in seat.answers)
        ]
        again = heard * times
        self._chance.shuffle(again)
        await asyncio.gather(*(self._deliver(seat, line) for seat, line in again))

    def unconfirm(self) -> None:
        """While nothing polls: what was confirmed a moment ago comes again with the next poll."""
        for bot, noted in self._updates.items():
            platform = self._around.stands[bot].platform
            if bot not in self._webhooks and isinstance(platform, Telegram):
                self._unconfirm(platform, [update for _, update in noted[-LATEST:]])

    async def close(self) -> None:
        """After the last copy."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self._session.close()

    def _unconfirm(self, platform: Telegram, updates: Sequence[Update]) -> None:
        """Telegram keeps the order: the oldest goes in front last."""
        for update in reversed(updates):
            if self._chance.random() < 0.5 and not platform.updates.holds(update.id):
                platform.updates.again(update)
                self.copies += 1

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _later(self, seat: Seat, line: Line) -> None:
        await asyncio.sleep(
            self._chance.choice((0.0, 0.0, 0.1, self._late_s)) * self._chance.random()
        )
        await self._deliver(seat, line)

    async def _deliver(self, seat: Seat, line: Line) -> None:
        match seat.stand.platform:
            case OneBot() as account:
                self.copies += await account.tell(line.raw)
            case WeChat() as account:
                push = await account.outcome(line)
                if push.ended:  # WeChat has given up all others
                    self.copies += len(await account.redeliver(push))
            case Telegram() if seat.stand.bot in self._webhooks:
                await self._post(seat.stand, line)
            case _:
                return  # what polls is told again by `unconfirm`

    async def _post(self, stand: Stand, line: Line) -> None:
        update = next(update for said, update in self._updates[stand.bot] if said is line)
        url = f"http://127.0.0.1:{self._around.public}/telegram/{stand.bot}"
        token = stand.environ[f"PROVE_{stand.bot.upper()}"]
        secret = webhook_secret(Settings(token=Secret(token)), stand.bot).reveal()
        headers = {SECRET_HEADER: secret, "Content-Type": "application/json"}
        try:
            async with self._session.post(url, data=update.content, headers=headers) as answer:
                self.copies += answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return

    def _disturb(self, account: WeChat) -> None:
        match self._chance.randrange(4):
            case 0:
                account.faults.add(AtOnce(copies=self._chance.randint(2, 4)))
            case 1:
                account.faults.add(LoseAnswer())
