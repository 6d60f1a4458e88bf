"""Upgrades killed at each statement, from every released schema; a newer schema is refused."""

import asyncio
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeAlias

from alembic.script import ScriptDirectory

from core.errors import StoreError
from prove.experiment import Experiment, Finding, Scale
from prove.rows import has, rows_of, tables_of
from storage.migrations.upgrade import config as alembic_config
from storage.migrations.upgrade import upgrade
from storage.sqlite.connection import open_writer
from storage.sqlite.schema import HEAD, prepare

ROOT = Path(__file__).parents[2]
OLDER_EVERY = 5
STATES = {"inbox": ("new", "answered", "dead"), "parts": ("pending", "trying", "sent", "later")}
CONFIG = """
[server]
private = "127.0.0.1:0"
[storage]
data = "."
[relays.main]
profile = "sandbox"
[bots.web]
platform = "web"
"""


Schema: TypeAlias = frozenset[tuple[object, ...]]


@dataclass(slots=True, kw_only=True)
class Seen:
    kills: int = 0
    rows: int = 0
    old: int = 0
    new: int = 0
    wrong: list[str] = field(default_factory=list)


async def run(scale: Scale) -> Finding:
    return await asyncio.to_thread(find, scale)


def find(scale: Scale) -> Finding:
    chance, seen = Random(scale.seed), Seen()
    rows = scale.pick(15, 400)
    fresh = scale.folder / "fresh.db"
    _start(fresh)
    whole = _schema(fresh)
    for version in ("none", *_released()):
        kept = _kept(scale.folder, version, rows, chance)
        seen.rows += sum(found.total() for _, found in rows_of(kept).values())
        every = 1 if scale.long or version in ("none", _released()[-1]) else OLDER_EVERY
        _kill_at_statements(kept, version, whole, seen, every)
        if scale.long:
            _kill_at_random(kept, version, whole, seen, chance)
    _refuses_newer(scale.folder, rows, chance, seen)
    return Finding(
        load=f"{', '.join(('none', *_released()))} to {HEAD}; {seen.rows} rows in all tables",
        faults=f"{seen.kills} kills, one at each statement"
        + (", and at random" if scale.long else f", from older ones at each {OLDER_EVERY}th"),
        lost=0 if not seen.wrong else None,
        wrong=tuple(seen.wrong),
        figures=(
            f"after the kill {seen.old} were wholly old and {seen.new} wholly new, all upgraded "
            "by the next start with every row; three newer ones refused, no byte changed"
        ),
    )


def _released() -> list[str]:
    """All that people may have, the oldest first; the latest is today's."""
    script = ScriptDirectory.from_config(alembic_config())
    return sorted(one.revision for one in script.walk_revisions() if one.revision != HEAD)


def _kept(folder: Path, version: str, rows: int, chance: Random) -> Path:
    """A database as that version left it: made by its migrations, with rows in each table."""
    path = folder / f"{version}.db"
    if version == "none":
        path.touch()
        return path
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        upgrade(connection, version)
        connection.execute("BEGIN")
        for table in tables_of(connection):
            _fill(connection, table, rows, chance)
        connection.execute("COMMIT")
    return path


def _fill(connection: sqlite3.Connection, table: str, rows: int, chance: Random) -> None:
    columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
    places = ", ".join("?" for _ in columns)
    for number in range(rows):
        values = [_value(table, name, kind, number, chance) for _, name, kind, *_ in columns]
        connection.execute(f"INSERT INTO {table} VALUES ({places})", values)  # noqa: S608


def _value(table: str, name: str, kind: str, number: int, chance: Random) -> object:
    if name == "state" and table in STATES:
        return chance.choice(STATES[table])
    if name == "person":
        return f"qq/bot%2F{number % 3}/{number // 3}"
    if name == "day":
        return f"2026-11-{1 + number // 3 % 28:02}"
    if "INT" in kind or "BOOL" in kind:
        return number + 1 if name in ("seq", "position") else chance.randrange(10**15)
    if "FLOAT" in kind:
        return chance.random()
    return f"{name} {number} {'文' * chance.randrange(200)}"


def _kill_at_statements(kept: Path, version: str, whole: Schema, seen: Seen, every: int) -> None:
    """Until a child gets to its end, which is one statement more than there are."""
    for nth in range(1, 1000, every):
        copy = _copied(kept)
        killed = _child(copy, nth)
        if not killed:
            break
        _judge(copy, kept, version, whole, seen, f"statement {nth}")
    else:
        seen.wrong.append(f"{version}: no upgrade ended within 1000 statements")
    if nth < 5:
        seen.wrong.append(f"{version}: expected an upgrade of several statements, saw {nth - 1}")


def _kill_at_random(
    kept: Path, version: str, whole: Schema, seen: Seen, chance: Random, kills: int = 100
) -> None:
    """Also inside a statement, and inside a commit."""
    for _ in range(kills):
        copy = _copied(kept)
        after_s = chance.uniform(0, 0.06)
        if _child(copy, 0, after_s):
            _judge(copy, kept, version, whole, seen, f"{after_s * 1000:.0f} ms")


