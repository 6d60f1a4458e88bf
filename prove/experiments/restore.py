"""Backups under load; each restored, seen to be held, and released in one of three ways."""

import asyncio
import multiprocessing
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias

import httpx

from bots.cli import main
from bots.sandbox.telegram.platform import Telegram
from bots.sandbox.town.town import BOT, Line
from prove.experiment import Experiment, Finding, Scale
from prove.world.bot import PRELOADED, Bot
from prove.world.people import Seat, greet, seats, talk, until_all_answered
from prove.world.square import ECHO, MARK
from prove.world.world import World, world

Way: TypeAlias = Literal["drop", "answer", "expire"]
"""How a copy is released; `expire`: --answer, and what is left over is too old by then."""
WAYS: tuple[Way, ...] = ("answer", "drop", "expire")

HELD_S = 1.5
RELEASE_S = 2.0
CONNECT_S = 20.0
SETTLE_S = 15.0
QUIET_S = 1.0
EXPIRED = "I was away when this came"
Mark: TypeAlias = tuple[str, int]
Before: TypeAlias = Mapping[str, int]
"""How much the bot had said on each platform."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """Counts over all copies, and what was wrong."""

    held_calls: int = 0
    left: int = 0
    answered: int = 0
    expired: int = 0
    old: int = 0
    lost: int = 0
    repeated: int = 0
    gap: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What a backup says of the messages in it: to be answered, or underway, or done."""

    left: frozenset[Mark]
    unsent: frozenset[Mark]
    unsure: frozenset[Mark]
    done: frozenset[Mark]


async def run(scale: Scale) -> Finding:
    chance = Random(scale.seed)
    seen = Seen()
    backups = scale.pick(2, 10)
    people, both = scale.pick(4, 8), ("telegram", "qq")
    async with world(scale.folder, platforms=both, people=people, pace_s=0.02) as around:
        sat = seats(around)
        files = await _life(around, sat, chance, backups)
        for number, file in enumerate(files):
            way = WAYS[number % (3 if scale.long else 2)]
            await _restored(around, sat, file, scale.folder / f"copy-{number}", way, seen)
    return Finding(
        load=f"{len(sat)} conversations of 2 platforms, {sum(len(s.said) for s in sat)} messages",
        faults=f"{backups} backups under load, each restored and released",
        lost=seen.lost,
        repeated=seen.repeated + seen.old,
        wrong=tuple(seen.wrong),
        figures=(
            f"{seen.left} were unanswered in the backups: {seen.answered} answered, "
            f"{seen.expired} told that they are too old; {seen.held_calls} calls while held; "
            f"{seen.old} old sends after --drop; {seen.gap} said after the backup were fetched "
            "from QQ's history by --answer"
        ),
    )


async def _life(around: World, sat: Sequence[Seat], chance: Random, backups: int) -> list[Path]:
    """Talk, with backups at random moments of it; at the end everything is answered."""
    stop = asyncio.Event()
    await around.start()
    await greet(sat)
    talking = asyncio.create_task(talk(sat, chance, stop))
    files = []
    for number in range(backups):
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        file = around.config.with_name(f"backup-{number}.tar")
        await _parley(around, around.config, "backup", str(file))
        files.append(file)
    stop.set()
    await talking
    await until_all_answered(sat)
    await around.bot.stop()
    return files


async def _restored(
    around: World, sat: Sequence[Seat], file: Path, folder: Path, way: Way, seen: Seen
) -> None:
    """One backup's way back, from an empty folder."""
    config = _configured(around, folder, way)
    await _parley(around, config, "restore", str(file))
    _check_whole(folder / "data", seen)
    inside = _inside(folder / "data", sat)
    before = _count(around)
    bot = Bot(config, around.private, _environ(around))
    await bot.start()
    try:
        late = await _held(around, sat, before, seen)
        await _released(around, config, way, seen)
        if way == "drop":
            await _new_alone(sat, late, before, around, seen)
        else:
            await _left_once(around, inside, before, way, seen)
    finally:
        await bot.stop()


