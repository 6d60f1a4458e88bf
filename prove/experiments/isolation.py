"""Many people with equal ids on every platform and bot: nobody's words, pictures, personas or
counts come before another, while groups change who shares a history, and the process is killed.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from bots.sandbox.png import encode_png
from prove.experiment import Experiment, Finding, Scale
from prove.isolation.crowd import Crowd, choose, crowd, last_words, switch, talk
from prove.isolation.judge import Judge, Verdict, foreign
from prove.world.page import Visitor, visitor
from prove.world.people import greet, until_all_answered
from prove.world.world import World, world

BOTS = ("qq", "qq2", "telegram", "telegram2", "wechat")
WEB = '[bots.web]\nplatform = "web"\npersona = "canary-web"\n'
PERSONAS = {bot: f"canary-{bot}" for bot in BOTS}
ADMINS = 'admins = ["onebot11:50001", "telegram:50001"]'
TURNS = (6, 20)
END_S = 60.0
SAY_S = 40.0
REST_S = (3, 15)
EXAMPLES = 5


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    count, turns = scale.pick(12, 200), scale.pick(*TURNS)
    async with world(
        scale.folder,
        bots={"qq": 2, "telegram": 2},
        people=count,
        groups=scale.pick(2, 30),
        pace_s=0.0,
        own={bot: f'persona = "{word}"' for bot, word in PERSONAS.items()},
        people_settings=ADMINS,
        more=WEB,
        log="error",
    ) as around:
        await around.start()
        people = crowd(around)
        async with visitors(around, scale.pick(5, 50)) as tabs:
            await begin(people)
            kills = await live(around, people, tabs, chance, scale)
            found = await judge(around, people, tabs)
    return _finding(found, people, tabs, kills, turns)


@asynccontextmanager
async def visitors(around: World, count: int) -> AsyncIterator[list[Visitor]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(visitor(around.private, f"v{number}x0"))
            for number in range(count)
        ]


async def begin(people: Crowd) -> None:
    await greet(people.seats)
    await choose(people)


async def live(
    around: World,
    people: Crowd,
    tabs: Sequence[Visitor],
    chance: Random,
    scale: Scale,
) -> int:
    """Everybody talks, groups are set otherwise, the process is killed; then all is answered.
    How often it was killed."""
    stop = asyncio.Event()
    turns, slowly = scale.pick(*TURNS), 10.0 if scale.long else 0.7
    switching = asyncio.create_task(switch(people, chance, stop, slowly))
    killing = asyncio.create_task(kill(around, people, chance, scale, stop))
    talking = talk(people, chance, turns, slowly)
    await asyncio.gather(talking, *(visit(tab, turns) for tab in tabs))
    stop.set()
    killed = await killing
    await switching
    await until_all_answered(people.seats, END_S)
    await last_words(people)
    return killed


async def kill(
    around: World, people: Crowd, chance: Random, scale: Scale, stop: asyncio.Event
) -> int:
    """Again once most is answered: what meets three ends is set aside (promise 13)."""
    killed = 0
    while killed < scale.pick(2, 20) and not stop.is_set():
        await asyncio.sleep(chance.uniform(0.5, 1.5))
        around.bot.kill()
        killed += 1
        await around.bot.ended()
        await around.bot.start()
        upto = {seat: len(seat.said) for seat in people.seats}
        await until_all_answered(people.seats, scale.pick(*REST_S), upto)
    return killed


async def visit(tab: Visitor, turns: int) -> None:
    """A picture, some words, and at the end the page anew."""
    await tab.upload(encode_png(3, 2, [tab.key.encode()[:3] * 3] * 2))
    for number in range(turns):
        await tab.say(number, SAY_S)
    await tab.look()


async def judge(around: World, people: Crowd, tabs: Sequence[Visitor]) -> Verdict:
    found = await Judge(around, people, PERSONAS).judge()
    for tab, other in zip(tabs, (*tabs[1:], tabs[0]), strict=True):
        found.leaked += [f"{tab.key} is sent {word}" for word in foreign(tab.seen, tab.key)]
        if not (tab.tickets and await tab.open_file(tab.tickets[0]) == 200):
            found.wrong.append(f"{tab.key} does not get his own file")
        for ticket in other.tickets:
            if await tab.open_file(ticket) == 200:
                found.leaked.append(f"{tab.key} opens a file of {other.key}")
    return found


def _finding(
    found: Verdict, people: Crowd, tabs: Sequence[Visitor], kills: int, turns: int
) -> Finding:
    said = sum(len(seat.said) for seat in people.seats)
    late = [tab.key for tab in tabs if tab.answered != set(range(turns))]
    changes = sum(map(len, people.policies.changes.values()))
    wrong = [*found.leaked[:EXAMPLES], *found.wrong[:EXAMPLES]]
    wrong += [f"no answer to {mark}" for mark in found.lost[:EXAMPLES]]
    wrong += [f"the page left {key} without an answer" for key in late[:EXAMPLES]]
    if found.exports < len(people.people) // 2:
        wrong.append(f"expected the files of all who asked for them, got {found.exports}")
    if not found.shared:
        wrong.append("expected groups that share a history, got none: nothing was switched")
    return Finding(
        load=f"{len(people.people)} people on {len(BOTS)} bots and {len(tabs)} on the page, "
        f"{said + len(tabs) * turns} messages",
        faults=f"{kills} kills, {changes} changes of a group's history",
        lost=len(found.lost) + len(late),
        leaked=len(found.leaked),
        wrong=tuple(wrong),
        figures=f"{found.lines} lines, {found.exports} exports and {found.prompts} prompts "
        f"searched; {found.shared} lines tell of a shared history; {found.unsure} messages came "
        f"while it was being changed; {len(found.unheard)} of QQ not heard",
    )


EXPERIMENT = Experiment(
    promises=(5,), title="equal ids everywhere, everybody's words his own", run=run
)
