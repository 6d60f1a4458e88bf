"""A relay goes bad in every way: another steps in, or its messages wait and are answered in order.

Every message must have one response, in the order of the messages: its answer; or, where the
call may have been billed, a word that it failed; or, where it waited too long, a word of that.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import TypeAlias

from bots.sandbox.app import create_app
from bots.sandbox.faults import Status
from bots.sandbox.serve import running
from bots.sandbox.town.town import BOT, Line
from prove.experiment import Experiment, Finding, Scale
from prove.front import Front, Mode, front
from prove.world.people import Seat, greet, seats
from prove.world.square import ECHO
from prove.world.world import World, world

NOTICE, EXPIRED = "Your message is kept", "did not come back in time"

OPENS_S, FAILOVER_S, BACK_S = 10.0, 2.0, 10.0
"""Marks: until another relay answers, from then on, and until the first answer after an outage."""

QUIET_S = 60.0
PEOPLE = 250
WAIT_S = 12.0
"""`outage_wait_s`: one outage of the long form is longer."""

SECOND = """
[relays.second]
profile = "sandbox"
base_url = "http://127.0.0.1:{port}"
[routes]
chat = ["main", "second"]
"""

Way: TypeAlias = Mode | int
"""How the relay goes bad: by its line, or with a status for every call."""

CERTAIN: tuple[Way, ...] = ("refuses", 429, 503)
"""Nothing was done, so nothing may fail: every message is answered, or has waited too long."""

EVERY: tuple[Way, ...] = ("refuses", "swallows", "breaks", "trickles", 429, 503, 500, "garbles")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """One outage, and who talked in it: whoever was answered by the second relay stays there,
    so each has its own people. Times are UTC."""

    way: Way
    began: datetime
    ended: datetime
    sat: Sequence[Seat]


@dataclass(slots=True, kw_only=True)
class Seen:
    """What came of it. Seconds."""

    said: int = 0
    opened: list[float] = field(default_factory=list)
    failover: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    notices: int = 0
    failed: int = 0
    expired: int = 0
    lost: int = 0
    repeated: int = 0
    misordered: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """People before a bot; `line` stands before the first of its relays."""

    around: World
    line: Front
    sat: Iterator[Seat]
    relays: int
    people: int

    def next_people(self, count: int) -> list[Seat]:
        """Who has not talked yet."""
        return list(islice(self.sat, count))


async def run(scale: Scale) -> Finding:
    """One bot with two relays and one with a single one, side by side."""
    short = not scale.long
    with_two = await asyncio.gather(
        play(scale, 2, [("refuses", 2.0), ("swallows", 9.5)] if short else _long(EVERY, 14.0)),
        play(scale, 1, [("refuses", 5.0), (429, 4.0)] if short else _long(EVERY, 8.0, 16.0)),
    )
    two, one = with_two
    return Finding(
        load=f"{two.said + one.said} messages; two relays, and one",
        faults="refuse, black hole, reset, 1 byte/s, 429, 5xx, garbage"
        if scale.long
        else "refuse, black hole, 429",
        lost=two.lost + one.lost,
        repeated=two.repeated + one.repeated,
        misordered=two.misordered + one.misordered,
        wrong=(*two.wrong, *one.wrong),
        figures=(
            f"another relay answers after {_worst(two.opened)} s at most, then within "
            f"{_worst(two.failover)} s; with one: {one.notices} notices, {one.failed} told that "
            f"they may have been billed, {one.expired} that they waited too long, the others "
            f"answered, the first {_worst(one.back)} s after the relay was back"
        ),
    )


def _long(ways: Sequence[Way], each_s: float, longest_s: float = 0.0) -> list[tuple[Way, float]]:
    more: list[tuple[Way, float]] = [("refuses", longest_s)] if longest_s else []
    return [(way, each_s) for way in ways] + more


async def play(scale: Scale, relays: int, faults: Sequence[tuple[Way, float]]) -> Seen:
    chance = Random(f"{scale.seed} {relays}")
    folder = scale.folder / f"{relays}"
    folder.mkdir()
    async with staged(scale, relays) as stage:
        await stage.around.start()
        outages = [await go_bad(stage, way, lasts_s, chance) for way, lasts_s in faults]
        return judge(stage, outages)


@asynccontextmanager
async def staged(scale: Scale, relays: int) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        line = await stack.enter_async_context(front())
        more = ""
        if relays == 2:
            second = await stack.enter_async_context(running(create_app(pace_s=0.004)))
            more = SECOND.format(port=second.port)
        around = await stack.enter_async_context(
            world(
                scale.folder / f"{relays}",
                platforms=("qq",),
                people=PEOPLE,
                groups=0,
                settings=f"outage_wait_s = {WAIT_S}",
                relay_settings="" if relays == 2 else "first_byte_timeout_s = 5.0",
                more=more,
                log="error",
                relay=line.port,
            )
        )
        line.behind = around.relay
        yield Stage(
            around=around,
            line=line,
            sat=iter(seats(around)),
            relays=relays,
            people=scale.pick(4, 8),
        )


async def go_bad(stage: Stage, way: Way, lasts_s: float, chance: Random) -> Bad:
    """People talk on while the relay is bad, then wait until all is quiet."""
    await _well(stage)
    sat = stage.next_people(stage.people)
    await greet(sat)
    await _turn(stage, way)
    began = _now()
    stop = asyncio.Event()
    seeds = [chance.getrandbits(64) for _ in sat]
    talking = asyncio.gather(
        *(_talk(seat, Random(seed), stop) for seat, seed in zip(sat, seeds, strict=True))
    )
    await asyncio.sleep(lasts_s)
    stop.set()
    await talking
    await _mend(stage)
    ended = _now()
    await _quiet(sat)
    return Bad(way=way, began=began, ended=ended, sat=sat)


async def _well(stage: Stage) -> None:
    """Until the first relay is asked again: one after the other says something to find out."""
    before = len(stage.around.journal.entries("chat"))
    while len(stage.around.journal.entries("chat")) == before:
        (scout,) = stage.next_people(1)
        await greet([scout])
        await asyncio.sleep(0.2)


async def _turn(stage: Stage, way: Way) -> None:
    match way:
        case int():
            stage.around.faults.add(Status(call="chat", count="unlimited", status=way))
        case mode:
            await stage.line.turn(mode)


async def _mend(stage: Stage) -> None:
    stage.around.faults.clear()
    if stage.line.mode != "passes":
        await stage.line.turn("passes")


async def _talk(seat: Seat, chance: Random, stop: asyncio.Event) -> None:
    """So slowly that a lane holds all that is said in an outage."""
    while not stop.is_set():
        await seat.say()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), chance.uniform(0.7, 1.5))


async def _quiet(sat: Sequence[Seat]) -> None:
    """Until every message has its response, or nothing comes any more."""
    deadline = _now() + timedelta(seconds=QUIET_S)
    while _now() < deadline:
        if all(len(responses(seat)) >= len(seat.said) for seat in sat):
            return
        await asyncio.sleep(0.05)


def judge(stage: Stage, outages: Sequence[Bad]) -> Seen:
    seen = Seen()
    for bad in outages:
        where = f"{bad.way} with {stage.relays}"
        for seat in bad.sat:
            _judge_seat(stage, seat, bad, where, seen)
        _judge_times(stage, bad, where, seen)
    return seen


def responses(seat: Seat) -> list[Line]:
    """What the bot said to a person, but for notices: one for each message, if all is well."""
    lines = seat.stand.town.lines(seat.place, BOT)
    return [line for line in lines if NOTICE not in line.text]


def _judge_seat(stage: Stage, seat: Seat, bad: Bad, where: str, seen: Seen) -> None:
    """The response to a message is known by its place: so none may be out of it."""
    came = responses(seat)
    shown = Counter(number for number, _ in seat.answers)
    seen.said += len(seat.said)
    seen.repeated += sum(count > 1 for count in shown.values())
    for number in range(len(seat.said)):
        if number < len(came):
            _judge_response(stage, seat, bad, number, came[number], seen)
        else:
            seen.lost += 1
            seen.wrong.append(f"{where}: {seat.key}-{number} has no response")
    if len(came) > len(seat.said):
        seen.wrong.append(f"{where}: {seat.key} has {len(came)} responses to {len(seat.said)}")
    told = len(seat.stand.town.lines(seat.place, BOT)) - len(came)
    seen.notices += told
    if told > 1:
        seen.wrong.append(f"{where}: {told} notices in one conversation")


def _judge_response(
    stage: Stage, seat: Seat, bad: Bad, number: int, line: Line, seen: Seen
) -> None:
    where = f"{bad.way} with {stage.relays}: {seat.key}-{number}"
    echo = ECHO.search(line.text)
    if echo:
        if int(echo[2]) != number:
            seen.misordered += 1
            seen.wrong.append(f"{where} was answered as {echo[2]}")
    elif EXPIRED in line.text:
        seen.expired += 1
        if (line.at - seat.said[number].at).total_seconds() < WAIT_S - 1:
            seen.wrong.append(f"{where} was given up too early")
    else:
        seen.failed += 1
        if stage.relays == 2 or bad.way in CERTAIN:
            seen.wrong.append(f"{where} failed: {line.text[:60]}")


def _judge_times(stage: Stage, bad: Bad, where: str, seen: Seen) -> None:
    pairs = sorted(_pairs(bad), key=lambda pair: pair[1])
    if stage.relays == 1:
        after = [came for _, came, _ in pairs if came >= bad.ended]
        if after:
            seen.back.append((min(after) - bad.ended).total_seconds())
            if seen.back[-1] > BACK_S:
                seen.wrong.append(f"{where}: nothing for {seen.back[-1]:.1f} s after it was back")
        return
    opened = pairs[0][1] if pairs else bad.ended
    seen.opened.append((opened - bad.began).total_seconds())
    if seen.opened[-1] > OPENS_S:
        seen.wrong.append(f"{where}: nobody stepped in for {seen.opened[-1]:.1f} s")
    spans = [
        (came - said).total_seconds()
        for said, came, alone in pairs
        if alone and opened <= said < bad.ended
    ]
    seen.failover += spans
    if not spans:
        seen.wrong.append(f"{where}: nobody asked after another relay had stepped in")
    if late := [span for span in spans if span > FAILOVER_S]:
        seen.wrong.append(f"{where}: {len(late)} answers took up to {max(late):.1f} s")


def _pairs(bad: Bad) -> Iterator[tuple[datetime, datetime, bool]]:
    """(said, answered, whether nothing was waiting before it) of what was said in an outage."""
    for seat in bad.sat:
        came = responses(seat)
        for number in range(1, min(len(seat.said), len(came))):
            said = seat.said[number].at
            yield said, came[number].at, came[number - 1].at <= said


def _worst(spans: Sequence[float]) -> str:
    return f"{max(spans):.1f}" if spans else "-"


def _now() -> datetime:
    return datetime.now(UTC)


EXPERIMENT = Experiment(promises=(9,), title="a relay goes bad in every way", run=run)
