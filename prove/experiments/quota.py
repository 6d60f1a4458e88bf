"""A hundred calls at once where little is left of a limit, with kills: it is never passed.

What was used is told by the relay's own journal, which notes what its account was charged for
each call; messages by the answers that the platforms showed. Once all is quiet, people go on
one at a time until they are refused: reservations have ended if they get all but what one call
may need. Where there were kills, what was then reserved counts as spent; so the limit is raised
first, and all that was added must be had.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias

import aiohttp

from bots.sandbox.accounts import UNITS_PER_USD
from bots.sandbox.journal import Entry
from bots.sandbox.town.town import BOT, Line, Utterance
from prove.experiment import Experiment, Finding, Scale
from prove.world.people import Seat, seats
from prove.world.square import MARK
from prove.world.world import World, world

Level: TypeAlias = Literal["person", "group", "bot", "all"]
Measure: TypeAlias = Literal["messages", "tokens", "images", "usd"]

AT_ONCE, AT_ONCE_TRIED = 100, 4
ANSWER_TOKENS, HISTORY_CHARS = 64, 200
PROMPT_TOKENS = 3 * HISTORY_CHARS + 64
MOST: Mapping[Measure, int] = {
    "messages": 1,
    "tokens": PROMPT_TOKENS + ANSWER_TOKENS,
    "images": 1,
    "usd": PROMPT_TOKENS + 3 * ANSWER_TOKENS,
}
"""What one call is reserved for at most; dollars in the relay's quota units."""

ADDED = 3
"""So many calls' most are added where there were kills."""

LEVELS: Mapping[Level, str] = {"person": "guest", "group": "group", "bot": "bot", "all": "all"}
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

QUIET_S, NEVER_QUIET_S, PATIENCE_S = 0.8, 60.0, 25.0
"""On QQ a part that was on its way is looked for in the history for ten seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    measure: Measure
    level: Level
    kills: int
    calls: int
    """How many calls' most the limit is."""

    @property
    def limit(self) -> int:
        return self.calls * MOST[self.measure]

    @property
    def name(self) -> str:
        return f"{self.measure} of {self.level}"

    def section(self, limit: int) -> str:
        figure = limit / UNITS_PER_USD if self.measure == "usd" else limit
        level = LEVELS[self.level]
        return f"[limits]\nanswer_tokens = {ANSWER_TOKENS}\n{level}.{self.measure}_month = {figure}"


@dataclass(slots=True)
class Seen:
    calls: int = 0
    kills: int = 0
    fullest: float = 0.0
    wrong: list[str] = field(default_factory=list)


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
    """Short: each measure and each level once. Long: all of them, calm and with kills."""
    measures: tuple[Measure, ...] = ("messages", "tokens", "images", "usd")
    levels: tuple[Level, ...] = ("person", "group", "bot", "all")
    if not long:
        drawn = chance.sample(levels, len(levels))
        return [
            Case(measure=measure, level=level, kills=kills, calls=3)
            for measure, level, kills in zip(measures, drawn, (2, 0, 2, 3), strict=True)
        ]
    return [
        Case(measure=measure, level=level, kills=kills, calls=calls)
        for measure, level, (kills, calls) in product(measures, levels, ((0, 3), (4, 1), (8, 8)))
    ]


async def try_one(case: Case, folder: Path, chance: Random, seen: Seen) -> None:
    people, groups = CROWDS[case.level]
    async with world(
        folder,
        people=people,
        groups=groups,
        settings=f"history_chars = {HISTORY_CHARS}",
        more=case.section(case.limit),
    ) as around:
        sat = {seat.key: seat for seat in seats(around)}
        await around.start()
        speaking = asyncio.create_task(all_at_once(case, list(sat.values())))
        await kill_some(around, case, chance)
        said = await speaking
        await quiet(around)
        before = used(around, case, sat)
        over(case, case.limit, before, seen)
        added = await raise_limit(around, case) if case.kills else 0
        scope = chance.choice(sorted({scope_of(seat, case) for seat in sat.values()} - {""}))
        members = [seat for seat in sat.values() if scope_of(seat, case) == scope]
        asked = await use_up(case, members, around)
        after = used(around, case, sat)
        over(case, case.limit + added, after, seen)
    had, due = (after[scope] - before[scope], added) if added else (after[scope], case.limit)
    if had <= due - MOST[case.measure]:
        seen.wrong.append(f"{case.name}: {scope} could use {had} of {due}, no more")
    seen.calls += said + asked
    seen.kills += case.kills
    seen.fullest = max(seen.fullest, *(figure / (case.limit + added) for figure in after.values()))


