"""People who talk, each message with a mark by which its answer is known."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from string import ascii_lowercase

from bots.sandbox.town.town import Line, Utterance
from prove.world.platforms import Stand
from prove.world.world import World

PATIENCE_S = 20.0


@dataclass(slots=True, kw_only=True, eq=False)
class Seat:
    """One person in one place: a conversation of his own. `said` are his lines, by number.

    `key` is in each mark, and so in whatever is remembered of this conversation.
    """

    stand: Stand
    person: str
    place: str
    key: str
    said: list[Line] = field(default_factory=list)

    @property
    def group(self) -> bool:
        return self.stand.town.places[self.place].group

    async def say(self, more: str = "") -> int:
        """Say something new; its number."""
        number = len(self.said)
        text = f"note {self.key}-{number}{more and ' '}{more}"
        said = Utterance(place=self.place, person=self.person, text=text, mention=self.group)
        self.said.append(await self.stand.platform.speak(said))
        return number

    @property
    def answers(self) -> list[tuple[int, Line]]:
        """What the bot said to it, by the numbers of the questions, in the order shown."""
        return self.stand.town.answers[self.place, self.key]

    async def answered(self, number: int, timeout_s: float = PATIENCE_S) -> None:
        """Raises TimeoutError."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.stand.town.answered(self.place, self.key, number)
        except TimeoutError:
            mark = f"{self.key}-{number}"
            raise TimeoutError(f"{mark} was not answered within {timeout_s:g} s") from None


def seats(world: World) -> list[Seat]:
    """Everybody wherever he is."""
    return [
        Seat(
            stand=stand,
            person=person,
            place=place.id,
            key=f"{_letters(name)}{number}x{where}",
        )
        for name, stand in world.stands.items()
        for number, person in enumerate(stand.town.people)
        for where, place in enumerate(
            place for place in stand.town.places.values() if person in place.members
        )
    ]


def _letters(bot: str) -> str:
    """What its marks begin with: q for qq, qb for qq2."""
    number = bot.lstrip(ascii_lowercase)
    return bot[0] + (ascii_lowercase[int(number) - 1] if number else "")


async def greet(sat: Sequence[Seat]) -> None:
    """Everybody says something and is answered: what QQ's history is asked for are known chats.

    Raises TimeoutError.
    """
    for seat in sat:
        await seat.say()
    await asyncio.gather(*(seat.answered(0) for seat in sat))


async def talk(
    sat: Sequence[Seat], chance: Random, stop: asyncio.Event, *, pause_s: float = 0.3
) -> None:
    """Everybody talks until `stop`: some words, sometimes several at once, then waits.

    On WeChat one at a time: what WeChat gives up is not said again.
    """
    seeds = [chance.getrandbits(64) for _ in sat]
    await asyncio.gather(
        *(_talk(seat, Random(seed), stop, pause_s) for seat, seed in zip(sat, seeds, strict=True))
    )


async def _talk(seat: Seat, chance: Random, stop: asyncio.Event, pause_s: float) -> None:
    while not stop.is_set():
        burst = 1 if seat.stand.name == "wechat" else chance.choice((1, 1, 2, 3))
        for _ in range(burst):
            number = await seat.say()
        if await seat.stand.taken(seat.said[number]):
            await _patiently(seat, number, stop)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), chance.uniform(0, 2 * pause_s))


async def _patiently(seat: Seat, number: int, stop: asyncio.Event) -> None:
    """Until it is answered, or nobody has to talk any more."""
    waits = [asyncio.create_task(seat.answered(number)), asyncio.create_task(stop.wait())]
    done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    del done


async def until_all_answered(
    sat: Sequence[Seat], timeout_s: float = PATIENCE_S, upto: Mapping[Seat, int] | None = None
) -> bool:
    """Wait for the answers to all that the platforms handed over; False if it takes longer.

    `upto`: only to so many of each.
    """

    async def last(seat: Seat) -> None:
        count = len(seat.said) if upto is None else upto[seat]
        for number, line in enumerate(seat.said[:count]):
            if await seat.stand.taken(line):
                await seat.answered(number, timeout_s)

    try:
        async with asyncio.timeout(timeout_s):
            await asyncio.gather(*map(last, sat))
    except TimeoutError:
        return False
    return True
