"""Official accounts that may only answer, while the relay hangs and the way is bad.

WeChat's rules: a push is tried three times, five seconds each; what is said once ends it.
Everything is judged from WeChat's side and from what its people were shown.
"""

import asyncio
import gc
import socket
import time
from datetime import UTC, datetime
from random import Random

from prove.experiment import Experiment, Finding, Scale
from prove.passive.crowd import Crowd
from prove.passive.judge import Down, judge
from prove.passive.stage import Stage, stage
from prove.world.echo import Echo

SHORT_HOLDS_S = ((0.0, 0.3), (1.0, 2.0), (5.0, 9.0), (11.0, 13.0))
LONG_HOLDS_S = ((0.0, 0.3), (1.0, 4.2), (4.5, 9.5), (7.0, 20.0), (14.0, 25.0))
RATE = 80.0
"""New questions; with their tries, and with what people ask for, some 250 requests a second."""

SHORT_RATE, SHORT_S = 60.0, 1.0
LONG_S = 60.0
PEOPLE = 3000
KILL_EVERY_S = (15.0, 30.0)
REST_S = 90.0
LONG_ANSWER = 0.2
"""How many answers take more than one part."""

STEP = 7919
"""A prime: which answers are long depends on nothing else."""


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    relay = Echo(more=tail)
    gc.disable()  # WeChat's times are taken here: nothing may stand still
    people = PEOPLE if scale.long else int(SHORT_RATE * SHORT_S / 2) + 1
    async with stage(scale.folder, people, relay) as around:
        crowd = Crowd(around.accounts, chance, LONG_HOLDS_S if scale.long else SHORT_HOLDS_S)
        relay.hold_s = crowd.hold_s
        await around.bot.start()
        await asyncio.sleep(1.0 - time.time() % 1.0)  # who asks in its first second is told early
        rate, seconds = (RATE, LONG_S) if scale.long else (SHORT_RATE, SHORT_S)
        talking = asyncio.create_task(crowd.talk(rate, seconds))
        downs = await kill_meanwhile(around, talking, Random(scale.seed)) if scale.long else []
        await talking
        rested = await crowd.rest(REST_S)
        return finding(around, crowd, downs, rate=rate, rested=rested)


async def kill_meanwhile(around: Stage, talking: asyncio.Task[None], chance: Random) -> list[Down]:
    """From the kill until it is up again. Started again at once."""
    bot = around.bot
    downs: list[Down] = []
    while True:
        done, _ = await asyncio.wait({talking}, timeout=chance.uniform(*KILL_EVERY_S))
        if done:
            return downs
        killed = datetime.now(UTC)
        bot.kill()
        await bot.ended()
        bot.begin()
        opened = await asyncio.to_thread(opened_at, around.public)
        await bot.until_up()
        downs.append(Down(killed=killed, opened=opened, up=datetime.now(UTC)))


def opened_at(port: int) -> datetime:
    """When connections are taken again, to some milliseconds: beside the loop, which has much to
    do then."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.002)
        else:
            return datetime.now(UTC)


def tail(said: str) -> str:
    """After the echo; long answers go out in parts, for each of which a person has to ask."""
    mark = said.partition(" ")[2].partition(" ")[0]
    lengthy = sum(map(ord, mark)) * STEP % 100 < 100 * LONG_ANSWER
    return f"\n{'A long answer follows. ' * 120 if lengthy else ''}\nThat was all of {mark}."


def finding(
    around: Stage, crowd: Crowd, downs: list[Down], *, rate: float, rested: bool
) -> Finding:
    asked = [said.partition(" ")[2].partition(" ")[0] for said in around.relay.asked]
    verdict = judge(tuple(around.accounts.values()), crowd.questions, asked, downs)
    return Finding(
        load=f"{len(crowd.questions)} questions, {rate:g} new ones a second, to two accounts, "
        f"{around.relay.most} at once held by the relay",
        faults="a relay that hangs, lost and late answers, broken connections, copies and "
        f"retries in any order, {len(downs)} kills",
        lost=len(verdict.lost),
        repeated=len(verdict.repeated),
        leaked=len(verdict.leaked),
        wrong=tuple(verdict.words()) + (() if rested else ("somebody still waited",)),
        figures=verdict.figures(),
    )


EXPERIMENT = Experiment(
    promises=(6,), title="passive replies on WeChat, in their time", run=run, alone=True
)
