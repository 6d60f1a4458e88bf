"""Random kills under load, over three platforms at once."""

import asyncio
from datetime import UTC, datetime
from random import Random

from prove.experiment import Experiment, Finding, Scale
from prove.world.checker import judge
from prove.world.people import greet, seats, talk, until_all_answered
from prove.world.world import World, world


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    kills = scale.pick(20, 500)
    async with world(scale.folder) as around:
        sat = seats(around)
        stop = asyncio.Event()
        await around.start()
        await greet(sat)
        talking = asyncio.create_task(talk(sat, chance, stop))
        killed = [await kill_once(around, chance) for _ in range(kills)]
        stop.set()
        await talking
        await until_all_answered(sat)
        judged = await judge(around, sat, killed)
    spent = f"{len(sat)} conversations of {len(around.stands)} platforms"
    return judged.finding(load=spent, faults=f"{kills} kills at random")


async def kill_once(around: World, chance: Random) -> datetime:
    """After a random while, start-up included, kill -9, and start again."""
    await asyncio.sleep(chance.uniform(0, 1.2))
    around.bot.kill()
    at = datetime.now(UTC)
    await around.bot.ended()
    await around.bot.start()
    return at


EXPERIMENT = Experiment(promises=(1, 2, 4, 5), title="random kills under load", run=run)
