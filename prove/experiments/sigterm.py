"""SIGTERM in every situation: it ends within 10 s with exit code 0, and nothing is lost.

Three bots side by side: one that people talk with, one where all hangs, one whose database
another process has locked.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random

from bots.sandbox.faults import Stall
from bots.sandbox.onebot.faults import Silence
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.town.town import BOT
from prove.experiment import Experiment, Finding, Scale
from prove.world.checker import Judgement, judge
from prove.world.lock import locked
from prove.world.people import Seat, greet, seats, talk, until_all_answered
from prove.world.square import ECHO
from prove.world.world import World, world

LIMIT_S = 10.0
LANE = 20
"""As many as one conversation may have waiting."""

END_S = 40.0
SOON_S = 0.6
"""A start takes half of it."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """`took` in seconds, by situation."""

    took: dict[str, list[float]] = field(default_factory=dict)
    judged: list[Judgement] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


async def run(scale: Scale) -> Finding:
    seen = Seen()
    for name in ("talk", "hung", "locked"):
        (scale.folder / name).mkdir()
    await asyncio.gather(in_talk(scale, seen), hung(scale, seen), in_trouble(scale, seen))
    whole = Judgement()
    for judged in seen.judged:
        whole.said += judged.said
        for name in ("lost", "repeated", "window", "misordered", "leaked", "asked_again"):
            getattr(whole, name).extend(getattr(judged, name))
    times = sum(map(len, seen.took.values()))
    return whole.finding(
        load="three bots on three platforms",
        faults=f"{times} SIGTERMs: under load, twice in a row, at the start, in a lock, "
        "with relay and sends that hang",
        wrong=seen.wrong,
        figures="the longest end: "
        + ", ".join(f"{name} {max(took):.1f} s" for name, took in sorted(seen.took.items())),
    )


async def in_talk(scale: Scale, seen: Seen) -> None:
    """Streams are in their middle, answers on their way."""
    chance = Random(f"{scale.seed} talk")
    async with world(scale.folder / "talk", people=4, log="error") as around:
        sat = seats(around)
        await around.start()
        await greet(sat)
        stop = asyncio.Event()
        talking = asyncio.create_task(talk(sat, chance, stop))
        for number in range(scale.pick(4, 60)):
            await asyncio.sleep(chance.uniform(0.1, 1.0))
            twice = number % 2 == 1
            await terminate(around, seen, "twice in a row" if twice else "under load", twice=twice)
            await around.bot.start()
        stop.set()
        await talking
        await close(around, sat, seen)


async def hung(scale: Scale, seen: Seen) -> None:
    """More often than a message may be tried: none of it may count as an attempt."""
    folder = scale.folder / "hung"
    async with world(folder, people=3, groups=0, log="error") as around, _idlers(around):
        sat = seats(around)
        await around.start()
        await greet(sat)
        await _hang_sends(sat)
        around.faults.add(Stall(call="chat", count="unlimited"))
        for seat in sat:
            for _ in range(LANE - 1 if seat is sat[0] else 1):
                await seat.say()
        for number in range(scale.pick(5, 20)):
            await asyncio.sleep(0.3)
            await terminate(around, seen, "all hangs", twice=scale.pick(number, number % 2) > 0)
            await around.bot.start()
        around.faults.clear()
        await close(around, sat, seen)


async def _hang_sends(sat: Sequence[Seat]) -> None:
    """One answer on QQ and one on Telegram is on its way, and neither comes to an end."""
    for seat in (sat[0], *(seat for seat in sat if seat.stand.name == "telegram")):
        match seat.stand.platform:
            case OneBot() as onebot:
                onebot.faults.add(Silence(call="send_*", delivered=False))
            case Telegram() as telegram:
                telegram.faults.add(Stall(call="sendMessage"))
        await seat.say()
    await asyncio.sleep(1.0)


@asynccontextmanager
async def _idlers(around: World) -> AsyncIterator[None]:
    """Clients that hold a socket with half a request, as long as the bot lets them."""

    async def hold(port: int) -> None:
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n1")
                await reader.read()
                await asyncio.sleep(1000)
            await asyncio.sleep(0.05)

    holding = [asyncio.create_task(hold(port)) for port in (around.private, around.public)]
    try:
        yield
    finally:
        for one in holding:
            one.cancel()
        await asyncio.wait(holding)


async def in_trouble(scale: Scale, seen: Seen) -> None:
    """While another process has the database, and while it starts."""
    chance = Random(f"{scale.seed} trouble")
    async with world(scale.folder / "locked", people=2, log="error") as around:
        sat = seats(around)
        await around.start()
        await greet(sat)
        for _ in range(scale.pick(1, 10)):
            async with locked(around.data / "parley.db"):
                for seat in sat:
                    await seat.say()
                await asyncio.sleep(chance.uniform(0, 1.0))
                await terminate(around, seen, "locked")
            for _ in range(scale.pick(3, 10)):
                around.bot.begin()
                await asyncio.sleep(chance.uniform(0, SOON_S))
                await terminate(around, seen, "at the start", codes=(0, -signal.SIGTERM))
            await around.bot.start()
            await until_all_answered(sat)
        await close(around, sat, seen)


async def terminate(
    around: World, seen: Seen, when: str, *, twice: bool = False, codes: Sequence[int] = (0,)
) -> None:
    """Until it has ended. `codes`: what it may exit with; nobody hears a signal at first."""
    began = time.monotonic()
    around.bot.terminate()
    if twice:
        await asyncio.sleep(0.05)
        around.bot.terminate()
    code = await around.bot.ended()
    took_s = time.monotonic() - began
    seen.took.setdefault(when, []).append(took_s)
    if code not in codes:
        seen.wrong.append(f"{when}: exit code {code}: {around.bot.told()[-300:]}")
    if took_s > LIMIT_S:
        seen.wrong.append(f"{when}: it ended after {took_s:.1f} s")


async def close(around: World, sat: Sequence[Seat], seen: Seen) -> None:
    """Everything is answered, and nobody was told of anything else."""
    await until_all_answered(sat, END_S)
    seen.judged.append(await judge(around, sat))
    seen.wrong += [
        f"{stand.bot} said: {line.text[:100]}"
        for stand in around.stands.values()
        for line in stand.town.lines(sender=BOT)
        if not ECHO.search(line.text)
    ]


EXPERIMENT = Experiment(promises=(14,), title="SIGTERM", run=run)
