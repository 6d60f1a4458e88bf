"""The machine's clock is set while people talk: hours and days ahead and back, past 2038.

Everything goes on, whatever the clock says, and each hour that it comes to is swept once.
"""

import asyncio
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random

from bots.sandbox.town.town import BOT
from bots.sandbox.wechat.wechat import WeChat
from prove.experiment import Experiment, Finding, Scale
from prove.world.checker import Judgement, judge
from prove.world.clock import WallClock
from prove.world.people import Seat, greet, seats, talk, until_all_answered
from prove.world.probe import Monitor, monitored
from prove.world.world import World, world

ANSWERED_S = 5.0
FIRED_S = 8.0
"""From when it strikes: 2 s until the clock is looked at again, on a busy machine."""

BEFORE = timedelta(seconds=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
END_OF_32_BITS = datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)
ZONE = "America/New_York"
SPRING, AUTUMN = datetime(2027, 3, 14, 7, tzinfo=UTC), datetime(2027, 11, 7, 6, tzinfo=UTC)
"""When that zone's clocks are put forward, and back."""

CAP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """Set the clock a moment before `to`. `strikes`: wait for the sweep of that hour."""

    to: datetime
    strikes: bool = True


@dataclass(slots=True, kw_only=True)
class Seen:
    """In seconds."""

    answered: list[float] = field(default_factory=list)
    fired: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def jumps(scale: Scale, chance: Random) -> Iterator[Jump]:
    """Each to an hour that the clock has not come to before; in the end to the true one."""
    now = _hour(datetime.now(UTC)) + HOUR
    yield Jump(to=now + HOUR, strikes=scale.long)
    yield Jump(to=now - HOUR, strikes=scale.long)
    yield Jump(to=now + DAY)
    yield Jump(to=now - DAY, strikes=scale.long)
    yield Jump(to=END_OF_32_BITS, strikes=False)
    yield Jump(to=_hour(END_OF_32_BITS) + HOUR, strikes=scale.long)
    yield Jump(to=SPRING, strikes=scale.long)
    yield Jump(to=AUTUMN, strikes=scale.long)
    if scale.long:
        for hours in chance.sample(range(3, 5000), 40):
            yield Jump(to=now + hours * HOUR * chance.choice((1, -1)))
    yield Jump(to=now)


async def run(scale: Scale) -> Finding:
    seen = Seen()
    for name in ("talk", "days"):
        (scale.folder / name).mkdir()
    judged, _ = await asyncio.gather(in_talk(scale, seen), by_days(scale, seen))
    chance = Random(scale.seed)
    return judged.finding(
        load="20 conversations on 3 platforms; a daily limit in a zone with summer time",
        faults=f"the clock set {len(list(jumps(scale, chance)))} times: ±1 h, ±1 day, "
        "summer time, 2038",
        wrong=seen.wrong,
        figures=f"all answered {_worst(seen.answered)} s after; "
        f"{len(seen.fired)} hours struck, each swept once, {_worst(seen.fired)} s late at most",
    )


async def in_talk(scale: Scale, seen: Seen) -> Judgement:
    chance = Random(scale.seed)
    async with world(scale.folder / "talk", people=4, log="info") as around:
        clock = WallClock(scale.folder / "talk" / "clock")
        around.bot.environ |= clock.environ
        sat = seats(around)
        await around.start()
        await greet(sat)
        stop = asyncio.Event()
        async with monitored(around.private) as monitor:
            talking = asyncio.create_task(talk(sat, chance, stop))
            for jump in jumps(scale, chance):
                await set_once(around, clock, jump, sat, monitor, seen)
            stop.set()
            await talking
        await until_all_answered(sat)
        judged = await judge(around, sat)
        await _judge_wechat(around, seen)
        _judge_sweeps(around, seen)
    return judged


