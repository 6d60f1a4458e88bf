"""Another process takes the database for itself while people talk.

What comes in meanwhile is not acknowledged, and answered once the lock is gone.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.wechat.wechat import WeChat
from prove.experiment import Experiment, Finding, Scale
from prove.world.checker import judge
from prove.world.lock import locked
from prove.world.people import Seat, greet, seats, talk, until_all_answered
from prove.world.probe import Monitor, monitored
from prove.world.world import World, world

NOTICED_S = 7.0
"""/readyz tells of a lock within: twice the 2 s that it is waited for, what is being written and
the check itself, and the 2 s that the answer before holds."""

BACK_S = 10.0
END_S = 40.0
CALM_S = 1.0


@dataclass(slots=True, kw_only=True)
class Seen:
    """`back` and `noticed` in seconds, for each lock that was long enough."""

    unacknowledged: int = 0
    noticed: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    lasting = [1.0, 7.5] if not scale.long else [1, 3, 10, 30, 60, 1, 3, 10, 30, 60]
    chance.shuffle(lasting)
    seen = Seen()
    async with world(scale.folder, people=4, log="error") as around:
        sat = seats(around)
        await around.start()
        await greet(sat)
        stop = asyncio.Event()
        async with monitored(around.private) as monitor:
            talking = asyncio.create_task(talk(sat, chance, stop))
            for lasts_s in lasting:
                await asyncio.sleep(chance.uniform(0, CALM_S))
                await lock_once(around, sat, monitor, lasts_s, seen)
            stop.set()
            await talking
        await until_all_answered(sat, END_S)
        judged = await judge(around, sat)
    return judged.finding(
        load=f"{len(sat)} conversations on {len(around.stands)} platforms",
        faults=f"{len(lasting)} exclusive locks of {min(lasting):g} to {max(lasting):g} s",
        wrong=seen.wrong,
        figures=(
            f"{seen.unacknowledged} messages left unacknowledged; /readyz tells after "
            f"{_worst(seen.noticed)} s, all answered {_worst(seen.back)} s after the lock"
        ),
    )


async def lock_once(
    around: World, sat: Sequence[Seat], monitor: Monitor, lasts_s: float, seen: Seen
) -> None:
    async with locked(around.data / "parley.db"):
        began = time.monotonic()
        before = {seat: len(seat.said) for seat in sat}
        scouts = [seat for seat in sat if not seat.group]
        for seat in scouts:
            if seat.stand.name != "wechat":  # of two that it holds it may bring the later one first
                await seat.say()
        await asyncio.sleep(lasts_s)
        for seat in scouts:
            _judge_acknowledgements(seat, before[seat], seen)
    freed = time.monotonic()
    if lasts_s > NOTICED_S:
        noticed = monitor.first(503, began, freed)
        if noticed is None or noticed > NOTICED_S:
            seen.wrong.append(f"/readyz told of a lock of {lasts_s:g} s after {noticed} s")
        else:
            seen.noticed.append(noticed)
    upto = {seat: before[seat] + 1 for seat in sat}
    if await until_all_answered(scouts, BACK_S + 5.0, upto):
        seen.back.append(time.monotonic() - freed)
    if not seen.back or seen.back[-1] > BACK_S:
        seen.wrong.append(f"not all was answered within {BACK_S:g} s of a lock of {lasts_s:g} s")


def _judge_acknowledgements(seat: Seat, first: int, seen: Seen) -> None:
    """Of what was said while nobody could store anything, nothing may be acknowledged."""
    for number, line in enumerate(seat.said[first:], first):
        match seat.stand.platform:
            case WeChat() as wechat:
                held = not wechat.journal.push(line.number).ended
            case Telegram() as telegram:
                mark = f"note {seat.key}-{number}".encode()
                held = any(mark in update.content for update in telegram.updates.pending())
            case _:
                return
        seen.unacknowledged += held
        if not held:
            seen.wrong.append(f"{seat.key}-{number}: acknowledged while the database was locked")


def _worst(spans: Sequence[float]) -> str:
    return f"{max(spans):.1f}" if spans else "-"


EXPERIMENT = Experiment(promises=(11,), title="the database is locked", run=run)
