"""Searches all that was shown anywhere, and every prompt, for what belongs to others."""

import base64
import re
import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from bots.sandbox.town.town import BOT, Line
from prove.isolation.crowd import ADMIN, Crowd, Person
from prove.isolation.policies import EVER, POLICIES
from prove.world.people import Seat
from prove.world.square import ECHO
from prove.world.world import World

MARK = re.compile(r"\bnote ([a-z]+\d+x\d+)-(\d+)(?![\d…])")
PERSONA = re.compile(r"\bcanary-[a-z0-9-]*[a-z0-9](?![a-z0-9…-])")
PICTURE = re.compile(r"(\d+) × (\d+) pixels")
COUNTED = re.compile(r"Messages: ([\d,]+)")

Mark: TypeAlias = tuple[str, int]


@dataclass(slots=True)
class Verdict:
    """What was found where it must not be, in words; and how much was searched.

    `unheard` is on QQ, which acknowledges nothing: of its chats fifty are looked through after a
    start, and in others what was said meanwhile is gone.
    """

    leaked: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unheard: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lines: int = 0
    prompts: int = 0
    exports: int = 0
    shared: int = 0
    unsure: int = 0


class Judge:
    """`bots` are the canaries in the personas of bots."""

    def __init__(self, around: World, crowd: Crowd, bots: dict[str, str]) -> None:
        self._around = around
        self._crowd = crowd
        self._bots = bots
        sat = [(seat, person) for person in crowd.people for seat in _all(person)]
        self._seats = {seat.key: seat for seat, _ in sat}
        self._people = {seat.key: person for seat, person in sat}
        self._by_place = {(s.stand.bot, s.place, s.person): s for s, _ in reversed(sat)}
        self._when: dict[Mark, tuple[datetime, datetime]] = {}
        self._policies: dict[Mark, frozenset[str]] = {}
        self.found = Verdict()

    async def judge(self) -> Verdict:
        self._note_times()
        for person in self._crowd.people:
            await self._judge_person(person)
        self._judge_counts()
        for stand in self._around.stands.values():
            by_number = {line.number: line for line in stand.town.lines()}
            for line in stand.town.lines(sender=BOT):
                self.found.lines += 1
                self._judge_line(stand.bot, line, by_number.get(line.reply_to))
        self._judge_prompts()
        return self.found

    # -- what is known of a message ----------------------------------------------------

    def _note_times(self) -> None:
        for seat in self._seats.values():
            answered: dict[int, datetime] = {}
            for number, line in seat.answers:
                answered.setdefault(number, line.at)
            for number, line in enumerate(seat.said):
                until = answered.get(number, EVER)
                mark = seat.key, number
                self._when[mark] = line.at, until
                self._policies[mark] = (
                    self._crowd.policies.possible(seat.stand.bot, seat.place, line.at, until)
                    if seat.group
                    else frozenset({"alone"})
                )
                self.found.unsure += len(self._policies[mark]) > 1

    def _may_share(self, seat: Seat, policies: frozenset[str], marks: Sequence[Mark]) -> bool:
        """Whether one history of those that a message may have had can hold all these marks."""
        if not all(mark in self._policies for mark in marks):
            return False  # nobody said that
        own = all(self._is_his_here(seat, key) for key, _ in marks)
        if not seat.group:
            return own
        here = all(self._is_here(seat, key) for key, _ in marks)
        return any(
            (own if policy == "member" else here)
            and all(policy in self._policies[mark] for mark in marks)
            for policy in policies
        )

    def _is_his_here(self, seat: Seat, key: str) -> bool:
        return self._is_here(seat, key) and self._seats[key].person == seat.person

    def _is_here(self, seat: Seat, key: str) -> bool:
        other = self._seats[key]
        return (other.stand.bot, other.place) == (seat.stand.bot, seat.place)

    def _personas(self, seat: Seat) -> set[str]:
        """What the bot may be told to be in a seat."""
        own = self._crowd.personas.get(seat.key, "")
        bot = seat.stand.bot
        room = self._crowd.personas.get(f"{bot} {seat.place}", "")
        return {self._bots.get(bot, ""), own, room}

    def _exported_personas(self, seat: Seat) -> set[str]:
        """Where he speaks, the bot tells what it is; and an admin has set it."""
        person = self._people[seat.key]
        personas = self._crowd.personas
        if person.number == ADMIN:
            return {word for name, word in personas.items() if name.startswith(f"{person.bot} ")}
        return {word for own in person.seats for word in self._personas(own)}

    def _is_own_picture(self, seat: Seat, width: int) -> bool:
        person = self._people[seat.key]
        return width == person.width and not seat.group

    # -- what was shown ----------------------------------------------------------------

    def _judge_line(self, bot: str, line: Line, question: Line | None) -> None:
        text = f"{line.text}\n{self._file(bot, line)}" if line.kind == "file" else line.text
        marks = _marks(text)
        if not (seat := self._asker(bot, line, question)):
            if marks:
                self._leak(f"{bot} {line.place}: no asker is known of {line.text[:80]!r}")
            return
        echoed = ECHO.search(line.text)
        if line.kind == "file":
            fine = all(self._is_exported(seat, key, number) for key, number in marks)
        elif echoed:
            mark = echoed[1], int(echoed[2])
            fine = mark[0] == seat.key and self._may_share(
                seat, self._policies.get(mark, frozenset()), marks
            )
        else:
            fine = self._may_share(seat, self._at(seat, question, line), marks)
        self.found.shared += fine and len({key for key, _ in marks}) > 1 and line.kind != "file"
        if not fine:
            self._leak(f"{bot} {line.place} shows {_told(marks)} to {seat.key}")
        also = self._exported_personas(seat) if line.kind == "file" else set()
        self.found.exports += line.kind == "file"
        self._judge_details(seat, text, f"{bot} {line.place}", also)

    def _judge_details(
        self, seat: Seat, text: str, where: str, also: AbstractSet[str] = frozenset()
    ) -> None:
        if others := set(PERSONA.findall(text)) - self._personas(seat) - also:
            self._leak(f"{where} shows the persona {sorted(others)} to {seat.key}")
        for width, height in PICTURE.findall(text):
            if not self._is_own_picture(seat, int(width)):
                self._leak(f"{where} shows a picture of {width} × {height} to {seat.key}")

    def _asker(self, bot: str, line: Line, question: Line | None) -> Seat | None:
        """Whom the bot speaks to: who is alone with it, or whose line it answers."""
        if found := ECHO.search(line.text):
            seat = self._seats.get(found[1])
            return seat if seat and (seat.stand.bot, seat.place) == (bot, line.place) else None
        person = question.sender if question else line.place
        return self._by_place.get((bot, line.place, person))

    def _at(self, seat: Seat, question: Line | None, line: Line) -> frozenset[str]:
        since = question.at if question else line.at
        if not seat.group:
            return frozenset({"alone"})
        return self._crowd.policies.possible(seat.stand.bot, seat.place, since, line.at)

    def _file(self, bot: str, line: Line) -> str:
        content = self._around.stands[bot].town.file(line.file)
        return (content or b"").decode(errors="replace")

    def _is_exported(self, seat: Seat, key: str, number: int) -> bool:
        """His own words wherever he said them; others' only where a group shares them, since the
        answers to him tell of them."""
        if self._people.get(key) is self._people[seat.key]:
            return True
        room = self._people[seat.key].group
        shared = set(POLICIES) - {"member"}
        known = self._policies.get((key, number), frozenset())
        return room is not None and self._is_here(room, key) and bool(known & shared)

    # -- what the relay was told -------------------------------------------------------

    def _judge_prompts(self) -> None:
        users: dict[str, set[tuple[str, int]]] = defaultdict(set)
        for entry in self._around.journal.entries("chat"):
            self.found.prompts += 1
            body = entry.body
            texts = list(_texts(body))
            marks = [mark for text in texts for mark in _marks(text)]
            asked = [m for text in _texts(body, "user") for m in _marks(text)]
            if not asked or asked[-1] not in self._policies:
                continue  # a visitor's of the page: judged with those
            seat = self._seats[asked[-1][0]]
            if not self._may_share(seat, self._policies[asked[-1]], marks):
                self._leak(f"the prompt of {_told(asked[-1:])} holds {_told(marks)}")
            self._judge_details(seat, "\n".join(texts), f"the prompt of {_told(asked[-1:])}")
            self._judge_pictures(seat, body)
            person = self._people[seat.key]
            users[body.get("user", "")].add((person.bot, person.number))
        for whose in users.values():
            if len(whose) > 1:
                self._leak(f"the relay knows {sorted(whose)[:3]} as one user")

    def _judge_pictures(self, seat: Seat, body: Any) -> None:
        for content in _pictures(body):
            width, _ = struct.unpack_from(">II", content, 16)
            if not self._is_own_picture(seat, width):
                self._leak(f"a prompt of {seat.key} holds a picture {width} wide")

    # -- what each was counted ---------------------------------------------------------

    async def _judge_person(self, person: Person) -> None:
        for seat in _all(person):
            answered = {number for number, _ in seat.answers}
            for number, line in enumerate(seat.said if seat is not person.aside else ()):
                if number not in answered and await seat.stand.taken(line):
                    where = self.found.unheard if person.stand.name == "qq" else self.found.lost
                    where.append(f"{seat.key}-{number}")

    def _judge_counts(self) -> None:
        """One id on several bots of a platform is one person there, and counted as one."""
        same: dict[tuple[str, str], list[Person]] = defaultdict(list)
        for person in self._crowd.people:
            same[person.stand.name, person.alone.person].append(person)
        for people in same.values():
            seats = [seat for person in people for seat in _all(person)]
            used = sum(len({number for number, _ in seat.answers}) for seat in seats)
            said = sum(len(seat.said) for seat in seats)
            for person in people:
                told = _counted(person)
                if told is None:
                    self.found.wrong.append(f"{person.alone.key} was not told what he used")
                elif not used <= told <= said:
                    self._leak(f"{person.alone.key} said {said} messages and was counted {told}")

    def _leak(self, words: str) -> None:
        self.found.leaked.append(words)


