"""Messages that do harm at each step of a message's way, while others talk.

What they do to the process is in `prove.world.poison`. Whoever sent one says something more at
once, which must be answered behind it.
"""

import asyncio
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from bots.sandbox.town.town import BOT
from prove.experiment import Experiment, Finding, Scale
from prove.world.checker import Judgement, judge
from prove.world.people import Seat, greet, seats, talk
from prove.world.world import World, world

ROOT = Path(__file__).parent.parent.parent
ASIDE = "I have set it aside"
TOLD: Mapping[str, str] = {
    "raise": ASIDE,
    "kill": ASIDE,
    "accept": ASIDE,
    "render": ASIDE,
    "store": ASIDE,
    "hang": "took too long",
    "parse": "",
    "deliver": "",
}
"""What is said instead of an answer. "": nobody is known yet who could be told, or nothing at
all can be sent to them."""

TALKERS = 4
TRIES = 3
ROUND_S, END_S = 120.0, 120.0
BETWEEN_S = 0.5
POISON = "poison"
DEATH = re.compile(r"^killed by (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One poison message. `sure`: its platform handed it over, by its own word."""

    seat: Seat
    number: int
    kind: str
    sure: bool

    @property
    def mark(self) -> str:
        return f"{self.seat.key}-{self.number}"


@dataclass(slots=True, kw_only=True)
class Run:
    around: World
    chance: Random
    doses: list[Dose] = field(default_factory=list)
    died: list[datetime] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def supervise(self) -> None:
        """Start it again whenever it dies, as systemd does."""
        bot = self.around.bot
        while True:
            await bot.ended(float("inf"))
            self.died.append(datetime.now(UTC))
            await bot.start(POISON)

    async def give(self, seat: Seat, kind: str) -> None:
        await asyncio.sleep(self.chance.uniform(0, BETWEEN_S))
        number = await seat.say(f"poison-{kind}")
        await seat.say()
        sure = await seat.stand.taken(seat.said[number])
        self.doses.append(Dose(seat=seat, number=number, kind=kind, sure=sure))

    async def round(self, victims: Mapping[Seat, str]) -> None:
        """Everybody's poison, until what came behind it is answered."""
        await asyncio.gather(*(self.give(seat, kind) for seat, kind in victims.items()))
        if not await answered(victims, self.doses, ROUND_S):
            self.wrong.append(f"not all was answered within {ROUND_S:.0f} s after poison")

    def set_aside(self) -> list[Dose]:
        return [dose for dose in self.doses if TOLD[dose.kind] == ASIDE]


async def run(scale: Scale) -> Finding:
    people = len(TOLD) + TALKERS
    async with world(scale.folder, people=people, groups=0, log="error") as around:
        sat = seats(around)
        run = Run(around=around, chance=Random(scale.seed))
        victims = dict(zip_kinds(sat, people, qq_too=scale.long))
        await around.start(POISON)
        await greet(sat)
        supervising = asyncio.create_task(run.supervise())
        stop = asyncio.Event()
        talkers = [seat for seat in sat if seat not in victims]
        talking = asyncio.create_task(talk(talkers, run.chance, stop))
        for _ in range(scale.pick(1, 5)):
            await run.round(victims)
        stop.set()
        await talking
        await answered(sat, run.doses, END_S)
        supervising.cancel()
        await asyncio.wait([supervising])
        judged = await judge(around, sat, run.died)
        told = len(run.died)
        run.wrong += [*poorly_told(run), *too_many_deaths(run), *(await not_retried(run))]
    return _but(judged, run.doses).finding(
        load=f"{len(sat)} conversations on {len(around.stands)} platforms",
        faults=f"{len(run.doses)} poison messages of {len(TOLD)} kinds",
        wrong=run.wrong,
        figures=f"{told} processes died of {sum(d.kind == 'kill' for d in run.doses)} killers",
    )


def zip_kinds(sat: Sequence[Seat], people: int, *, qq_too: bool) -> Iterator[tuple[Seat, str]]:
    """Who gives which. What cannot be delivered on QQ is looked for there for long."""
    kinds = list(TOLD)
    for index, seat in enumerate(sat):
        if index % people < len(kinds):
            kind = kinds[index % people]
            if kind != "deliver" or seat.stand.name != "qq" or qq_too:
                yield seat, kind


async def answered(sat: Sequence[Seat] | Mapping[Seat, str], doses: list[Dose], s: float) -> bool:
    """Wait until all that is no poison has its answer; False if that takes longer."""
    bad = {dose.mark for dose in doses}

    async def all_of(seat: Seat) -> None:
        for number, line in enumerate(seat.said):
            if f"{seat.key}-{number}" not in bad and await seat.stand.taken(line):
                await seat.answered(number, s)

    try:
        async with asyncio.timeout(s):
            await asyncio.gather(*map(all_of, sat))
    except TimeoutError:
        return False
    return True


def poorly_told(run: Run) -> Iterator[str]:
    """Each of whom one sentence is due was told it once, and nobody else was."""
    for seat in seats(run.around):
        lines = seat.stand.town.lines(place=seat.place, sender=BOT)
        for sentence in (ASIDE, TOLD["hang"]):
            said = sum(sentence in line.text for line in lines)
            due = [d for d in run.doses if d.seat.key == seat.key and TOLD[d.kind] == sentence]
            if not sum(dose.sure for dose in due) <= said <= len(due):
                yield f"{seat.key} was told {said} times “{sentence}”, not {len(due)} times"


def too_many_deaths(run: Run) -> Iterator[str]:
    killed = Counter(DEATH.findall(run.around.bot.told()))
    for mark, times in killed.items():
        if times > TRIES:
            yield f"{times} processes died of {mark}"
    if sum(killed.values()) != len(run.died):
        yield f"{len(run.died)} processes died, {sum(killed.values())} of poison"


async def not_retried(run: Run) -> list[str]:
    """`parley dead` shows just these, and in a bot that is mended they are answered."""
    around, due = run.around, run.set_aside()
    await around.bot.stop()
    await around.bot.start()
    listed = (await dead(around, "list")).splitlines()[1:]
    sure, wrong = [dose for dose in due if dose.sure], []
    if not len(sure) <= len(listed) <= len(due):
        wrong.append(f"{len(listed)} are set aside, not {len(due)}")
    told = await dead(around, "retry", "--all")
    if told.count(": put back") != len(listed):
        wrong.append(f"not all were put back: {told[-300:]}")
    for dose in sure:
        try:
            await dose.seat.answered(dose.number)
        except TimeoutError as error:
            wrong.append(f"put back: {error}")
    return wrong


async def dead(around: World, *words: str) -> str:
    """What `parley dead` prints."""
    secrets = {key: value for s in around.stands.values() for key, value in s.environ.items()}
    asked = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bots", "dead", *words, "--config", str(around.config)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **secrets},
    )
    told, _ = await asked.communicate()
    return told.decode()


def _but(judged: Judgement, doses: Sequence[Dose]) -> Judgement:
    """Poison itself is not lost: it was set aside, or is known to be beyond help."""
    bad = {dose.mark for dose in doses}
    judged.lost = [mark for mark in judged.lost if mark not in bad]
    return judged


EXPERIMENT = Experiment(promises=(13,), title="poison at every step", run=run)
