"""A hundred calls at once where little is left of a limit, with kills: it is never passed.

What was used is told by the relay's own journal, which notes what its account was charged for
each call; messages by the answers that the platforms showed. Once all is quiet, people go on
one at a time until they are refused: reservations have ended if they get all but what one call
may need. Where there were kills, what was then reserved counts as spent; so an admin raises the
limit first, and all that was added must be had.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from random import Random

import aiohttp
from msgspec import structs

from bots.sandbox.town.town import BOT, Line, Utterance
from prove.charged import HISTORY_CHARS, LEVELS, MEASURES, MOST, Case, Charged, Level
from prove.experiment import Experiment, Finding, Scale
from prove.world.people import Seat, seats
from prove.world.platforms import NAMES, Name
from prove.world.recordings import recordings
from prove.world.world import FIRST_PERSON, World, world

AT_ONCE, AT_ONCE_TRIED = 100, 6
VOICED_ON: tuple[Name, ...] = ("telegram",)
"""There a recording goes to the relay as it was made, so its bytes tell whose it is."""

ADDED = 3
"""So many calls' most are added where there were kills."""

CROWDS: Mapping[Level, tuple[int, int]] = {
    "person": (3, 10),
    "group": (20, 1),
    "bot": (20, 1),
    "all": (20, 1),
}
"""People and groups: many conversations of each person, or many people."""

STEPS = ("claimed", "relay-sent", "generation-committed", "mid-stream")
LATER, MOST_LEFT = 1000, 300
"""Numbers of what is said at the end, and how much that is at most."""

PACE_S = 0.002
LOOK_S, QUIET_S, NEVER_QUIET_S, PATIENCE_S = 0.1, 0.8, 60.0, 25.0
"""On QQ a part that was on its way is looked for in the history for ten seconds."""


@dataclass(slots=True)
class Seen:
    calls: int = 0
    kills: int = 0
    fullest: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Refused:
    """How many asked, of whom `row` at last in vain. A call that was `broken` before the relay
    had it may have been billed, for all that the bot knows: it counts."""

    asked: int = 0
    row: int = 0
    broken: int = 0
    told: str = ""

    def note(self, told: str, *, called: bool) -> None:
        self.asked += 1
        self.told = told
        if called:
            self.broken += self.row
        self.row = 0 if called else self.row + 1


async def run(scale: Scale) -> Finding:
    chance, seen = Random(scale.seed), Seen()
    every = cases(chance, long=scale.long)
    turns = asyncio.Semaphore(AT_ONCE_TRIED)

    async def in_turn(number: int, case: Case, seed: int) -> None:
        folder = scale.folder / str(number)
        folder.mkdir()
        async with turns:
            await try_one(case, folder, Random(seed), seen)

    seeds = [chance.getrandbits(64) for _ in every]
    async with asyncio.TaskGroup() as group:
        for number, (case, seed) in enumerate(zip(every, seeds, strict=True)):
            group.create_task(in_turn(number, case, seed))
    return Finding(
        load=f"{seen.calls} calls, {AT_ONCE} at once, under {len(every)} limits",
        faults=f"{seen.kills} kills, at random and at named steps",
        wrong=tuple(seen.wrong),
        figures=(
            f"of the fullest limit {seen.fullest:.1%} was used, and all of what was added where "
            "there were kills, but for what one call may need"
        ),
    )


def cases(chance: Random, *, long: bool) -> list[Case]:
    """Short: each measure once and each level. Long: all of them, calm and with kills."""
    levels = list(LEVELS)
    if not long:
        drawn = [*chance.sample(levels, len(levels)), *chance.sample(levels, len(levels))]
        return [
            Case(measure=measure, level=level, kills=kills, calls=3)
            for measure, level, kills in zip(MEASURES, drawn, (2, 0, 2, 3, 2, 1), strict=False)
        ]
    return [
        Case(measure=measure, level=level, kills=kills, calls=calls)
        for measure, level, (kills, calls) in product(MEASURES, levels, ((0, 3), (4, 1), (8, 8)))
    ]


async def try_one(case: Case, folder: Path, chance: Random, seen: Seen) -> None:
    people, groups = CROWDS[case.level]
    admin = FIRST_PERSON + people
    async with world(
        folder,
        platforms=VOICED_ON if case.voiced else NAMES,
        people=people + 1,
        groups=groups,
        pace_s=PACE_S,
        settings=f"history_chars = {HISTORY_CHARS}",
        people_settings=f'admins = ["telegram:{admin}"]',
        more=case.section,
    ) as around:
        sat = [seat for seat in seats(around) if seat.person != f"{admin}"]
        charged = await charging(around, case, sat)
        await around.start()
        speaking = asyncio.create_task(all_at_once(charged))
        await kill_some(around, case, chance)
        said = await speaking
        await quiet(around)
        before = charged.used()
        over(case, case.limit, before, seen)
        added = await raise_limit(around, case, f"{admin}") if case.kills else 0
        scope = chance.choice(sorted({case.scope(seat) for seat in sat} - {""}))
        members = [seat for seat in sat if case.scope(seat) == scope]
        refused = await use_up(charged, members)
        after = charged.used()
        over(case, case.limit + added, after, seen)
    had, due = (after[scope] - before[scope], added) if added else (after[scope], case.limit)
    if had <= due - (1 + refused.broken) * MOST[case.measure]:
        after_kills = f"{case.name} after {case.kills} kills"
        seen.wrong.append(f"{after_kills}: {scope} could use {had} of {due}: {refused.told[:200]}")
    seen.calls += said + refused.asked
    seen.kills += case.kills
    seen.fullest = max(seen.fullest, max(after.values(), default=0) / (case.limit + added))


