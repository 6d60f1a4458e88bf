"""What was used of a limit, as the relay charged it and the platforms showed it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bots.sandbox.accounts import UNITS_PER_USD
from bots.sandbox.hearing import UNITS_PER_S
from bots.sandbox.journal import Entry
from bots.sandbox.speech import UNITS_PER_CHAR
from prove.world.people import Seat
from prove.world.square import MARK
from prove.world.world import World

Level: TypeAlias = Literal["person", "group", "bot", "all"]
Measure: TypeAlias = Literal["messages", "tokens", "images", "usd", "heard", "read aloud"]
"""Of recordings heard it is seconds, of texts read aloud dollars."""

MEASURES: tuple[Measure, ...] = ("messages", "tokens", "images", "usd", "heard", "read aloud")
LEVELS: Mapping[Level, str] = {"person": "guest", "group": "group", "bot": "bot", "all": "all"}
UNITS: Mapping[Measure, str] = {"heard": "audio_s", "read aloud": "usd"}
CALLS: Mapping[Measure, str] = {
    "images": "images",
    "heard": "transcription",
    "read aloud": "speech",
}

ANSWER_TOKENS, HISTORY_CHARS = 64, 200
PROMPT_TOKENS = 3 * HISTORY_CHARS + 64
READ_CHARS, HEARD_S = 32, 3
MOST: Mapping[Measure, int] = {
    "messages": 1,
    "tokens": PROMPT_TOKENS + ANSWER_TOKENS,
    "images": 1,
    "usd": PROMPT_TOKENS + 3 * ANSWER_TOKENS,
    "heard": HEARD_S,
    "read aloud": READ_CHARS * UNITS_PER_CHAR,
}
"""What one call is reserved for at most; dollars in the relay's quota units."""


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

    @property
    def voiced(self) -> bool:
        return self.measure in ("heard", "read aloud")

    @property
    def unit(self) -> str:
        return UNITS.get(self.measure, self.measure)

    def figure(self, limit: int) -> str:
        """As people say it."""
        return f"{limit / UNITS_PER_USD:.6f}" if self.unit == "usd" else f"{limit}"

    @property
    def section(self) -> str:
        setting = f"{LEVELS[self.level]}.{self.unit}_month"
        return f"[limits]\nanswer_tokens = {ANSWER_TOKENS}\n{setting} = {self.figure(self.limit)}"

    def raised(self, limit: int) -> str:
        """The command by which an admin raises it."""
        level = self.level if self.level == "all" else f"{LEVELS[self.level]}s"
        return f"/limit {level} {self.unit} month {self.figure(limit)}"

    def scope(self, seat: Seat) -> str:
        """ "" for what the limit is not on."""
        match self.level:
            case "person":
                return f"{seat.stand.name}:{seat.person}"
            case "group":
                return f"{seat.stand.name}:{seat.place}" if seat.group else ""
            case "bot":
                return seat.stand.bot
            case "all":
                return "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """`recordings` are what people say aloud, by scope: each of another length in bytes, by
    which the relay's journal tells them apart."""

    around: World
    case: Case
    sat: Mapping[str, Seat]
    recordings: Mapping[str, bytes] = field(default_factory=dict)

    def used(self) -> Counter[str]:
        """By scope."""
        if self.case.measure == "messages":
            answered = ((seat, len({n for n, _ in seat.answers})) for seat in self.sat.values())
            return _summed((self.case.scope(seat), count) for seat, count in answered)
        return _summed(self._charged())

    def _charged(self) -> Iterator[tuple[str, int]]:
        call = CALLS.get(self.case.measure, "")
        for entry in self.around.journal.entries(call):
            if entry.units:
                yield self._scope(entry), self._figure(entry)

    def _figure(self, entry: Entry) -> int:
        match self.case.measure:
            case "tokens":
                return entry.tokens
            case "images":
                return 1
            case "heard":
                return entry.units // UNITS_PER_S
            case _:
                return entry.units

    def _scope(self, entry: Entry) -> str:
        if entry.call == "transcription":
            return self._heard(entry)
        body = entry.body
        text = body.get("prompt") or body.get("input") or body["messages"][-1]["content"]
        found = MARK.search(text)
        if found is None:
            raise ValueError(f"expected a mark in what the relay was asked, got {text[:80]}")
        return self.case.scope(self.sat[found[1]])

    def _heard(self, entry: Entry) -> str:
        match entry.fields["file"]:
            case {"size_bytes": size}:
                return {len(sound): scope for scope, sound in self.recordings.items()}[size]
            case _:
                raise ValueError(f"expected a file in what the relay heard, got {entry.fields}")


def _summed(figures: Iterable[tuple[str, int]]) -> Counter[str]:
    result: Counter[str] = Counter()
    for scope, figure in figures:
        if scope:
            result[scope] += figure
    return result
