"""Random kills under load, over three platforms at once.

A message in whose handling the process dies three times counts as poison and is set aside
(promise 13): so after two kills in a row the third waits until what the first one met is
answered.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from random import Random

from prove.experiment import Experiment, Finding, Scale
from prove.world.checker import judge
from prove.world.people import Seat, greet, seats, talk, until_all_answered
from prove.world.world import World, world

IN_A_ROW = 2
QQ_S = 3.0
END_S = 40.0


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    async with world(scale.folder) as around:
        sat = seats(around)
        await around.start()
        await greet(sat)
        stop = asyncio.Event()
        talking = asyncio.create_task(talk(sat, chance, stop))
        killed = await kill_often(around, sat, chance, scale.pick(20, 500))
        stop.set()
        await talking
        await until_all_answered(sat, END_S)
        judged = await judge(around, sat, killed)
    return judged.finding(
        load=f"{len(sat)} conversations on {len(around.stands)} platforms",
        faults=f"{len(killed)} kills at random",
    )


async def kill_often(
    around: World, sat: Sequence[Seat], chance: Random, times: int
) -> list[datetime]:
    """The moments of the kills. It is over once something is lost: the judge tells what."""
    killed: list[datetime] = []
    while len(killed) < times:
        row = range(min(IN_A_ROW, times - len(killed)))
        killed += [await kill_once(around, chance) for _ in row]
        if not await rest(sat):
            break
    return killed


async def rest(sat: Sequence[Seat]) -> bool:
    """Until what the kills met is answered, one after the other where both met it. On QQ a part
    that was on its way is looked for in the history for ten seconds: that is not waited for."""
    upto = {seat: len(seat.said) for seat in sat}
    on_qq = [seat for seat in sat if seat.stand.name == "qq"]
    others = [seat for seat in sat if seat.stand.name != "qq"]
    all_well = await until_all_answered(others, upto=upto)
    await until_all_answered(on_qq, QQ_S, upto)
    return all_well


async def kill_once(around: World, chance: Random) -> datetime:
    """After a random while, start-up included, kill -9, and start again."""
    await asyncio.sleep(chance.uniform(0, 1.0))
    at = await around.kill()
    await around.bot.start()
    return at


EXPERIMENT = Experiment(promises=(1, 2, 4, 5), title="random kills under load", run=run)
