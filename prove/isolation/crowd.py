"""People with equal ids on every bot, who talk, show pictures and ask about themselves."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import takewhile
from random import Random

from bots.sandbox.png import encode_png
from bots.sandbox.town.town import BOT, Line, Utterance
from prove.isolation.policies import EVER, POLICIES, Change, Policies
from prove.world.people import Seat, seats
from prove.world.platforms import Stand
from prove.world.world import World

ALONE = ("/history", "/whoami", "/why", "/quota", "/export")
TOGETHER = ("/history", "/whoami", "/why", "/quota")
PATIENCE_S = 1.5
ANSWERED_S = 15.0
ADMIN = 0
"""The number of who is an admin on every bot: he talks alone with them, and sets the groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person on one bot: alone with it, and perhaps in one of its groups.

    `number` is the same for one id on all bots; `width` is that of his pictures, and nobody
    else's. `aside` is what he says in the group without the bot's name: answered or not, as its
    trigger is.
    """

    number: int
    width: int
    alone: Seat
    group: Seat | None
    aside: Seat | None

    @property
    def stand(self) -> Stand:
        return self.alone.stand

    @property
    def seats(self) -> Sequence[Seat]:
        return (self.alone, self.group) if self.group else (self.alone,)

    @property
    def bot(self) -> str:
        return self.stand.bot


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """`personas` are words in each bot's, in groups' and in people's own, by whose they are."""

    people: Sequence[Person]
    policies: Policies
    personas: dict[str, str] = field(default_factory=dict)

    @property
    def seats(self) -> list[Seat]:
        """Where an answer is due."""
        return [seat for person in self.people for seat in person.seats]


def crowd(around: World) -> Crowd:
    """Everybody talks in one group as well; so few in each that a shared history is never full."""
    places: dict[tuple[str, str], dict[str, Seat]] = defaultdict(dict)
    for seat in seats(around):
        places[seat.stand.bot, seat.person][seat.place if seat.group else ""] = seat
    people: list[Person] = []
    numbers: dict[str, int] = defaultdict(int)
    for (bot, _), sat in places.items():
        number = numbers[bot]
        numbers[bot] += 1
        rooms = sorted((place for place in sat if place), key=lambda place: place.strip("-"))
        room = rooms[number % len(rooms)] if rooms and number != ADMIN else ""
        people.append(
            Person(
                number=number,
                width=len(people) + 1,
                alone=sat[""],
                group=sat[room] if room else None,
                aside=replace(sat[room], key=f"a{sat[room].key}", said=[]) if room else None,
            )
        )
    return Crowd(people=people, policies=Policies())


async def talk(crowd: Crowd, chance: Random, turns: int, pause_s: float) -> None:
    """Everybody so often. Nobody waits long for an answer: what is late comes meanwhile."""
    seeds = [chance.getrandbits(64) for _ in crowd.people]
    await asyncio.gather(
        *(
            _talk(person, Random(seed), turns, pause_s)
            for person, seed in zip(crowd.people, seeds, strict=True)
        )
    )


async def _talk(person: Person, chance: Random, turns: int, pause_s: float) -> None:
    for _ in range(turns):
        await asyncio.sleep(chance.uniform(0, pause_s))
        seat = chance.choice(person.seats)
        await _turn(person, seat, chance)


async def _turn(person: Person, seat: Seat, chance: Random) -> None:
    did = chance.random()
    if seat.group and person.aside and did < 0.15:
        await _aside(person.aside)
        return
    if did < 0.25:
        await ask(seat, chance.choice(TOGETHER if seat.group else ALONE[:3]))
    elif did < 0.4 and not seat.group and seat.stand.name != "wechat":
        await _show(person)
    else:
        await seat.say()
    if seat.said and await seat.stand.taken(seat.said[-1]):
        with suppress(TimeoutError):
            await seat.answered(len(seat.said) - 1, PATIENCE_S)


async def ask(seat: Seat, words: str) -> Line:
    """A command, where the seat is."""
    said = Utterance(place=seat.place, person=seat.person, text=words, mention=seat.group)
    return await seat.stand.platform.speak(said)


