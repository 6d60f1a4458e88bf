"""Hung relay calls hold up nobody else: 200 people talk while none, one or twenty calls hang.

The three are measured in turns, in one process, since a machine is slow or fast for a while. A
single p99 is noisy, so the rounds judge: each compares its own p99s, and the median of thirty is
held against the mark. The short form has three of few messages: it wants the growth in each of
them, and gross, as it is where a hung call holds up others until it ends.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import median, quantiles

from bots.sandbox.faults import Armed, HoldLast, Stall
from prove.experiment import Experiment, Finding, Scale
from prove.world.people import Seat, seats, until_all_answered
from prove.world.world import World, world

PEOPLE, HUNG_MOST = 200, 20
HUNG = (0, 1, HUNG_MOST)
MARK, SHORT_MARK = 1.10, 1.5

PACE_S = 0.012
"""An answer takes about half a second, which is quick for a model."""

A_SECOND = 60.0
ANSWERED_S = 20.0
WARM_UP = 60


@dataclass(slots=True)
class Round:
    """The p99 by how many calls hung, in seconds."""

    p99_s: dict[int, float] = field(default_factory=dict)

    def growth(self, hung: int) -> float:
        return self.p99_s[hung] / self.p99_s[0]


@dataclass(slots=True)
class Seen:
    rounds: list[Round] = field(default_factory=list)
    said: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    half = (PEOPLE + HUNG_MOST) // 2
    async with world(
        scale.folder,
        platforms=("qq", "telegram"),
        people=half,
        groups=0,
        pace_s=PACE_S,
    ) as around:
        sat = seats(around)
        await around.start()
        chance.shuffle(sat)
        seen = Seen()
        await talk(sat, chance, WARM_UP, seen)
        for _ in range(scale.pick(3, 30)):
            seen.rounds.append(await measure(around, sat, chance, scale.pick(45, 200), seen))
    return _finding(seen, scale)


async def measure(
    around: World, sat: Sequence[Seat], chance: Random, messages: int, seen: Seen
) -> Round:
    """One p99 of each, in any order."""
    found = Round()
    for hung in chance.sample(HUNG, len(HUNG)):
        armed = await hang(around, sat[:hung], seen)
        took = await talk(sat[HUNG_MOST:], chance, messages, seen)
        if early := [seat.key for seat in sat[:hung] if len(seat.answers) == len(seat.said)]:
            seen.wrong.append(f"expected calls that hang, got answers to {early}")
        for fault in armed:
            fault.release()
        if not await until_all_answered(sat[:hung], ANSWERED_S):
            seen.lost += 1
            seen.wrong.append("a call that went on was not answered")
        found.p99_s[hung] = quantiles(took, n=100, method="inclusive")[98]
    return found


async def hang(around: World, sat: Sequence[Seat], seen: Seen) -> list[Armed]:
    """Their calls hang: before the first byte, or within the stream."""
    armed: list[Armed] = []
    for number, seat in enumerate(sat):
        streams = seat.stand.name == "telegram" and number % 2 == 0
        fault = HoldLast(call="chat") if streams else Stall(call="chat")
        armed.append(around.faults.add(fault))
        await seat.say()
        try:
            await armed[-1].struck()
        except TimeoutError:
            seen.wrong.append(f"{number} calls hung, and the next never came to the relay")
            break
    return armed


async def talk(sat: Sequence[Seat], chance: Random, messages: int, seen: Seen) -> list[float]:
    """Somebody speaks so often, whatever becomes of the answers; how long each took, in seconds."""
    asked: list[tuple[Seat, int]] = []
    turn = chance.sample(range(len(sat)), len(sat))
    due = asyncio.get_running_loop().time()
    for number in range(messages):
        due += chance.uniform(0.5, 1.5) / A_SECOND
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        seat = sat[turn[number % len(sat)]]
        asked.append((seat, await seat.say()))
    await until_all_answered([seat for seat, _ in asked], ANSWERED_S)
    took = [_took_s(seat, number) for seat, number in asked]
    seen.said += len(took)
    seen.lost += sum(one == ANSWERED_S for one in took)
    return took


def _took_s(seat: Seat, number: int) -> float:
    """From the platform's taking it until its showing the answer; the longest where none came."""
    shown = [line.at for answered, line in seat.answers if answered == number]
    return (shown[0] - seat.said[number].at).total_seconds() if shown else ANSWERED_S


def _finding(seen: Seen, scale: Scale) -> Finding:
    wrong = [*seen.wrong, *filter(None, (_judged(seen.rounds, hung, scale) for hung in HUNG[1:]))]
    base_s = median(found.p99_s[0] for found in seen.rounds)
    ratios = ", ".join(
        f"{median(found.growth(hung) for found in seen.rounds):.2f} with {hung} hung"
        for hung in HUNG[1:]
    )
    return Finding(
        load=f"{PEOPLE} conversations, {seen.said} messages, {A_SECOND:.0f} a second",
        faults=f"1 and {HUNG_MOST} relay calls hung, {len(seen.rounds)} rounds",
        lost=seen.lost,
        wrong=tuple(wrong[:5]),
        figures=f"p99 {base_s * 1000:.0f} ms with none hung; × {ratios} (medians of the rounds)",
    )


def _judged(rounds: Sequence[Round], hung: int, scale: Scale) -> str:
    """The mark that was missed, in words."""
    grew = [found.growth(hung) for found in rounds]
    mark = MARK if scale.long else SHORT_MARK
    if (median(grew) if scale.long else min(grew)) <= mark:
        return ""
    over = sum(growth > mark for growth in grew)
    return (
        f"with {hung} hung the others' p99 grew to {median(grew):.2f} of what it was, "
        f"by more than {mark:.2f} in {over} of {len(rounds)} rounds"
    )


EXPERIMENT = Experiment(
    promises=(4, 8), title="hung relay calls stop nobody else", run=run, alone=True
)
