"""One kill at each named step of a message's way, on each platform that has it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

from prove.experiment import Experiment, Finding, Scale
from prove.world.checker import judge
from prove.world.failpoints import STEPS
from prove.world.people import Seat, greet, seats, until_all_answered
from prove.world.platforms import NAMES, Name
from prove.world.world import World, world

REACHED_S = 20.0
REST_S = 3.0
END_S = 40.0
NOWHERE: dict[Name, frozenset[str]] = {
    "qq": frozenset(("mid-stream",)),
    "telegram": frozenset(),
    "wechat": frozenset(("part-trying", "mid-stream")),
}
"""Steps that a platform's messages do not take: QQ and WeChat have nothing that shows a stream,
and WeChat's passive reply can be repeated, so that it needs no note before it."""


async def run(scale: Scale) -> Finding:
    """Short: each step once, on some platform, in one conversation. Long: each step on each, at
    its 1st to 4th time, in all conversations."""
    chance, wrong = Random(scale.seed), list[str]()
    killed: list[datetime] = []
    async with world(scale.folder, people=3) as around:
        sat = seats(around)
        await around.start()
        await greet(sat)
        for name, step in plan(chance, long=scale.long):
            theirs = [seat for seat in sat if seat.stand.name == name]
            talking = sat if scale.long else [chance.choice(theirs)]
            nth = chance.randint(1, scale.pick(2, 4))
            times = await kill_at(around, f"{step}:{nth}", talking)
            killed += times
            if len(times) < 2:
                wrong.append(f"{step}:{nth} was not reached on {name}")
        await until_all_answered(sat, END_S)
        judged = await judge(around, sat, killed)
    return judged.finding(
        load=f"{len(sat)} conversations on 3 platforms",
        faults=f"{len(killed)} kills, {len(killed) // 2} of them at {len(STEPS)} steps",
        wrong=wrong,
    )


def plan(chance: Random, *, long: bool) -> list[tuple[Name, str]]:
    every = [(name, step) for step in STEPS for name in NAMES if step not in NOWHERE[name]]
    if long:
        return every
    by_step: dict[str, list[tuple[Name, str]]] = {}
    for one in every:
        by_step.setdefault(one[1], []).append(one)
    return [chance.choice(ways) for ways in by_step.values()]


async def kill_at(around: World, failpoint: str, talking: Sequence[Seat]) -> list[datetime]:
    """Start anew with the failpoint, talk until it kills, start again and rest.

    The kills: the one before the start, and the one at the failpoint if it was reached.
    """
    killed = [await around.kill()]
    await around.bot.start(failpoint)
    deadline = asyncio.get_running_loop().time() + REACHED_S
    while around.bot.alive and asyncio.get_running_loop().time() < deadline:
        waited = [(seat, await seat.say()) for seat in talking]
        answered = [asyncio.create_task(seat.answered(number)) for seat, number in waited]
        died = asyncio.create_task(around.bot.ended(REACHED_S))
        await asyncio.wait(
            [asyncio.gather(*answered, return_exceptions=True), died],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in (*answered, died):
            task.cancel()
        await asyncio.gather(*answered, died, return_exceptions=True)
    if not around.bot.alive:
        killed.append(datetime.now(UTC))
        await around.bot.start()
        await until_all_answered(talking, REST_S)
    return killed


EXPERIMENT = Experiment(promises=(1, 2), title="a kill at each named step", run=run)