async def raise_limit(around: World, case: Case) -> int:
    """By how much."""
    added = ADDED * MOST[case.measure]
    await around.bot.stop()
    config = around.config.read_text()
    higher = case.section(case.limit + added)
    around.config.write_text(config.replace(case.section(case.limit), higher))
    await around.start()
    return added


async def all_at_once(case: Case, sat: Sequence[Seat]) -> int:
    each = -(-AT_ONCE // len(sat))
    await asyncio.gather(*(say(case, seat, number) for seat in sat for number in range(each)))
    return each * len(sat)


async def say(case: Case, seat: Seat, number: int) -> None:
    command = "/image " if case.measure == "images" else ""
    text = f"{command}note {seat.key}-{number}"
    said = Utterance(place=seat.place, person=seat.person, text=text, mention=seat.group)
    await seat.stand.platform.speak(said)


async def kill_some(around: World, case: Case, chance: Random) -> None:
    """At random, and at a named step some calls on."""
    for number in range(case.kills):
        if number % 2:
            await around.bot.start(f"{chance.choice(STEPS)}:{chance.randint(1, 8)}")
            await asyncio.sleep(chance.uniform(0.2, 0.8))
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
        before, now = -1, heard()
        while before != now or await waiting(around):
            await asyncio.sleep(QUIET_S)
            before, now = now, heard()


async def waiting(around: World) -> bool:
    """Whether there is work left: what was being worked on at a kill comes one by one."""
    url = f"http://127.0.0.1:{around.private}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return "parley_messages_waiting 0.0" not in await answer.text()


async def use_up(case: Case, members: Sequence[Seat], around: World) -> int:
    """One after the other until one is refused; how many asked."""
    for number in range(MOST_LEFT):
        seat = members[number % len(members)]
        town, calls = seat.stand.town, len(around.journal.entries())
        lines = len(town.lines(seat.place, BOT))
        await say(case, seat, LATER + number)
        await town.until(partial(more_lines, seat, lines), PATIENCE_S)
        if len(around.journal.entries()) == calls:
            return number + 1
    raise TimeoutError(f"{case.name}: nobody was refused in {MOST_LEFT} messages")


def more_lines(seat: Seat, before: int, lines: Sequence[Line]) -> bool:
    """Whether the bot said more there."""
    return sum((line.place, line.sender) == (seat.place, BOT) for line in lines) > before


def used(around: World, case: Case, sat: Mapping[str, Seat]) -> Counter[str]:
    """By scope, as the relay charged it or the platforms showed it."""
    if case.measure == "messages":
        shown = ((seat, len({number for number, _ in seat.answers})) for seat in sat.values())
        return summed((scope_of(seat, case), count) for seat, count in shown)
    charged = ((sat[key], figure_of(entry, case)) for entry, key in marked(around))
    return summed((scope_of(seat, case), figure) for seat, figure in charged)


def marked(around: World) -> Iterable[tuple[Entry, str]]:
    """Calls that were charged, with whose they are."""
    for entry in around.journal.entries():
        if entry.units:
            body = entry.body
            text = body["prompt"] if entry.call == "images" else body["messages"][-1]["content"]
            found = MARK.search(text)
            if found is None:
                raise ValueError(f"expected a mark in what the relay was asked, got {text[:80]}")
            yield entry, found[1]


def figure_of(entry: Entry, case: Case) -> int:
    match case.measure:
        case "tokens":
            return entry.tokens
        case "images":
            return int(entry.call == "images")
        case _:
            return entry.units


def summed(figures: Iterable[tuple[str, int]]) -> Counter[str]:
    result: Counter[str] = Counter()
    for scope, figure in figures:
        if scope:
            result[scope] += figure
    return result


def scope_of(seat: Seat, case: Case) -> str:
    """ "" for what the limit is not on."""
    match case.level:
        case "person":
            return f"{seat.stand.name}:{seat.person}"
        case "group":
            return f"{seat.stand.name}:{seat.place}" if seat.group else ""
        case "bot":
            return seat.stand.bot
        case "all":
            return "all"


def over(case: Case, limit: int, used: Mapping[str, int], seen: Seen) -> None:
    seen.wrong += [
        f"{case.name}: {scope} used {figure} of {limit}"
        for scope, figure in used.items()
        if figure > limit
    ]


EXPERIMENT = Experiment(
    promises=(24,), title="a hundred calls at once at the last of a limit", run=run
)
