"""The disk gets full while people talk, and has room again.

Nothing that was acknowledged is lost, also where the process is killed meanwhile; a monitor is
told why; all heals by itself. The log is on the same disk.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from bots.sandbox.town.town import BOT, Line, Utterance
from prove.experiment import Experiment, Finding, Scale
from prove.world.checker import WINDOW, judge
from prove.world.disk import Disk, Limit, Tmpfs, mounted
from prove.world.people import Seat, greet, seats, talk, until_all_answered
from prove.world.probe import Monitor, monitored
from prove.world.world import World, world

NOTICED_S = 5.0
READY_S = ANSWERED_S = 10.0
"""Marks, from when there is room again."""

TOP_UP_S = 0.02
MEDIA_MB = 1
END_S = 40.0
REASONS = ("disk is full", "disk failed")


@dataclass(slots=True, kw_only=True)
class Seen:
    """In seconds. `unsure` are moments at which a send may not have been noted."""

    unsure: list[datetime] = field(default_factory=list)

    noticed: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`painter` only asks for pictures, where nobody else talks. `media` is their folder's own
    disk, if there is one."""

    around: World
    disk: Disk
    media: Disk | None
    sat: Sequence[Seat]
    painter: Seat
    monitor: Monitor
    chance: Random
    seen: Seen


async def run(scale: Scale) -> Finding:
    chance, seen = Random(scale.seed), Seen()
    times = scale.pick(2, 30)
    async with staged(scale, chance, seen) as stage:
        sat = stage.sat
        await greet(sat)
        stop = asyncio.Event()
        talking = asyncio.create_task(talk(sat, chance, stop))
        await paint_without_room(stage)
        for number in range(times):
            await fill_once(stage, killed=number % 2 == 1)
        stop.set()
        await talking
        await until_all_answered(sat, END_S)
        judged = await judge(stage.around, sat, seen.unsure)
        if await stage.around.bot.stop():
            seen.wrong.append("it did not end as it should at the end")
        seen.wrong += _integrity(stage.around.data / "parley.db")
    return judged.finding(
        load=f"{len(sat)} conversations on {len(stage.around.stands)} platforms",
        faults=f"{stage.disk.name}: full {times} times, in {times // 2} of them killed meanwhile",
        wrong=seen.wrong,
        figures=(
            f"/readyz tells after {_worst(seen.noticed)} s; with room again it is ready after "
            f"{_worst(seen.ready)} s, all is answered after {_worst(seen.answered)} s; "
            "the database is whole"
        ),
    )


@asynccontextmanager
async def staged(scale: Scale, chance: Random, seen: Seen) -> AsyncIterator[Stage]:
    data, media = scale.folder / "data", scale.folder / "data" / "media"
    with mounted(data) as own_disk, mounted(media, MEDIA_MB) as own_media:
        async with world(scale.folder, people=4, log="info") as around:
            around.bot.log = around.data / "bot.log"
            sat = seats(around)
            painter = next(one for one in sat if one.stand.name == "telegram" and not one.group)
            sat.remove(painter)
            await around.start()
            async with monitored(around.private) as monitor:
                yield Stage(
                    around=around,
                    disk=Tmpfs(data) if own_disk else Limit(data, around.bot),
                    media=Tmpfs(media) if own_media else None,
                    sat=sat,
                    painter=painter,
                    monitor=monitor,
                    chance=chance,
                    seen=seen,
                )


async def paint_without_room(stage: Stage) -> None:
    """Where only pictures have none: the person is told, and it is drawn once there is some."""
    if stage.media is None:
        return
    stage.media.fill()
    told = await _draw(stage.painter)
    stage.media.free()
    if told is None or told.kind != "text":
        stage.seen.wrong.append(f"without room for a picture the bot said {told}")
    drawn = await _draw(stage.painter)
    if drawn is None or drawn.kind != "image":
        stage.seen.wrong.append(f"with room for a picture again the bot said {drawn}")


async def _draw(painter: Seat) -> Line | None:
    town, place = painter.stand.town, painter.place
    before = len(town.lines(place, BOT))
    words = "/draw a garden"
    said = Utterance(place=place, person=painter.person, text=words, mention=painter.group)
    await painter.stand.platform.speak(said)
    with suppress(TimeoutError):
        await town.until(lambda _: len(town.lines(place, BOT)) > before)
    return next(iter(town.lines(place, BOT)[before:]), None)


async def fill_once(stage: Stage, *, killed: bool) -> None:
    """With a kill, it starts again on the disk that has room."""
    seen, monitor, sat, bot = stage.seen, stage.monitor, stage.sat, stage.around.bot
    await asyncio.sleep(stage.chance.uniform(0.2, 1.0))
    began = datetime.now(UTC)
    async with _full(stage.disk):
        await _until_told(monitor, seen)
        await asyncio.sleep(stage.chance.uniform(0, 1.0))
        upto = {seat: len(seat.said) for seat in sat}
        if killed:
            seen.unsure += _moments(began, await stage.around.kill())
    room = time.monotonic()
    if killed:
        await bot.start()
    ready = await monitor.until(200, room, READY_S)
    if ready is None:
        seen.wrong.append(f"not ready {READY_S:g} s after there was room: {monitor.last}")
        return
    seen.ready.append(ready)
    left_s = room + ANSWERED_S - time.monotonic()
    if await until_all_answered(sat, left_s, upto):
        seen.answered.append(time.monotonic() - room)
    else:
        seen.wrong.append(f"not all was answered {ANSWERED_S:g} s after there was room")


def _moments(began: datetime, ended: datetime) -> list[datetime]:
    """What was sent while there was no room could not be noted before the kill."""
    steps = int((ended - began) / WINDOW)
    return [*(began + step * WINDOW for step in range(steps + 1)), ended]


@asynccontextmanager
async def _full(disk: Disk) -> AsyncIterator[None]:
    """While there is no room, also where some is made by what fills it less."""

    async def keep() -> None:
        while True:
            disk.fill()
            await asyncio.sleep(TOP_UP_S)

    disk.fill()
    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        disk.free()


async def _until_told(monitor: Monitor, seen: Seen) -> None:
    began = time.monotonic()
    told = await monitor.until(503, began, NOTICED_S)
    if told is None:
        seen.wrong.append(f"/readyz told nothing in {NOTICED_S:g} s: {monitor.last}")
        return
    seen.noticed.append(told)
    if not any(words in monitor.last for words in REASONS):
        seen.wrong.append(f"/readyz told another reason: {monitor.last}")


def _integrity(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        told = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    return [] if told == ["ok"] else [f"the database is damaged: {told[:3]}"]


def _worst(spans: Sequence[float]) -> str:
    return f"{max(spans):.1f}" if spans else "-"


EXPERIMENT = Experiment(promises=(10,), title="the disk gets full", run=run)