def _child(path: Path, nth: int, after_s: float = 0) -> bool:
    """Start on a file in a process of its own; True if it was killed, at a statement or a time."""
    pid = os.fork()
    if not pid:
        _live(path, nth, after_s)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status):
        raise RuntimeError(f"an upgrade of {path.name} failed with {os.WEXITSTATUS(status)}")
    return False


def _live(path: Path, nth: int, after_s: float) -> None:
    """What the child does. It never returns."""
    left = [nth]

    def traced(_: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        if after_s:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, after_s)
        connection = open_writer(path, 2.0)
        connection.set_trace_callback(traced if nth else None)
        prepare(connection, path)
        if nth:
            traced("the end, with the write-ahead log not yet written back")
        connection.set_trace_callback(None)
        connection.close()
    except BaseException:
        os._exit(1)
    os._exit(0)


def _judge(path: Path, kept: Path, version: str, whole: Schema, seen: Seen, where: str) -> None:
    seen.kills += 1
    rows, before = rows_of(kept), _schema(kept)
    found = _schema(path)
    if found == before:
        seen.old += 1
    elif found == whole:
        seen.new += 1
    else:
        seen.wrong.append(f"{version}, killed at {where}: neither old nor new")
    wrong = [
        what
        for what, right in (
            ("damaged", _integrity(path) == "ok"),
            ("rows changed by the kill", has(path, rows)),
        )
        if not right
    ]
    try:
        _start(path)
    except StoreError:
        wrong.append("refused by the next start")
    if _schema(path) != whole or not has(path, rows) or _integrity(path) != "ok":
        wrong.append("not finished by the next start")
    seen.wrong += [f"{version}, killed at {where}: {what}" for what in wrong]


def _refuses_newer(folder: Path, rows: int, chance: Random, seen: Seen) -> None:
    """As a newer version left it: stopped, killed with a log not written back, or copied."""
    for number, how in enumerate(("stopped", "killed", "copied")):
        place = folder / f"newer-{number}"
        place.mkdir()
        path = _newer(place, rows, chance, how)
        before = _bytes(place)
        if not _is_refused(path):
            seen.wrong.append(f"a newer schema, {how}, was not refused")
        if how == "stopped" and not _run_refuses(place):
            seen.wrong.append("parley run did not end with the reason")
        if _bytes(place) != before:
            seen.wrong.append(f"a newer schema, {how}: refused, but its bytes were changed")


def _newer(place: Path, rows: int, chance: Random, how: str) -> Path:
    """The latest schema with a number one higher."""
    path = place / "parley.db"
    made = _kept(place, HEAD, rows, chance)
    made.rename(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {'DELETE' if how == 'copied' else 'WAL'}")
    number = f"{int(HEAD) + 1:04}"
    connection.execute("UPDATE alembic_version SET version_num = ?", (number,))
    if how == "killed":
        for file in place.glob("parley.db*"):
            shutil.copy(file, place / f"copy-of-{file.name}")
    connection.close()
    for file in place.glob("copy-of-*"):
        file.rename(place / file.name.removeprefix("copy-of-"))
    return path


def _is_refused(path: Path) -> bool:
    """In a process of its own, as a start does it."""
    code = (
        "import asyncio, sys; from core.errors import NewerSchema\n"
        "from storage.sqlite.writer import Writer; from pathlib import Path\n"
        "try: asyncio.run(Writer.open(Path(sys.argv[1]), busy_timeout_s=2.0))\n"
        "except NewerSchema: sys.exit(7)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False)
    return done.returncode == 7


def _run_refuses(place: Path) -> bool:
    config = place / "config.toml"
    config.write_text(CONFIG)
    command = (sys.executable, "-m", "bots", "run", "--config", str(config))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode == 1 and "a newer Parley wrote it" in done.stderr


def _bytes(place: Path) -> Mapping[str, str]:
    """Of the database and its log; what is in shared memory is no content."""
    files = [path for path in place.glob("parley.db*") if not path.name.endswith("-shm")]
    content = {path.name: path.read_bytes() for path in files}
    return {name: hashlib.sha256(found).hexdigest() for name, found in content.items() if found}


def _start(path: Path) -> None:
    with closing(open_writer(path, 2.0)) as connection:
        prepare(connection, path)


def _copied(kept: Path) -> Path:
    """Of a database that nobody has open: one file."""
    copy = kept.with_name("copy.db")
    for file in kept.parent.glob("copy.db*"):
        file.unlink()
    shutil.copy(kept, copy)
    return copy


def _schema(path: Path) -> Schema:
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT type, name, tbl_name FROM sqlite_master").fetchall()
        columns = [
            (table, *column[1:])
            for table in tables_of(connection)
            for column in connection.execute(f"PRAGMA table_info({table})").fetchall()
        ]
        at = [("at", *row) for row in _version(connection)]
    return frozenset((*made, *columns, *at))


def _version(connection: sqlite3.Connection) -> list[tuple[str]]:
    there = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
    if not connection.execute(there).fetchone():
        return []
    return connection.execute("SELECT version_num FROM alembic_version").fetchall()


def _integrity(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


EXPERIMENT = Experiment(promises=(15,), title="upgrades killed at each statement", run=run)
