"""An answer of ten parts, and a kill between each of them and inside each send."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Literal, TypeAlias

import httpx

from bots.sandbox.faults import Delay, Lose, Stall
from bots.sandbox.onebot import faults as qq
from bots.sandbox.onebot.onebot import OneBot
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.town.town import BOT, Utterance
from prove.experiment import Experiment, Finding, Scale
from prove.world.checker import FLAGS
from prove.world.platforms import Name, Stand
from prove.world.teller import Teller
from prove.world.world import FIRST_PERSON, World, world

Moment: TypeAlias = Literal["before", "inside", "after"]
"""When the process is killed: the platform has read the send and done nothing; it has done it
and not answered; it answers."""

MOMENTS: tuple[Moment, ...] = ("before", "inside", "after")
PARTS = 10
CHARS = {"qq": 1000, "telegram": 3000}
"""Of each part: two do not fit into one message."""
WHOLE = 'history_chars = "unlimited"'
SETTINGS = {"qq": f'{WHOLE}\nlong_answers = "pieces"\npiece_chars = 1100', "telegram": WHOLE}
PATIENCE_S = 25.0
QUIET_S = 1.0
HITS = re.compile(r'^parley_parts_unsure_total\{[^}]*done="(\w+)"[^}]*\} (\d+)', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A kill at the `nth` part, counted from 1."""

    name: Name
    person: str
    nth: int
    moment: Moment

    def __str__(self) -> str:
        return f"{self.name}: killed {self.moment} part {self.nth}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Cases of one platform, on which an answer has `count` parts."""

    name: Name
    count: int
    cases: tuple[Case, ...]


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of a plan."""

    cases: int = 0
    lost: int = 0
    repeated: int = 0
    misordered: int = 0
    flagged: int = 0
    wrong: list[str] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)


def parts_of(plan: Plan) -> list[str]:
    """They begin alike, and the fourth and fifth are the same altogether."""
    parts, chars = [], CHARS[plan.name]
    for number in range(plan.count):
        shown = 3 if number == 4 else number
        begin = f"{'All of these parts begin with the very same words. ' * 2}Part {shown}:"
        words = "".join(f" word {shown}.{place}" for place in range(chars // 8))
        parts.append((begin + words)[:chars].rstrip())
    return parts


async def run(scale: Scale) -> Finding:
    plans = planned(scale, Random(scale.seed))
    tallies = await asyncio.gather(*(play(scale, plan) for plan in plans))
    hits = sum((tally.hits for tally in tallies), Counter[str]())
    told = ", ".join(f"{count} {done}" for done, count in sorted(hits.items()))
    loads = dict.fromkeys(f"{plan.count} parts on {plan.name}" for plan in plans)
    again = sum(tally.flagged for tally in tallies)
    return Finding(
        load=f"answers of {', '.join(loads)}",
        faults=f"{sum(tally.cases for tally in tallies)} kills, before, inside and after a send",
        lost=sum(tally.lost for tally in tallies),
        repeated=sum(tally.repeated for tally in tallies),
        misordered=sum(tally.misordered for tally in tallies),
        wrong=tuple(one for tally in tallies for one in tally.wrong),
        figures=f"parts of unknown outcome: {told or 'none'}; "
        f"{again} shown again inside W on Telegram, flagged, none on QQ",
    )


def planned(scale: Scale, chance: Random) -> list[Plan]:
    """Side by side: QQ's parts are half a second apart, its history is looked into for ten."""
    if scale.long:
        every = range(1, PARTS + 1)
        qq_plans = [_plan("qq", PARTS, [(nth, moment) for nth in every]) for moment in MOMENTS]
        all_points = [(nth, moment) for nth in every for moment in MOMENTS]
        return [*qq_plans, _plan("telegram", PARTS, all_points)]
    count = 5
    picked = chance.sample(range(1, PARTS + 1), 4)
    points = list(zip(picked, [*chance.sample(MOMENTS, 3), "inside"], strict=True))
    nths = chance.sample(range(1, count + 1), 2)
    qq_points = zip(nths, ("before", "inside"), strict=True)
    return [*(_plan("qq", count, [point]) for point in qq_points), _plan("telegram", PARTS, points)]


def _plan(name: Name, count: int, points: Sequence[tuple[int, Moment]]) -> Plan:
    cases = tuple(
        Case(name=name, person=str(FIRST_PERSON + place), nth=nth, moment=moment)
        for place, (nth, moment) in enumerate(points)
    )
    return Plan(name=name, count=count, cases=cases)


async def play(scale: Scale, plan: Plan) -> Tally:
    """All its cases, one after the other, with a bot of their own."""
    parts, tally = parts_of(plan), Tally()
    teller = Teller("\n\n".join(parts))
    async with surroundings(scale, plan, teller) as around:
        (stand,) = around.stands.values()
        for case in plan.cases:
            try:
                await kill_in(around, stand, case, parts)
            except TimeoutError:
                tally.wrong.append(f"{case}: not all was shown within {PATIENCE_S:.0f} s")
            tally.hits += await hits(around)
        await asyncio.sleep(QUIET_S)
        for case in plan.cases:
            judge(stand, case, parts, tally)
            if (asked := teller.asked.count(question(case))) != 1:
                tally.wrong.append(f"{case}: the relay was asked {asked} times")
    return tally