def _configured(around: World, folder: Path, way: Way) -> Path:
    """The same bots and ports, another data folder."""
    folder.mkdir()
    settings = around.config.read_text().replace(str(around.data), str(folder / "data"))
    if way == "expire":
        settings = settings.replace("\nplatform =", "\nexpire_s = 0.1\nplatform =")
    config = folder / "config.toml"
    config.write_text(settings)
    return config


async def _held(around: World, sat: Sequence[Seat], before: Before, seen: Seen) -> list[Mark]:
    """Nothing is asked of Telegram, no account can dial in, nobody hears anything.

    The answer is what was said on Telegram meanwhile: it waits there, and is new.
    """
    calls = _calls(around)
    late = [(s.key, await s.say()) for s in sat if s.stand.name == "telegram" and not s.group]
    await asyncio.sleep(HELD_S)
    made = _calls(around) - calls + len(_since(around, before))
    if made:
        seen.wrong.append(f"{made} calls or lines while it was held")
    seen.held_calls += made
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://127.0.0.1:{around.private}/readyz")
    if answer.status_code != 503 or "restored from the backup" not in answer.json().get("held", ""):
        seen.wrong.append(f"held, and /readyz says {answer.status_code} {answer.text}")
    return late


async def _released(around: World, config: Path, way: Way, seen: Seen) -> None:
    try:
        await _parley(around, config, "release", "--drop" if way == "drop" else "--answer")
    except RuntimeError as error:
        seen.wrong.append(str(error))
        return
    async with httpx.AsyncClient(trust_env=False) as http:
        deadline = asyncio.get_running_loop().time() + RELEASE_S
        while asyncio.get_running_loop().time() < deadline:
            answer = await http.get(f"http://127.0.0.1:{around.private}/readyz")
            if "held" not in answer.json():
                return
            await asyncio.sleep(0.05)
    seen.wrong.append(f"still held {RELEASE_S:g} s after its release")


async def _new_alone(
    sat: Sequence[Seat], late: Sequence[Mark], before: Before, around: World, seen: Seen
) -> None:
    """What is said now is answered, once, and nothing else is."""
    await _connected(around)
    new = [*late, *[(seat.key, await seat.say()) for seat in sat]]
    shown = await _settled(around, new, before)
    seen.lost += sum(not shown[mark] for mark in new)
    seen.repeated += sum(shown[mark] > 1 for mark in new)
    lines = _since(around, before)
    old = [line.text[:80] for line in lines if _mark(line) not in new]
    seen.old += len(old)
    seen.wrong += [f"old, and sent after --drop: {text}" for text in old[:3]]


async def _left_once(around: World, inside: Inside, before: Before, way: Way, seen: Seen) -> None:
    """What was unanswered in the backup is answered once; what was done is not done again."""
    await _connected(around)
    waits = inside.unsent if way == "expire" else inside.left | inside.unsent
    seen.left += len(inside.left | inside.unsent)
    expected = len(inside.left) if way == "expire" else 0
    shown = await _settled(around, waits, before, expected)
    told = _told(around, before)
    seen.expired += told
    seen.answered += sum(shown[mark] == 1 for mark in waits)
    if told != expected:
        seen.wrong.append(f"{expected} were too old, {told} were told so")
    lost = [mark for mark in waits if not shown[mark]]
    twice = [mark for mark in waits | inside.unsure if shown[mark] > 1]
    again = [mark for mark in inside.done if shown[mark]]
    seen.lost += len(lost)
    seen.repeated += len(twice) + len(again)
    seen.gap += len(
        [
            mark
            for mark in shown
            if mark not in inside.left | inside.unsent | inside.unsure | inside.done
        ]
    )
    for what, marks in (("lost", lost), ("twice", twice), ("again, though done", again)):
        seen.wrong += [f"{what} after --answer: {key}-{number}" for key, number in marks[:3]]