async def charging(around: World, case: Case, sat: Sequence[Seat]) -> Charged:
    spoken: Mapping[str, bytes] = {}
    if case.measure == "heard":
        scopes = sorted({case.scope(seat) for seat in sat})
        spoken = await asyncio.to_thread(recordings, scopes)
    by_key = {seat.key: seat for seat in sat}
    return Charged(around=around, case=case, sat=by_key, recordings=spoken)


async def raise_limit(around: World, case: Case, admin: str) -> int:
    """By how much."""
    added = ADDED * MOST[case.measure]
    stand = around.stands["telegram"]
    lines = len(stand.town.lines(admin, BOT))
    said = Utterance(place=admin, person=admin, text=case.raised(case.limit + added))
    await stand.platform.speak(said)
    await stand.town.until(partial(more_lines, admin, lines), PATIENCE_S)
    return added


async def all_at_once(charged: Charged) -> int:
    sat = charged.sat.values()
    each = -(-AT_ONCE // len(sat))
    await asyncio.gather(*(say(charged, seat, number) for seat in sat for number in range(each)))
    return each * len(sat)


async def say(charged: Charged, seat: Seat, number: int) -> None:
    said = Utterance(place=seat.place, person=seat.person, mention=seat.group)
    mark = f"note {seat.key}-{number}"
    match charged.case.measure:
        case "heard":
            sound = charged.recordings[charged.case.scope(seat)]
            said = structs.replace(said, kind="voice", content=sound)
        case "images":
            said = structs.replace(said, text=f"/image {mark}")
        case "read aloud":
            said = structs.replace(said, text=f"/say {mark}")
        case _:
            said = structs.replace(said, text=mark)
    await seat.stand.platform.speak(said)


async def kill_some(around: World, case: Case, chance: Random) -> None:
    """At random, and at a named step some calls on."""
    for number in range(case.kills):
        if number % 2:
            await around.bot.start(f"{chance.choice(STEPS)}:{chance.randint(1, 8)}")
            with suppress(TimeoutError):
                await around.bot.ended(chance.uniform(0.2, 0.8))
        else:
            await asyncio.sleep(chance.uniform(0.02, 0.6))
        if around.bot.alive:
            around.bot.kill()
        await around.bot.ended()
        if number % 2 or number == case.kills - 1:
            await around.start()


async def quiet(around: World) -> None:
    """Nothing is being worked on, and nothing was asked and nothing said for a while."""

    def heard() -> int:
        lines = sum(len(stand.town.lines()) for stand in around.stands.values())
        return lines + len(around.journal.entries())

    async with asyncio.timeout(NEVER_QUIET_S):
        before, since = heard(), time.monotonic()
        while time.monotonic() - since < QUIET_S or await waiting(around):
            await asyncio.sleep(LOOK_S)
            if (now := heard()) != before:
                before, since = now, time.monotonic()


async def idle(around: World) -> None:
    """Nothing is being worked on."""
    async with asyncio.timeout(NEVER_QUIET_S):
        while True:
            if not await waiting(around):
                return
            await asyncio.sleep(LOOK_S / 5)


async def waiting(around: World) -> bool:
    """Whether there is work left: what was being worked on at a kill comes one by one."""
    url = f"http://127.0.0.1:{around.private}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return "parley_messages_waiting 0.0" not in await answer.text()


async def use_up(charged: Charged, members: Sequence[Seat]) -> Refused:
    """One after the other until two in a row are for nothing: one alone had a broken connection."""
    journal, refused = charged.around.journal, Refused()
    for number in range(MOST_LEFT):
        seat = members[number % len(members)]
        town, calls = seat.stand.town, len(journal.entries())
        lines = len(town.lines(seat.place, BOT))
        await say(charged, seat, LATER + number)
        await town.until(partial(more_lines, seat.place, lines), PATIENCE_S)
        await idle(charged.around)
        refused.note(town.lines(seat.place, BOT)[-1].text, called=len(journal.entries()) > calls)
        if refused.row == 2:
            return refused
    raise TimeoutError(f"{charged.case.name}: nobody was refused in {MOST_LEFT} messages")


def more_lines(place: str, before: int, lines: Sequence[Line]) -> bool:
    """Whether the bot said more there."""
    return sum((line.place, line.sender) == (place, BOT) for line in lines) > before


def over(case: Case, limit: int, used: Mapping[str, int], seen: Seen) -> None:
    seen.wrong += [
        f"{case.name}: {scope} used {figure} of {limit}"
        for scope, figure in used.items()
        if figure > limit
    ]


EXPERIMENT = Experiment(
    promises=(24,), title="a hundred calls at once at the last of a limit", run=run
)
