"""A community's hour in a minute on a simulated platform, and its judge.

Everybody talks at once: texts, bursts, pictures, spoken phrases, commands, alone
with the bot and in groups. The judge reads only what people were shown and what
the relay was asked, never the bot's own records.
"""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from bots.sandbox.journal import Journal
from bots.sandbox.town.town import BOT, Line, Person, Place, Platform, Utterance
from tests.sandbox.wer import word_error_rate

CLIPS = Path(__file__).parent.parent / "clips"
PHRASES = json.loads((CLIPS / "phrases.json").read_text())
PNG = (Path(__file__).parent.parent / "clips" / "picture.png").read_bytes
MARK = re.compile(r"\bnote (\w+)-(\d+)-(\d+)\b")
ECHO = re.compile(r"You said: “[^”]*?" + MARK.pattern)
"""How the sandbox relay begins the answer to a text."""

SEEN = "picture, 3 × 2"
HOUR_S = 3600.0
PATIENCE_S = 40

Disturb = Callable[[], Awaitable[None]]
"""What a platform does in between: repeat, reconnect, redeliver."""


def crowd(
    numbers: Sequence[str], groups: Sequence[str]
) -> tuple[tuple[Person, ...], tuple[Place, ...]]:
    """People with these ids, each alone with the bot, and groups that divide them up."""
    people = tuple(Person(id=number, name=f"Person {number[-3:]}") for number in numbers)
    alone = tuple(Place(id=p.id, name=p.name, members=(p.id,)) for p in people)
    together = tuple(
        Place(
            id=group,
            name=f"Group {place}",
            members=tuple(numbers[place :: len(groups)]),
            group=True,
        )
        for place, group in enumerate(groups)
    )
    return people, (*alone, *together)