async def set_once(
    around: World, clock: WallClock, jump: Jump, sat: Sequence[Seat], monitor: Monitor, seen: Seen
) -> None:
    clock.set(jump.to - BEFORE)
    began = time.monotonic()
    strikes = began + BEFORE.total_seconds()
    for seat in sat:
        await seat.say()
    upto = {seat: len(seat.said) for seat in sat}
    if await until_all_answered(sat, ANSWERED_S, upto):
        seen.answered.append(time.monotonic() - began)
    else:
        seen.wrong.append(f"at {jump.to}: not all answered within {ANSWERED_S:g} s")
    if await monitor.until(200, began, ANSWERED_S) is None:
        seen.wrong.append(f"at {jump.to}: /readyz told {monitor.last}")
    if jump.strikes:
        await _until_fired(around, jump.to, strikes, seen)


async def _until_fired(around: World, hour: datetime, strikes: float, seen: Seen) -> None:
    for _ in range(round(FIRED_S / 0.1)):
        if hour in _firings(around):
            seen.fired.append(max(0.0, time.monotonic() - strikes))
            return
        await asyncio.sleep(0.1)
    seen.wrong.append(f"at {hour}: no sweep within {FIRED_S:g} s")


def _firings(around: World) -> list[datetime]:
    with closing(sqlite3.connect(f"file:{around.data}/parley.db?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT at FROM schedule_firings WHERE job = 'sweep'")
        return [datetime.fromtimestamp(at / 1e6, UTC) for (at,) in rows]


def _judge_sweeps(around: World, seen: Seen) -> None:
    """The log tells of each sweep: no hour may have two."""
    swept = re.findall(r'"swept".*"hour":"([^"]*)"', around.bot.told())
    seen.wrong += [f"{n} sweeps at {hour}" for hour, n in Counter(swept).items() if n > 1]


async def _judge_wechat(around: World, seen: Seen) -> None:
    """None of its pushes may be turned away for its signed time."""
    for stand in around.stands.values():
        if isinstance(stand.platform, WeChat):
            people = [line for line in stand.town.lines() if line.sender in stand.town.people]
            outcomes = [await stand.platform.outcome(line) for line in people]
            refused = sum(not outcome.ended for outcome in outcomes)
            if refused:
                seen.wrong.append(f"{refused} of {len(outcomes)} pushes of WeChat were refused")


async def by_days(scale: Scale, seen: Seen) -> None:
    """A daily limit is renewed at midnight of its zone, and by no other jump."""
    async with world(scale.folder / "days", platforms=("qq",), people=1, groups=0) as around:
        given, limit = "guest_daily_messages = 1000000", f"guest_daily_messages = {CAP}"
        config = around.config.read_text().replace(given, f'{limit}\ntimezone = "{ZONE}"')
        around.config.write_text(config)
        clock = WallClock(scale.folder / "days" / "clock")
        midnight = datetime(2027, 3, 14, 5, tzinfo=UTC)
        clock.set(midnight - timedelta(minutes=10))
        around.bot.environ |= clock.environ
        (seat,) = seats(around)
        await around.start()
        for at, answers in _days(midnight):
            clock.set(at)
            got = [await _is_answered(seat) for _ in range(CAP + 1)]
            if got != answers:
                seen.wrong.append(f"at {at}: expected {answers} of a daily limit, got {got}")


def _days(midnight: datetime) -> Iterator[tuple[datetime, list[bool]]]:
    """The day of the change has 23 hours: in winter time it would end an hour later."""
    fresh, over = [True] * CAP + [False], [False] * (CAP + 1)
    minute = timedelta(minutes=1)
    yield midnight - minute, fresh
    yield midnight + minute, fresh
    yield midnight + 23 * HOUR - minute, over
    yield midnight + 23 * HOUR + minute, fresh
    yield midnight - minute, over
    yield END_OF_32_BITS, fresh
    yield midnight + minute, over


async def _is_answered(seat: Seat) -> bool:
    """Whether it is the model that answers, rather than the limit."""
    town = seat.stand.town
    before = len(town.lines(seat.place, BOT))
    number = await seat.say()
    await town.until(lambda _: len(town.lines(seat.place, BOT)) > before)
    return any(number == answered for answered, _ in islice(seat.answers, None))


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _worst(spans: Sequence[float]) -> str:
    return f"{max(spans):.1f}" if spans else "-"


EXPERIMENT = Experiment(promises=(12,), title="the clock is set", run=run)