async def _aside(seat: Seat) -> None:
    text = f"note {seat.key}-{len(seat.said)}"
    said = Utterance(place=seat.place, person=seat.person, text=text)
    seat.said.append(await seat.stand.platform.speak(said))
    await asyncio.sleep(0.1)


async def _show(person: Person) -> None:
    """A picture, with a question; its width tells whose it is."""
    seat = person.alone
    number = len(seat.said)
    row = bytes((person.width % 256, number % 256, 128)) * person.width
    said = Utterance(
        place=seat.place,
        person=seat.person,
        text=f"note {seat.key}-{number}",
        kind="image",
        content=encode_png(person.width, number + 1, [row] * (number + 1)),
        name=f"{seat.key}.png",
    )
    seat.said.append(await seat.stand.platform.speak(said))


async def choose(crowd: Crowd) -> None:
    """Some give the bot a persona of their own; each group of each bot is given one."""
    for person in crowd.people:
        if person.number % 3 == 1:
            word = crowd.personas[person.alone.key] = f"canary-{person.alone.key}"
            await ask(person.alone, f"/persona {word}")
    await asyncio.gather(
        *(
            _set_group(stand, admin, place, "persona", _named(crowd, stand.bot, place))
            for stand, admin, place in rooms(crowd)
        )
    )


def _named(crowd: Crowd, bot: str, place: str) -> str:
    return crowd.personas.setdefault(f"{bot} {place}", f"canary-{bot}-{place.strip('-')}")


def rooms(crowd: Crowd) -> list[tuple[Stand, str, str]]:
    """Each group, with its bot's stand and who may set it."""
    return [
        (person.stand, person.alone.person, place.id)
        for person in crowd.people
        if person.number == ADMIN
        for place in person.stand.town.places.values()
        if place.group
    ]


async def switch(crowd: Crowd, chance: Random, stop: asyncio.Event, every_s: float) -> None:
    """Everywhere another history, and sometimes another trigger, while people talk."""
    seeds = {room: chance.getrandbits(64) for room in range(len(rooms(crowd)))}
    await asyncio.gather(
        *(
            _switch(crowd, *room, Random(seeds[number]), stop, every_s)
            for number, room in enumerate(rooms(crowd))
        )
    )


async def _switch(
    crowd: Crowd,
    stand: Stand,
    admin: str,
    place: str,
    chance: Random,
    stop: asyncio.Event,
    every_s: float,
) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), chance.uniform(0.5, 1.5) * every_s)
        value = chance.choice(POLICIES)
        said, answered = await _set_group(stand, admin, place, "history", value)
        change = Change(value=value, said=said, answered=answered)
        crowd.policies.changes[stand.bot, place].append(change)
        if stand.name == "qq":
            await _set_group(stand, admin, place, "trigger", chance.choice(("mention", "all")))


async def _set_group(
    stand: Stand, admin: str, place: str, name: str, value: str
) -> tuple[datetime, datetime]:
    """When it was said, and when it was answered: EVER where nobody knows if it was heard."""
    words = f"/group set {name} {value}"
    said = datetime.now(UTC)
    line = await stand.platform.speak(
        Utterance(place=place, person=admin, text=words, mention=True)
    )
    try:
        await stand.town.until(partial(_answers, line.number), ANSWERED_S)
    except TimeoutError:
        return said, EVER
    return said, datetime.now(UTC)


def _answers(number: int, lines: Sequence[Line]) -> bool:
    since = takewhile(lambda line: line.number > number, reversed(lines))
    return any(line.sender == BOT and line.reply_to == number for line in since)


async def last_words(crowd: Crowd) -> None:
    """At the end everybody asks for all that is his."""
    for words in ALONE:
        for person in crowd.people:
            line = await ask(person.alone, words)
            await person.stand.taken(line)
        await asyncio.sleep(0.2)
    await _told(crowd)


async def _told(crowd: Crowd) -> None:
    """Until the files are there. WeChat carries none."""
    await asyncio.gather(
        *(
            person.stand.town.until(partial(_has_file, person.alone.place), ANSWERED_S)
            for person in crowd.people
            if person.stand.name != "wechat"
        ),
        return_exceptions=True,
    )


def _has_file(place: str, lines: Sequence[Line]) -> bool:
    return any(line.kind == "file" and line.place == place for line in reversed(lines))
