"""People who do not wait for answers, and what becomes of each thing they said."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from bots.sandbox.town.town import BOT, Line, Utterance
from bots.sandbox.wechat.wechat import WeChat
from prove.world.people import Seat

BUSY = "I have my hands full right now"
FILLER = "这是一段很长的话，它本身没有什么意思，只是为了占满内存。"
LONG_CHARS = 1500
IN_FLIGHT = 2000


@dataclass(slots=True, kw_only=True, eq=False)
class Voice:
    """One person at a platform. `said` has when each was said, by its number, from `first` on;
    `lines` has them as they stand there, on WeChat, where each has an outcome of its own."""

    seat: Seat
    first: int
    said: list[datetime] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    async def say(self) -> int:
        """Something long; its number."""
        stand, number = self.seat.stand, self.first + len(self.said)
        words = f"note {self.seat.key}-{number} {long_words()}"
        self.said.append(datetime.now(UTC))
        line = await stand.platform.speak(
            Utterance(place=self.seat.place, person=self.seat.person, text=words)
        )
        if isinstance(stand.platform, WeChat):
            self.lines.append(line)
        return number

    @property
    def answered(self) -> set[int]:
        return {number for number, _ in self.seat.answers}

    @property
    def missing(self) -> list[int]:
        """The numbers that have no answer."""
        shown = self.answered
        return [self.first + n for n in range(len(self.said)) if self.first + n not in shown]

    def notices(self) -> list[Line]:
        lines = self.seat.stand.town.lines(self.seat.place, BOT)
        return [line for line in lines if line.text.startswith(BUSY) or BUSY in line.text[:200]]


@dataclass(slots=True, kw_only=True)
class Told:
    """`silent`: marks that were neither answered nor followed by a word that they were not
    taken; `chatty`: conversations that were told so more than once in a row."""

    answered: int = 0
    busy: int = 0
    notices: int = 0
    silent: list[str] = field(default_factory=list)
    chatty: list[str] = field(default_factory=list)


async def told(voices: Sequence[Voice]) -> Told:
    """After everything has come to rest."""
    total = Told()
    for voice in voices:
        missing = voice.missing
        total.busy += len(missing)
        total.answered += len(voice.said) - len(missing)
        if isinstance(voice.seat.stand.platform, WeChat):
            await _by_push(voice, missing, total)
        else:
            _by_runs(voice, missing, total)
    return total


async def _by_push(voice: Voice, missing: Sequence[int], total: Told) -> None:
    """On WeChat each that was not taken is told so; what it gave up was not acknowledged."""
    account = voice.seat.stand.platform
    for line in voice.lines:
        push = await account.outcome(line)
        number = int(line.text.partition(" ")[2].partition(" ")[0].rpartition("-")[2])
        refused = any(BUSY in answer for answer in push.answers)
        total.notices += refused
        if number in missing and push.ended and not refused:
            total.silent.append(f"{voice.seat.key}-{number}")


def _by_runs(voice: Voice, missing: Sequence[int], total: Told) -> None:
    """One word at most for all that was not taken between two that were."""
    notices = voice.notices()
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(missing), lambda one: one[1] - one[0])
    ]
    total.notices += len(notices)
    if len(notices) > len(runs):
        total.chatty.append(f"{voice.seat.key}: {len(notices)} for {len(runs)}")
    for run in runs:
        since = voice.said[run[0] - voice.first]
        if not any(line.at >= since for line in notices):
            total.silent.append(f"{voice.seat.key}-{run[0]}")


async def offer(voices: Sequence[Voice], rate: float, seconds: float) -> float:
    """Everybody in turn, whether answers come or not; how many a second it really was.

    No more than IN_FLIGHT at once are on their way into a platform: it may be the one that is slow.
    """
    loop = asyncio.get_running_loop()
    began, count = loop.time(), 0
    saying: set[asyncio.Task[int]] = set()
    while (since := loop.time() - began) < seconds:
        for _ in range(min(int(rate * since) - count, IN_FLIGHT - len(saying))):
            task = asyncio.create_task(voices[count % len(voices)].say())
            saying.add(task)
            task.add_done_callback(saying.discard)
            count += 1
        await asyncio.sleep(0.01)
    if saying:
        await asyncio.wait(set(saying))
    return count / (loop.time() - began)


def long_words() -> str:
    return (FILLER * (LONG_CHARS // len(FILLER) + 1))[:LONG_CHARS]
