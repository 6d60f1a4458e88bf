"""Who lives in a simulated platform, where they meet, and what is said there."""

import asyncio
import hashlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal["text", "image", "voice", "audio", "video", "file", "notice", "draft"]

BOT = "bot"
"""The sender of what the bot says."""


class Person(Struct, frozen=True, kw_only=True):
    """`id` is the platform's own, as text."""

    id: str
    name: str
    language: str = "en"


class Place(Struct, frozen=True, kw_only=True):
    """Where people talk: a group, or one person with the bot, the place's only member."""

    id: str
    name: str
    members: tuple[str, ...]
    group: bool = False


class Line(Struct, frozen=True, kw_only=True):
    """Something said or shown. `file` names its content in the town; 0 in `reply_to` is none.

    `number` counts up in the town. `status` tells how the platform took it, in
    its own words. `raw` is what stands behind it on the wire, for tests.
    """

    number: int
    at: datetime
    place: str
    sender: str
    kind: Kind = "text"
    text: str = ""
    file: str = ""
    name: str = ""
    mime: str = ""
    reply_to: int = 0
    status: str = ""
    raw: Any = None


class Utterance(Struct, frozen=True, kw_only=True):
    """What a person says, before the platform has it. `mention` puts the bot's name in front.

    `names` are words of the text that name somebody, each with his id: how Telegram's apps
    mention who has no username.
    """

    place: str
    person: str
    text: str = ""
    kind: Kind = "text"
    content: bytes = b""
    name: str = ""
    mention: bool = False
    names: Mapping[str, str] = {}
    reply_to: int = 0


class Unspoken(Exception):
    """The platform cannot carry what somebody wants to say; the message is the reason."""


class Town:
    """People, places, and the latest lines with their files. Belongs to one event loop."""

    def __init__(
        self,
        *,
        name: str,
        people: Sequence[Person],
        places: Sequence[Place],
        now: Callable[[], datetime],
        size: int = 5000,
        file_bytes: int = 64 * 2**20,
    ) -> None:
        self.name = name
        self.people = {person.id: person for person in people}
        self.places = {place.id: place for place in places}
        self._now = now
        self._lines: deque[Line] = deque(maxlen=size)
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._file_bytes = file_bytes
        self._held_bytes = 0
        self._number = 0
        self._listeners: set[asyncio.Queue[Line]] = set()

    def add(self, place: str, sender: str, **fields: Any) -> Line:
        """Note a line; `fields` are Line's others."""
        self._number += 1
        line = Line(number=self._number, at=self._now(), place=place, sender=sender, **fields)
        self._lines.append(line)
        self._tell(line)
        return line

    def show(self, place: str, text: str, raw: Any) -> None:
        """What the bot is about to say, for who looks on: it is no line, and is not kept."""
        line = Line(
            number=0, at=self._now(), place=place, sender=BOT, kind="draft", text=text, raw=raw
        )
        self._tell(line)

    def _tell(self, line: Line) -> None:
        for queue in self._listeners:
            with suppress(asyncio.QueueFull):
                queue.put_nowait(line)

    def put(self, content: bytes) -> str:
        """Keep a file; the name to find it by. The oldest go when it gets too much."""
        name = hashlib.sha256(content).hexdigest()[:32]
        if name not in self._files:
            self._files[name] = content
            self._held_bytes += len(content)
        while self._held_bytes > self._file_bytes and len(self._files) > 1:
            _, dropped = self._files.popitem(last=False)
            self._held_bytes -= len(dropped)
        return name

    def file(self, name: str) -> bytes | None:
        return self._files.get(name)

    def lines(self, place: str = "", sender: str = "") -> list[Line]:
        """What is held, oldest first, of one place or sender or all."""
        return [
            line
            for line in self._lines
            if place in ("", line.place) and sender in ("", line.sender)
        ]

    async def until(
        self, ready: Callable[[Sequence[Line]], bool], timeout_s: float = 10.0
    ) -> list[Line]:
        """All lines once `ready` holds for them. Raises TimeoutError."""
        with self._listening() as queue:
            try:
                async with asyncio.timeout(timeout_s):
                    while not ready(tuple(self._lines)):
                        await queue.get()
            except TimeoutError:
                latest = [(line.place, line.sender, line.text[:60]) for line in self._lines][-10:]
                raise TimeoutError(
                    f"the town is not as expected after {timeout_s:g} s; latest: {latest}"
                ) from None
        return list(self._lines)

    async def listen(self) -> AsyncIterator[Line]:
        """Each line from now on, and each draft."""
        with self._listening() as queue:
            while True:
                yield await queue.get()

    @contextmanager
    def _listening(self) -> Iterator[asyncio.Queue[Line]]:
        """One that does not keep up misses lines, but no news that there are some."""
        queue: asyncio.Queue[Line] = asyncio.Queue(1000)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)


class Platform(Protocol):
    """What the town's page and the tests need of a simulated platform."""

    town: Town

    async def speak(self, said: Utterance) -> Line:
        """A person says something: the platform takes it as its own app would send it.

        Sound of any format becomes what the platform's app records (OGG/Opus,
        SILK, AMR). Returns once it is on its way to the bot. Raises Unspoken.
        """
        ...


def cast(
    numbers: Sequence[str], groups: Sequence[str] = ()
) -> tuple[tuple[Person, ...], tuple[Place, ...]]:
    """Four people with these ids, each alone with the bot, and up to two groups of all."""
    names = (("Ann", "en"), ("Ben", "en"), ("小明", "zh"), ("丽华", "zh"))
    people = tuple(
        Person(id=number, name=name, language=language)
        for number, (name, language) in zip(numbers, names, strict=False)
    )
    alone = tuple(Place(id=p.id, name=p.name, members=(p.id,)) for p in people)
    everybody = tuple(person.id for person in people)
    together = tuple(
        Place(id=number, name=name, members=everybody, group=True)
        for number, name in zip(groups, ("Garden", "茶馆"), strict=False)
    )
    return people, (*alone, *together)
