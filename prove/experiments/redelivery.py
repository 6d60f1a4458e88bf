"""Every message delivered one to four times: at once, late, shuffled, over kills and restarts, by
every platform's own way, and once more after six days. Each is worked on and answered once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from bots.sandbox.wechat.wechat import WeChat
from prove.experiment import Experiment, Finding, Scale
from prove.world.checker import judge
from prove.world.people import Seat, seats, until_all_answered
from prove.world.repeater import Repeater
from prove.world.square import MARK
from prove.world.world import World, world
from storage.media import FileMedia
from storage.store import SqlStore

WEBHOOK = 'mode = "webhook"\npublic_url = "http://127.0.0.1:{public}"'
AGED, TOO_OLD = timedelta(days=6), timedelta(days=8)
PATIENCE_S, END_S = 1.5, 30.0
QUIET_S = 1.0
EXAMPLES = 5


@dataclass(slots=True)
class Ends:
    """When the process was killed, and each while from its end's beginning until the next was
    up; UTC."""

    killed: list[datetime] = field(default_factory=list)
    down: list[tuple[datetime, datetime]] = field(default_factory=list)


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    async with world(
        scale.folder,
        bots={"telegram": 2},
        own={"telegram2": WEBHOOK},
        people=scale.pick(4, 8),
        log="error",
    ) as around:
        sat = seats(around)
        repeater = Repeater(around, chance, scale.pick(1, 10), ("telegram2",))
        try:
            await around.start()
            for seat in sat:
                await repeater.say(seat)
            await until_all_answered(sat, END_S)
            ends = await live(around, sat, repeater, chance, scale)
            wrong = await later(
                around, sat, repeater, (timedelta(), AGED) if scale.long else (AGED,)
            )
            judged = await judge(around, sat, ends.killed)
            wrong += [f"the relay was asked twice for {mark}" for mark in twice(around, ends)]
            wrong += [f"WeChat was answered in two ways: {mark}" for mark in await unlike(sat)]
            wrong += await control(around, sat, repeater)
        finally:
            await repeater.end()
    repeated = [f"shown again: {mark}" for mark in judged.repeated[:EXAMPLES]]
    lost = [f"not answered: {mark}" for mark in judged.lost[:EXAMPLES]]
    return Finding(
        load=f"{judged.said} messages in {len(sat)} conversations, by 4 ways to receive",
        faults=f"{repeater.copies} redeliveries, {len(ends.killed)} kills, "
        f"{len(ends.down) - len(ends.killed)} restarts, 6 days",
        lost=len(judged.lost),
        repeated=len(judged.repeated),
        leaked=len(judged.leaked),
        wrong=(*wrong[:EXAMPLES], *repeated, *lost),
        figures=f"{len(judged.window)} repeated inside W, flagged",
    )


async def live(
    around: World, sat: Sequence[Seat], repeater: Repeater, chance: Random, scale: Scale
) -> Ends:
    """People talk while the process ends again and again; then all is answered."""
    stop = asyncio.Event()
    seeds = [chance.getrandbits(64) for _ in sat]
    talking = asyncio.gather(
        *(_talk(seat, Random(seed), repeater, stop) for seat, seed in zip(sat, seeds, strict=True))
    )
    ends = Ends()
    for number in range(scale.pick(2, 80)):
        await asyncio.sleep(chance.uniform(0.2, 1.2))
        began = datetime.now(UTC)
        await _end(around, ends, kills=number % 2 == 0)
        repeater.unconfirm()
        await around.bot.start()
        ends.down.append((began, datetime.now(UTC)))
        upto = {seat: len(seat.said) for seat in sat}
        await until_all_answered(sat, PATIENCE_S, upto)
    stop.set()
    await talking
    await repeater.close()
    await until_all_answered(sat, END_S)
    return ends


async def _end(around: World, ends: Ends, *, kills: bool) -> None:
    if kills:
        around.bot.kill()
        ends.killed.append(datetime.now(UTC))
        await around.bot.ended()
    else:
        await around.bot.stop()


async def _talk(seat: Seat, chance: Random, repeater: Repeater, stop: asyncio.Event) -> None:
    while not stop.is_set():
        burst = 1 if seat.stand.name == "wechat" else chance.choice((1, 1, 2))
        for _ in range(burst):
            number = await repeater.say(seat)
        if await seat.stand.taken(seat.said[number]):
            with suppress(TimeoutError):
                await seat.answered(number, PATIENCE_S)
        await asyncio.sleep(chance.uniform(0.2, 1.0))


async def later(
    around: World, sat: Sequence[Seat], repeater: Repeater, ages: Sequence[timedelta]
) -> list[str]:
    """After an orderly restart, and when all is so old, everything comes twice at once."""
    wrong: list[str] = []
    for age in ages:
        await around.bot.stop()
        repeater.unconfirm()
        if age:
            await grow_old(around, age)
        before = _counts(around)
        await around.bot.start()
        await repeater.everything(sat, 2)
        await asyncio.sleep(QUIET_S)
        asked, shown = (now - then for now, then in zip(_counts(around), before, strict=True))
        if asked or shown:
            wrong.append(f"{age.days} days old: {asked} generations, {shown} lines of the bot")
    return wrong


async def control(around: World, sat: Sequence[Seat], repeater: Repeater) -> list[str]:
    """Past the promised week it is news again: else nothing has grown old here."""
    await around.bot.stop()
    await grow_old(around, TOO_OLD)
    asked, _ = _counts(around)
    await around.bot.start()
    await repeater.everything([seat for seat in sat if seat.stand.bot == "telegram2"][:1], 1)
    await asyncio.sleep(QUIET_S)
    if _counts(around)[0] == asked:
        return ["expected eight days old messages to be news again: the ages are not judged"]
    return []


async def grow_old(around: World, age: timedelta) -> None:
    """The sweep of so many days from now, which keeps content for one."""
    media = FileMedia(around.data / "media")
    store = await SqlStore.open(f"sqlite:///{around.data / 'parley.db'}", media)
    try:
        await store.sweep(datetime.now(UTC) + age, keep_days=1)
    finally:
        await store.close()


def _counts(around: World) -> tuple[int, int]:
    """How often the relay was asked, and how many lines the bot has said."""
    lines = sum(len(stand.town.lines(sender="bot")) for stand in around.stands.values())
    return len(around.journal.entries("chat")), lines


def twice(around: World, ends: Ends) -> list[str]:
    """Asked for again though the process had not ended in between."""
    asked: dict[str, list[datetime]] = defaultdict(list)
    for entry in around.journal.entries("chat"):
        if found := MARK.search(entry.body["messages"][-1]["content"]):
            asked[f"{found[1]}-{found[2]}"].append(entry.at)
    return [
        mark
        for mark, times in asked.items()
        for before, after in pairwise(times)
        if not any(before <= up and after >= began for began, up in ends.down)
    ]


async def unlike(sat: Sequence[Seat]) -> list[str]:
    """Pushes whose tries were answered by different bytes."""
    found: list[str] = []
    for seat in sat:
        if isinstance(seat.stand.platform, WeChat):
            for number, line in enumerate(seat.said):
                push = await seat.stand.platform.outcome(line)
                if len(push.answers) > 1:
                    found.append(f"{seat.key}-{number}")
    return found


EXPERIMENT = Experiment(promises=(7,), title="each message delivered again and again", run=run)
