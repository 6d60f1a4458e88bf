"""`parley restore`: a backup put into an empty place, where it is held until it is released."""

import os
import shutil
import sys
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import IO

from bots.backup.archive import (
    CHUNK_BYTES,
    DATABASE,
    JOBS,
    MANIFEST,
    MANIFEST_BYTES,
    Manifest,
    Member,
    Reading,
    read_manifest,
    readable,
    unpacked,
)
from bots.backup.leftovers import leftovers
from bots.backup.places import DRAFT, Places, places
from bots.backup.plan import FILE as PLAN
from bots.backup.plan import Plan, complete, decide, planned
from bots.clock import SystemClock
from bots.config import load
from bots.counted import counted
from bots.instance import sole_use
from core.errors import ConfigError, StoreError
from storage.durable import sync_file, sync_folder
from storage.sqlite.holding import Hold, left_over, mark
from storage.sqlite.snapshot import check_database, check_jobs


def restore(config: Path, file: Path, *, replace: bool) -> int:
    """Put it in its place, and say what is held in it. Raises ConfigError, StoreError."""
    loaded = load(config)
    where = places(loaded)
    now = SystemClock().now()
    with sole_use(where.data):
        manifest, plan = put(where, file, now, replace=replace)
        sys.stdout.write(told(manifest, plan, where, now) + "\n")
    return 0


def put(places: Places, file: Path, now: datetime, *, replace: bool) -> tuple[Manifest, Plan]:
    """Whole or not at all. The caller has the data folder to itself.

    Raises ConfigError, StoreError, NewerSchema.
    """
    if complete(places.data) and not replace:
        raise ConfigError(
            f"an earlier restore into {places.data} had been cut short, and was finished now: it "
            "is held, see parley release. To restore this backup over it, give --replace"
        )
    if places.database.exists() and places.database.stat().st_size and not replace:
        raise ConfigError(
            f"expected no database in {places.database}, got one: it would be replaced. Name "
            "another [storage] data folder, or give --replace: then all that is there is moved "
            "to a folder before-restore-… in it, and nothing is deleted"
        )
    _clear(places)
    try:
        manifest = _draft(places, file)
        plan = planned(places, _aside(places, now))
        decide(places.data, plan)
    except OSError as error:
        _clear(places)
        raise StoreError(
            f"restoring {file}: {error.strerror or error}: {error.filename or places.data}. "
            "Nothing was changed. Check the file, the room on the disk and the folder's owner"
        ) from error
    except BaseException:
        _clear(places)
        raise
    complete(places.data)
    return manifest, plan


def _aside(places: Places, now: datetime) -> str:
    """A name that no folder has: to a move, what is at its new place was moved before."""
    first = f"before-restore-{now:%Y%m%dT%H%M%SZ}"
    names = chain([first], (f"{first}-{number}" for number in count(2)))
    return next(n for n in names if not any((root / n).exists() for root in places.roots))


def _clear(places: Places) -> None:
    """What an earlier attempt left, unless it was decided on: then the next start needs it."""
    if (places.data / PLAN).exists():
        return
    for root in places.roots:
        shutil.rmtree(root / DRAFT, ignore_errors=True)


def _draft(places: Places, file: Path) -> Manifest:
    """Everything checked, marked as held, and on the disk."""
    for root in places.roots:
        (root / DRAFT).mkdir(mode=0o700, parents=True)
    manifest = _unpack(places, file)
    check_database(places.draft(DATABASE))
    if places.draft(JOBS).exists():
        check_jobs(places.draft(JOBS))
    mark(places.draft(DATABASE), Hold(made_at=manifest.made_at))
    _sync(places)
    return manifest


def _unpack(places: Places, file: Path) -> Manifest:
    got: dict[str, Member] = {}
    manifest: Manifest | None = None
    with readable(file):
        for name, content in unpacked(file):
            if name in got or manifest:
                raise StoreError(f"backup {file}: expected each name once, got {name} again")
            if name == MANIFEST:
                manifest = read_manifest(content.read(MANIFEST_BYTES), file)
            else:
                got[name] = _write(places.draft(name), name, content)
    if manifest is None:
        raise StoreError(
            f"backup {file}: expected {MANIFEST} at its end, got none: it was cut short. "
            "Take another backup"
        )
    _check(manifest, got, file)
    return manifest


def _check(manifest: Manifest, got: dict[str, Member], file: Path) -> None:
    expected = {member.name: member for member in manifest.members}
    wrong = [name for name in expected.keys() | got.keys() if expected.get(name) != got.get(name)]
    if wrong or DATABASE not in got:
        names = ", ".join(sorted(wrong)[:3]) or DATABASE
        raise StoreError(
            f"backup {file}: expected what its {MANIFEST} says, got other content, more or less: "
            f"{names}. It was damaged or changed since it was made: take another backup"
        )


def _write(path: Path, name: str, content: IO[bytes]) -> Member:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    reading = Reading(content)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(reading, file, CHUNK_BYTES)
        sync_file(file)
        size = file.tell()
    return Member(name=name, size_bytes=size, sha256=reading.sha256)


def _sync(places: Places) -> None:
    for root in places.roots:
        for folder, _, _ in os.walk(root / DRAFT):
            sync_folder(Path(folder))
        sync_folder(root)


def told(manifest: Manifest, plan: Plan, places: Places, now: datetime) -> str:
    moved = f" What stood there is in {', '.join(plan.aside)}." if plan.aside else ""
    return (
        f"Restored into {places.data}: {counted(manifest.messages, 'message')}, "
        f"{counted(manifest.files, 'file')}, as it was on "
        f"{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC.{moved} It is held: it receives and sends "
        f"nothing until you decide with parley release. "
        f"{leftovers(left_over(places.database), now)}"
    )
