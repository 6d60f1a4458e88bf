"""Ten times more than one process can answer, and what it takes of memory."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from statistics import quantiles
from typing import TypeAlias

import aiohttp

from bots.sandbox.town.town import Utterance
from bots.sandbox.wechat.wechat import WeChat
from prove.experiment import Experiment, Finding, Scale
from prove.flooding.voice import Told, Voice, offer, told
from prove.passive.crowd import NOTHING
from prove.world.bot import Bot
from prove.world.echo import Echo
from prove.world.people import Seat, greet, seats
from prove.world.world import World, world

Latencies: TypeAlias = dict[str, list[float]]
"""How long people waited for their answers, in seconds, by platform."""

TIMES = 10
CALM = 2
"""People on each platform who wait for each answer before they go on."""

SHARES = {"qq": 10, "telegram": 10, "wechat": 1}
PACE_S = 0.25
LEVEL, LEVEL_MB = 0.08, 16.0
"""How much of what the flood took in all its last third may take, or in MB what is no growth."""

MOST_MB = 200.0
"""What the flood may take above what the process had before. The kernel gives it no more, either:
what is asked for past that fails."""

ASKS = 60
ANSWER_S = 30.0
AFTER_S = 1.0
DEPTH = re.compile(r"^parley_messages_waiting (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """In seconds. `warm_s`: everybody talks for so long before it is measured what can be
    answered: an answer costs more once there is a history to send along. `relay_s`: what the
    relay takes meanwhile, and in the flood `slow_s`. `rest_s`: how long what the platforms held
    back may take; Telegram keeps what was said until it can be answered. `calm_s`: how long those
    may wait who don't flood, None where more is offered than one core can read: then it lies with
    the platforms, in their order, and nothing is promised but an answer or a word."""

    warm_s: float
    measure_s: float
    relay_s: float
    slow_s: float
    flood_s: float
    rest_s: float
    calm_s: float | None


SHORT = Times(
    warm_s=0.0, measure_s=1.5, relay_s=0.0, slow_s=0.5, flood_s=12.0, rest_s=120.0, calm_s=10.0
)
LONG = Times(
    warm_s=12.0, measure_s=9.0, relay_s=3.0, slow_s=3.0, flood_s=60.0, rest_s=420.0, calm_s=None
)
"""With hundreds of conversations a relay that takes its time is what limits the answers: ten times
of what a core can do is more than one core can offer."""


@dataclass(slots=True, kw_only=True)
class Memory:
    """Of the bot's process, in MB, over the flood."""

    before_mb: float
    mb: list[float] = field(default_factory=list)

    @property
    def taken_mb(self) -> float:
        return max(self.mb) - self.before_mb

    @property
    def last_third_mb(self) -> float:
        """What its last third took more than all before."""
        at = len(self.mb) * 2 // 3
        return max(self.mb[at:]) - max(self.mb[:at])


async def run(scale: Scale) -> Finding:
    relay = Echo()
    async with (
        relay.open() as port,
        world(
            scale.folder, people=scale.pick(8, 300) + CALM, groups=0, relay=port, log="error"
        ) as around,
    ):
        sat = seats(around)
        await around.start()
        await greet(sat)
        times = LONG if scale.long else SHORT
        return await flooded(around, sat, relay, times, Random(scale.seed))


async def flooded(
    around: World, sat: Sequence[Seat], relay: Echo, times: Times, chance: Random
) -> Finding:
    voices = [Voice(seat=seat, first=len(seat.said)) for seat in sat]
    noisy = [voice for voice in voices if is_noisy(f"note {voice.seat.key}")]
    calm = [voice for voice in voices if voice not in noisy]
    before_mb = around.bot.rss_mb()
    around.bot.limit_memory(MOST_MB)
    relay.hold_s = lambda said: times.relay_s if is_noisy(said) else 0.0
    capacity = await measure(noisy, times)
    relay.hold_s = lambda said: times.slow_s if is_noisy(said) else 0.0
    latencies_s: Latencies = {}
    async with watched(around.bot, before_mb) as memory, living(calm, latencies_s):
        offered = await offer(in_shares(noisy, chance), TIMES * capacity, times.flood_s)
    relay.hold_s = lambda _: 0.0
    most = await depth(around.private)
    rested = await rest(around.private, times.rest_s)
    await asyncio.gather(*(ask_for_the_rest(voice) for voice in voices))
    after_s = await asked(calm[0])
    left_mb = around.bot.rss_mb()
    total = await told(voices)
    return finding(
        around,
        memory,
        total,
        rested=rested,
        offered=offered,
        capacity=capacity,
        latencies_s=latencies_s,
        after_s=after_s,
        most=most,
        left_mb=left_mb,
        slow_s=times.slow_s,
        calm_s=times.calm_s,
    )


def in_shares(noisy: Sequence[Voice], chance: Random) -> list[Voice]:
    """Who speaks, one after the other: a push is a request of its own, and tried three times."""
    turns = [voice for voice in noisy for _ in range(SHARES[voice.seat.stand.name])]
    chance.shuffle(turns)
    return turns


def is_noisy(said: str) -> bool:
    number = re.match(r"note [a-z]+(\d+)x", said)
    return bool(number) and int(number[1]) >= CALM