@dataclass(kw_only=True)
class Community:
    """`pictures`: their question stands in the same message, follows in one of its own, or there
    is none. `ids`: the platform's name in what /whoami tells.
    """

    platform: Platform
    journal: Journal
    chance: random.Random
    pictures: Literal["captioned", "apart", "alone"]
    ids: str
    disturb: Disturb
    speakers: int = 6
    waits: Callable[[Line], bool] | None = None
    """Whether a line tells its reader that an answer waits: then it is asked for."""
    said: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    spoken: list[tuple[str, str]] = field(default_factory=list)

    # -- living ----------------------------------------------------------------

    async def live(self) -> None:
        """Everybody's hour, all at once, while the platform does what platforms do."""
        town = self.platform.town
        rounds = [
            self._one(person, place, speaks=place.group is False and number < self.speakers)
            for number, person in enumerate(town.people.values())
            for place in town.places.values()
            if person.id in place.members
        ]
        beside = [asyncio.create_task(self._trouble()), asyncio.create_task(self._ask_on())]
        try:
            await asyncio.gather(*rounds)
        finally:
            for task in beside:
                task.cancel()

    async def say_goodbye(self) -> None:
        """Everybody once more everywhere: what was still to come there has come before."""
        town = self.platform.town
        said = [(town.people[person], town.places[place]) for person, place in self.said]
        await asyncio.gather(*(self._says(person, place, 1) for person, place in said))

    async def _trouble(self) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(0.2, 0.6))  # the platform's own bad habits
            await self.disturb()

    async def _ask_on(self) -> None:
        """Whoever is told that an answer waits asks for it, as people do."""
        told: list[str] = []
        while waits := self.waits:
            count = len(told)
            lines = await self.platform.town.until(partial(_more_than, count, waits), HOUR_S)
            await asyncio.sleep(1.0)  # people take a moment
            new = [line.place for line in lines if waits(line)][count:]
            asks = (Utterance(place=one, person=one, text="继续") for one in new)
            await asyncio.gather(*map(self.platform.speak, asks))
            told += new

    async def _one(self, person: Person, place: Place, *, speaks: bool) -> None:
        """What one person says in one place, an answer awaited between the steps."""
        await self._says(person, place, 1)
        await self._says(person, place, 5)
        if place.group:
            await self._talks_to_others(person, place)
        await self._shows_a_picture(person, place)
        if speaks:
            await self._speaks(person, place)
        await self._asks_who(person, place)
        await self._says(person, place, 1)

    async def _says(self, person: Person, place: Place, count: int) -> None:
        marks = [self._mark(person, place) for _ in range(count)]
        for mark in marks:
            await self._utter(person, place, text=f"note {mark} is short")
        for mark in marks:
            await self._shown(place, lambda line, mark=mark: f"note {mark} " in line.text)

    async def _talks_to_others(self, person: Person, place: Place) -> None:
        said = Utterance(place=place.id, person=person.id, text="gossip that is not for the bot")
        await self.platform.speak(said)

    async def _shows_a_picture(self, person: Person, place: Place) -> None:
        if self.pictures == "alone":
            before = self._count(place, SEEN)
            await self._utter(person, place, kind="image", content=PNG())
            await self._until(place, lambda _: self._count(place, SEEN) > before)
            return
        mark = self._mark(person, place)
        question = f"what is in this? note {mark} says"
        if self.pictures == "captioned":
            await self._utter(person, place, kind="image", content=PNG(), text=question)
        else:
            await self._utter(person, place, kind="image", content=PNG())
            await self._utter(person, place, text=question)
        await self._shown(place, lambda line: f"note {mark} " in line.text and SEEN in line.text)

    async def _speaks(self, person: Person, place: Place) -> None:
        name = self.chance.choice(sorted(PHRASES))
        before = len(self._heard(place))
        await self._utter(person, place, kind="voice", content=(CLIPS / name).read_bytes())
        await self._until(place, lambda _: len(self._heard(place)) > before)
        self.spoken.append((PHRASES[name], self._heard(place)[-1]))

    async def _asks_who(self, person: Person, place: Place) -> None:
        """Somebody else's answer in a group would have another id in it."""
        shown = f"{self.ids}:{person.id}"
        before = self._count(place, shown)
        await self._utter(person, place, text="/whoami")
        await self._until(place, lambda _: self._count(place, shown) > before)

    async def _utter(self, person: Person, place: Place, **fields: object) -> None:
        said = Utterance(place=place.id, person=person.id, mention=place.group, **fields)
        await self.platform.speak(said)

    async def _shown(self, place: Place, wanted: Callable[[Line], bool]) -> None:
        def ready(lines: Sequence[Line]) -> bool:
            return any(
                line.sender == BOT and line.place == place.id and wanted(line) for line in lines
            )

        await self._until(place, ready)

    async def _until(self, place: Place, ready: Callable[[Sequence[Line]], bool]) -> None:
        try:
            await self.platform.town.until(ready, PATIENCE_S)
        except TimeoutError as error:
            here = [(line.sender, line.text[:60]) for line in self.platform.town.lines(place.id)]
            raise TimeoutError(f"what was expected in {place.id} did not come: {here}") from error

    def _mark(self, person: Person, place: Place) -> str:
        number = list(self.platform.town.people).index(person.id)
        where = list(self.platform.town.places).index(place.id)
        marks = self.said.setdefault((person.id, place.id), [])
        marks.append(f"p{number}-{where}-{len(marks)}")
        return marks[-1]

    def _heard(self, place: Place) -> list[str]:
        texts = (line.text for line in self.platform.town.lines(place.id, BOT))
        return [
            text.partition("🎤")[2].partition("\n")[0].strip() for text in texts if "🎤" in text
        ]

    def _count(self, place: Place, words: str) -> int:
        return sum(words in line.text for line in self.platform.town.lines(place.id, BOT))

    # -- judging ---------------------------------------------------------------

    def judge(self, *, errors: float) -> None:
        """`errors`: the word error rate that this platform's voice codec may leave."""
        self._judge_what_was_shown()
        self._judge_what_the_model_was_sent()
        assert len(self.spoken) >= self.speakers
        assert word_error_rate(self.spoken) <= errors, self.spoken

    def _judge_what_was_shown(self) -> None:
        """Each answer once, in its place, in the order of the questions.

        What a platform failed to carry, and its person had to ask for, comes later.
        """
        town = self.platform.town
        for (person, place), marks in self.said.items():
            number = marks[0].partition("-")[0]
            shown = [
                f"{found[1]}-{found[2]}-{found[3]}"
                for line in town.lines(place, BOT)
                if (found := ECHO.search(line.text)) and found[1] == number
            ]
            if self.waits and any(map(self.waits, town.lines(place))):
                shown.sort(key=marks.index)
            assert shown == marks, f"{person} in {place}: expected {marks}, was shown {shown}"
        for line in town.lines(sender=BOT):
            assert "gossip" not in line.text
            for found in MARK.finditer(line.text):
                assert list(town.places)[int(found[2])] == line.place, line

    def _judge_what_the_model_was_sent(self) -> None:
        """Each question once, after the latest questions of the same person there, in order."""
        asked = Counter()
        for entry in self.journal.entries("chat"):
            texts = [content_of(message) for message in entry.body["messages"]]
            assert sum(map(len, texts)) <= 2000
            users = [
                content_of(message)
                for message in entry.body["messages"]
                if message["role"] == "user"
            ]
            assert not any("gossip" in text for text in texts)
            marks = ["-".join(found.groups()) for text in users if (found := MARK.search(text))]
            if not marks or not MARK.search(users[-1]):
                continue  # the last one was spoken
            asked[marks[-1]] += 1
            owner = next(known for known in self.said.values() if marks[-1] in known)
            upto = owner[: owner.index(marks[-1]) + 1]
            assert marks == upto[-len(marks) :], f"expected the end of {upto}, was sent {marks}"
        assert set(asked) == {mark for marks in self.said.values() for mark in marks}
        assert max(asked.values()) == 1, asked.most_common(3)


def _more_than(count: int, waits: Callable[[Line], bool], lines: Sequence[Line]) -> bool:
    return sum(map(waits, lines)) > count


def content_of(message: dict) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)
