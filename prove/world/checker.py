"""Judges by what the platforms showed and what the relay was asked, and by nothing else."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from bots.sandbox.town.town import BOT, Line
from prove.experiment import Finding
from prove.world.people import Seat
from prove.world.square import MARK
from prove.world.world import World

WINDOW = timedelta(seconds=0.5)
"""W: one round trip to the platform and one commit, on a machine that does much else."""

FLAGS = ("may have reached you already", "may have seen this already")
EXAMPLES = 5


@dataclass(slots=True, kw_only=True)
class Judgement:
    """Marks of messages, as `key-number`. `window` are repetitions that W excuses."""

    said: int = 0
    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    window: list[str] = field(default_factory=list)
    misordered: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    asked_again: list[str] = field(default_factory=list)

    def finding(
        self, *, load: str, faults: str, wrong: Sequence[str] = (), figures: str = ""
    ) -> Finding:
        """With examples of what went wrong."""
        found = [
            f"{what}: {', '.join(marks[:EXAMPLES])}"
            for what, marks in (
                ("lost", self.lost),
                ("repeated", self.repeated),
                ("out of order", self.misordered),
                ("leaked", self.leaked),
                ("the relay was asked again after the answer was shown", self.asked_again),
            )
            if marks
        ]
        inside = (
            f"{len(self.window)} repeated inside W, flagged, one a kill and conversation at most"
        )
        return Finding(
            load=load,
            faults=faults,
            lost=len(self.lost),
            repeated=len(self.repeated),
            misordered=len(self.misordered),
            leaked=len(self.leaked),
            wrong=(*wrong, *found),
            figures="; ".join(filter(None, (f"{self.said} messages", inside, figures))),
        )


async def judge(world: World, sat: Sequence[Seat], kills: Sequence[datetime] = ()) -> Judgement:
    """After everything has come to rest. `kills`: when the process was killed, UTC."""
    judged = Judgement()
    for seat in sat:
        judged.said += len(seat.said)
        await _judge_seat(seat, kills, judged)
    keys = {(seat.stand.bot, seat.place, seat.key) for seat in sat}
    for stand in world.stands.values():
        for line in stand.town.lines(sender=BOT):
            judged.leaked += _foreign(line, stand.bot, keys)
    _judge_relay(world, sat, judged)
    return judged


async def _judge_seat(seat: Seat, kills: Sequence[datetime], judged: Judgement) -> None:
    answers = seat.answers
    shown = Counter(number for number, _ in answers)
    for number, line in enumerate(seat.said):
        if not shown[number] and await seat.stand.taken(line):
            judged.lost.append(f"{seat.key}-{number}")
    first = list(dict.fromkeys(number for number, _ in answers))
    judged.misordered += [
        f"{seat.key}-{later} after {earlier}"
        for earlier, later in pairwise(first)
        if later < earlier
    ]
    left = list(kills)
    for number, count in shown.items():
        lines = [line for found, line in answers if found == number] if count > 1 else []
        for before, after in pairwise(lines):
            killed = _excuse(before, after, left) if seat.stand.name != "qq" else None
            if killed:
                left.remove(killed)
            (judged.window if killed else judged.repeated).append(f"{seat.key}-{number}")


def _excuse(before: Line, after: Line, kills: Sequence[datetime]) -> datetime | None:
    """The kill in whose window W a repetition lies, where it says that it may be one: each
    excuses one in a conversation. What was on its way may be shown a moment after the kill."""
    if not any(flag in after.text for flag in FLAGS):
        return None
    near = (at for at in kills if at <= after.at and abs(at - before.at) <= WINDOW)
    return next(near, None)


def _foreign(line: Line, bot: str, keys: set[tuple[str, str, str]]) -> list[str]:
    """Marks that do not belong where they are shown, or two people's in one line."""
    found = {one[1] for one in MARK.finditer(line.text)}
    wrong = {key for key in found if (bot, line.place, key) not in keys}
    if len(found) > 1:
        wrong |= found
    return [f"{key} shown by {bot} in {line.place}" for key in sorted(wrong)]


def _judge_relay(world: World, sat: Sequence[Seat], judged: Judgement) -> None:
    """Each prompt holds one conversation's marks, in order; no answer is asked for once shown."""
    shown = {(seat.key, number): line.at for seat in sat for number, line in reversed(seat.answers)}
    for entry in world.journal.entries("chat"):
        marks = list(_marks(entry.body))
        if len({key for key, _ in marks}) > 1:
            judged.leaked.append(f"a prompt with {sorted({key for key, _ in marks})}")
        if not marks:
            continue
        numbers = [number for _, number in marks]
        if numbers != sorted(numbers):
            judged.misordered.append(f"a prompt of {marks[-1][0]}: {numbers}")
        if marks[-1] in shown and entry.at > shown[marks[-1]]:
            judged.asked_again.append("{}-{}".format(*marks[-1]))


def _marks(body: Any) -> Iterator[tuple[str, int]]:
    """Of what people said, in the prompt's order."""
    for message in body["messages"]:
        if message["role"] == "user" and isinstance(message["content"], str):
            for found in MARK.finditer(message["content"]):
                yield found[1], int(found[2])