async def measure(noisy: Sequence[Voice], times: Times) -> float:
    """Replies a second where everybody goes on once he is answered."""
    begin = time.monotonic() + times.warm_s
    end = begin + times.measure_s

    async def one(voice: Voice) -> int:
        count = 0
        while time.monotonic() < end:
            await voice.seat.answered(await voice.say())
            count += begin <= time.monotonic() < end
        return count

    return sum(await asyncio.gather(*map(one, noisy))) / times.measure_s


@asynccontextmanager
async def watched(bot: Bot, before_mb: float) -> AsyncIterator[Memory]:
    memory = Memory(before_mb=before_mb)

    async def watch() -> None:
        while True:
            memory.mb.append(bot.rss_mb())
            await asyncio.sleep(PACE_S)

    watching = asyncio.create_task(watch())
    try:
        yield memory
    finally:
        watching.cancel()


@asynccontextmanager
async def living(calm: Sequence[Voice], latencies_s: Latencies) -> AsyncIterator[None]:
    """Others go on meanwhile, one after the other."""

    async def live(voice: Voice) -> None:
        waited = latencies_s.setdefault(voice.seat.stand.name, [])
        while True:
            began = time.monotonic()
            try:
                waited.append(await asked(voice))
            except TimeoutError:
                waited.append(time.monotonic() - began)
            await asyncio.sleep(PACE_S)

    tasks = [asyncio.create_task(live(voice)) for voice in calm]
    try:
        yield
    finally:
        await asyncio.wait(tasks, timeout=0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def asked(voice: Voice) -> float:
    """How long an answer took, in seconds. Raises TimeoutError."""
    began = time.monotonic()
    await voice.seat.answered(await voice.say(), ANSWER_S)
    return time.monotonic() - began


async def ask_for_the_rest(voice: Voice) -> None:
    """On WeChat five answers go out by themselves; for the others a person has to ask."""
    account = voice.seat.stand.platform
    if not isinstance(account, WeChat):
        return
    place, person = voice.seat.place, voice.seat.person
    for _ in range(ASKS):
        line = await account.speak(Utterance(place=place, person=person, text="continue"))
        push = await account.outcome(line)
        if any(NOTHING in answer for answer in push.answers):
            return


async def depth(port: int) -> float:
    """What the bot itself says of what waits there."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        found = DEPTH.search(await answer.text())
    if found is None:
        raise ValueError("expected parley_messages_waiting in /metrics, got none")
    return float(found[1])


async def rest(port: int, within_s: float) -> bool:
    """Until nothing waits any more, twice in a row: platforms hand on what they held back."""
    deadline, calm = time.monotonic() + within_s, 0
    while calm < 3:
        if time.monotonic() > deadline:
            return False
        calm = 0 if await depth(port) else calm + 1
        await asyncio.sleep(0.2)
    return True


def finding(
    around: World,
    memory: Memory,
    total: Told,
    *,
    rested: bool,
    offered: float,
    capacity: float,
    latencies_s: Latencies,
    after_s: float,
    most: float,
    left_mb: float,
    slow_s: float,
    calm_s: float | None,
) -> Finding:
    slow = {
        name: max(waited, default=float("inf"))
        for name, waited in latencies_s.items()
        if calm_s is not None and max(waited, default=float("inf")) > calm_s
    }
    wrong = [
        words
        for words, missed in (
            ("what waited was not answered in the end", not rested),
            (
                f"expected {TIMES} × {capacity:.0f} a second, got {offered:.0f}",
                offered < 0.9 * TIMES * capacity,
            ),
            (
                f"expected {MOST_MB:.0f} MB more at most, got {memory.taken_mb:.0f}",
                memory.taken_mb > MOST_MB,
            ),
            (
                f"memory grows on: {memory.last_third_mb:.0f} of {memory.taken_mb:.0f} MB at last",
                memory.last_third_mb > max(LEVEL * memory.taken_mb, LEVEL_MB),
            ),
            (
                "others waited up to "
                + ", ".join(f"{worst_s:.1f} s on {name}" for name, worst_s in slow.items()),
                bool(slow) or not latencies_s,
            ),
            (f"afterwards an answer took {after_s:.1f} s", after_s > AFTER_S),
            (
                f"neither answered nor told: {len(total.silent)}, as {total.silent[:5]}",
                bool(total.silent),
            ),
            (f"told more than once in a row: {total.chatty[:5]}", bool(total.chatty)),
            ("nothing was refused: that was no flood", not total.busy),
        )
        if missed
    ]
    del around
    return Finding(
        load=f"{total.answered + total.busy} long messages, {offered:.0f} a second where "
        f"{capacity:.0f} can be answered",
        faults=f"a relay that takes {slow_s:g} s, {MOST_MB:.0f} MB and no more",
        lost=len(total.silent),
        wrong=tuple(wrong),
        figures=f"{total.answered} answered, {total.busy} not taken, {total.notices} words of "
        f"that; {most:.0f} waited at the end of it; memory {memory.before_mb:.0f} MB before, "
        f"{max(memory.mb):.0f} at most, {memory.last_third_mb:+.1f} in the last third, "
        f"{left_mb:.0f} after; others waited at p99 "
        + ", ".join(f"{_p99(waited):.2f} s on {name}" for name, waited in latencies_s.items())
        + f", {after_s:.2f} s afterwards",
    )


def _p99(times: Sequence[float]) -> float:
    return quantiles(times, n=100)[98] if len(times) > 1 else float("inf")


EXPERIMENT = Experiment(
    promises=(8,), title="ten times more than can be answered", run=run, alone=True
)