async def _settled(
    around: World, wanted: Collection[Mark], before: Before, expired: int = 0
) -> Counter[Mark]:
    """What was shown since `before`, once all that is wanted was, and a while after."""
    deadline = asyncio.get_running_loop().time() + SETTLE_S
    while asyncio.get_running_loop().time() < deadline:
        shown = _marks(around, before)
        if all(shown[mark] for mark in wanted) and _told(around, before) >= expired:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(QUIET_S)
    return _marks(around, before)


def _marks(around: World, before: Before) -> Counter[Mark]:
    return Counter(filter(None, map(_mark, _since(around, before))))


def _told(around: World, before: Before) -> int:
    """How many were told that they came too late."""
    return sum(EXPIRED in line.text for line in _since(around, before))


async def _connected(around: World) -> None:
    platform = around.stands["qq"].platform
    if not isinstance(platform, Telegram):
        await platform.until_connected(CONNECT_S)


def _check_whole(data: Path, seen: Seen) -> None:
    with closing(sqlite3.connect(data / "parley.db")) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchall()
    if found != [("ok",)]:
        seen.wrong.append(f"integrity_check: {found[:3]}")


def _inside(data: Path, sat: Sequence[Seat]) -> Inside:
    asked = (
        "SELECT inbox.payload, inbox.state, "
        "coalesce((SELECT group_concat(state) FROM parts WHERE reply_id = replies.id), '') "
        "FROM inbox LEFT JOIN replies ON replies.message_id = inbox.id"
    )
    with closing(sqlite3.connect(data / "parley.db")) as connection:
        rows = connection.execute(asked).fetchall()
    found: dict[str, set[Mark]] = {"left": set(), "unsent": set(), "unsure": set(), "done": set()}
    for payload, state, parts in rows:
        mark = MARK.search(payload)
        if mark:
            kind = "unsure" if "trying" in parts else "done"
            kind = "unsent" if "pending" in parts else kind
            kind = "left" if state == "new" else kind
            found[kind].add((mark[1], int(mark[2])))
    if not found["done"]:
        raise RuntimeError(f"expected answered messages of {len(sat)} conversations, got none")
    return Inside(**{kind: frozenset(marks) for kind, marks in found.items()})


def _count(around: World) -> Before:
    return {name: len(stand.town.lines(sender=BOT)) for name, stand in around.stands.items()}


def _since(around: World, before: Before) -> list[Line]:
    """What the bot said since, in the order shown on each platform."""
    return [
        line
        for name, stand in around.stands.items()
        for line in stand.town.lines(sender=BOT)[before[name] :]
    ]


def _mark(line: Line) -> Mark | None:
    found = ECHO.search(line.text)
    return (found[1], int(found[2])) if found else None


def _calls(around: World) -> int:
    """How often the bot turned to Telegram or the relay, and whether QQ's account reached it."""
    telegram, qq = (around.stands[name].platform for name in ("telegram", "qq"))
    if not isinstance(telegram, Telegram) or isinstance(qq, Telegram):
        raise TypeError("expected Telegram and QQ")
    asked = telegram.journal.entries()
    return (asked[-1].number if asked else 0) + len(around.journal.entries())


def _environ(around: World) -> Mapping[str, str]:
    return {key: value for s in around.stands.values() for key, value in s.environ.items()}


async def _parley(around: World, config: Path, *arguments: str) -> None:
    """A command in a process of its own. Raises RuntimeError where it ends with an error."""
    told = config.with_name(f"{arguments[0]}.txt")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    given = (*arguments, "--config", str(config))
    process = context.Process(target=_command, args=(given, told, _environ(around)), daemon=True)
    process.start()
    while process.is_alive():  # noqa: ASYNC110 - a process tells nobody
        await asyncio.sleep(0.01)
    process.join()
    if process.exitcode:
        raise RuntimeError(f"parley {arguments[0]}: {_read(told)[-800:]}")


def _command(given: Sequence[str], told: Path, environ: Mapping[str, str]) -> None:
    """What the forked process does."""
    said = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.update(environ)
    sys.exit(main(given))


def _read(told: Path) -> str:
    return told.read_text(errors="replace") if told.exists() else ""


EXPERIMENT = Experiment(
    promises=(16,), title="backups under load, restored, held and released", run=run
)