def _counted(person: Person) -> int | None:
    """How many messages of today he was told last that were counted for him."""
    lines = person.stand.town.lines(person.alone.place, BOT)
    told = [found for line in lines if (found := COUNTED.search(line.text))]
    return int(told[-1][1].replace(",", "")) if told else None


def _all(person: Person) -> list[Seat]:
    return [*person.seats, person.aside] if person.aside else [*person.seats]


def foreign(texts: Sequence[str], own: str) -> set[str]:
    """Whose marks and personas stand in what a visitor of the page was sent, but his own."""
    found = {key for text in texts for key, _ in _marks(text)} - {own}
    return found | {word for text in texts for word in PERSONA.findall(text)} - {"canary-web"}


def _marks(text: str) -> list[Mark]:
    return [(found[1], int(found[2])) for found in MARK.finditer(text)]


def _texts(body: Any, *roles: str) -> Iterator[str]:
    for message in body["messages"]:
        if not roles or message["role"] in roles:
            content = message["content"]
            yield content if isinstance(content, str) else msgspec.json.encode(content).decode()


def _pictures(body: Any) -> Iterator[bytes]:
    for message in body["messages"]:
        if not isinstance(message["content"], str):
            for part in message["content"]:
                if part.get("type") == "image_url":
                    _, _, coded = part["image_url"]["url"].partition("base64,")
                    yield base64.b64decode(coded)


def _told(marks: Sequence[Mark]) -> str:
    return ", ".join(f"{key}-{number}" for key, number in dict.fromkeys(marks))