@asynccontextmanager
async def surroundings(scale: Scale, plan: Plan, teller: Teller) -> AsyncIterator[World]:
    folder = Path(mkdtemp(dir=scale.folder))
    async with (
        teller.open() as relay,
        world(
            folder,
            platforms=(plan.name,),
            people=len(plan.cases),
            groups=0,
            settings=SETTINGS[plan.name],
            relay=relay,
        ) as around,
    ):
        await around.start()
        yield around


def question(case: Case) -> str:
    return f"Tell me all, number {case.person}"


async def kill_in(around: World, stand: Stand, case: Case, parts: Sequence[str]) -> None:
    """Ask, kill at the moment, start again, and wait for all parts. Raises TimeoutError."""
    if isinstance(stand.platform, OneBot):
        await stand.platform.until_connected()
    reached = arm(stand, case)
    said = Utterance(place=case.person, person=case.person, text=question(case))
    await stand.platform.speak(said)
    await until(reached)
    around.bot.kill()
    await around.bot.ended()
    await around.bot.start()
    await until(lambda: is_whole(shown(stand, case), parts))


def is_whole(found: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether all parts were shown, in their order. The last alone may be the same as another."""
    left = iter(found)
    return all(part in left for part in parts)


def arm(stand: Stand, case: Case) -> Callable[[], bool]:
    """What tells that the moment has come."""

    def is_shown() -> bool:
        return len(shown(stand, case)) >= case.nth

    if case.moment == "after":
        return is_shown
    first, before = case.nth - 1, case.moment == "before"
    match stand.platform:
        case OneBot() as account:
            call = "send_private_msg"
            if first:
                account.faults.add(qq.Delay(call=call, count=first))
            struck = account.faults.add(qq.Silence(call=call, delivered=not before))
            return (lambda: struck.left == 0) if before else is_shown
        case Telegram() as telegram:
            if first:
                telegram.faults.add(Delay(call="sendMessage", count=first))
            fault = Stall(call="sendMessage") if before else Lose(call="sendMessage", silent=True)
            held = telegram.faults.add(fault)
            return (lambda: held.left == 0) if before else is_shown
        case other:
            raise TypeError(f"expected QQ or Telegram, got {other}")


async def until(reached: Callable[[], bool]) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_S):
        while not reached():  # noqa: ASYNC110 - platforms tell nobody of what they hold back
            await asyncio.sleep(0.001)


async def hits(around: World) -> Counter[str]:
    """What the process that runs now says of parts of unknown outcome."""
    async with httpx.AsyncClient(trust_env=False) as client:
        told = await client.get(f"http://127.0.0.1:{around.private}/metrics")
    return Counter({done: int(count) for done, count in HITS.findall(told.text)})


def shown(stand: Stand, case: Case) -> list[str]:
    """Without the note that a part may have come before."""
    return [text for text, _ in lines(stand, case)]


def lines(stand: Stand, case: Case) -> list[tuple[str, bool]]:
    """(text, whether it was flagged), in the order shown."""
    found = []
    for line in stand.town.lines(case.person, BOT):
        first, _, rest = line.text.partition("\n")
        flagged = any(flag in first for flag in FLAGS)
        found.append((rest.strip("\n") if flagged else line.text, flagged))
    return found


def judge(stand: Stand, case: Case, parts: Sequence[str], tally: Tally) -> None:
    """Each part once, in order, the same bytes; on Telegram the one in W again, if flagged."""
    tally.cases += 1
    # an answer that is on its way may be noted or not, and the next part may have left
    last = case.nth + (case.moment == "after")
    in_window = range(case.nth, last + 1) if stand.name == "telegram" else range(0)
    next_one = 0
    for text, flagged in lines(stand, case):
        if flagged and next_one in in_window and text == parts[next_one - 1]:
            tally.flagged += 1
        elif next_one < len(parts) and text == parts[next_one]:
            next_one += 1
            if flagged and next_one not in in_window:
                tally.wrong.append(f"{case}: part {next_one} is flagged")
        elif text in parts[:next_one]:
            tally.repeated += 1
            tally.wrong.append(f"{case}: part {parts.index(text) + 1} again")
        else:
            tally.misordered += 1
            tally.wrong.append(f"{case}: {text[:80]!r} after part {next_one}")
    if next_one < len(parts):
        tally.lost += len(parts) - next_one
        tally.wrong.append(f"{case}: {next_one} of {len(parts)} parts")


EXPERIMENT = Experiment(promises=(2, 3), title="ten parts, killed between and inside each", run=run)
