"""`parley backup`: beside a running bot, or with none."""

import os
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import msgspec

from bots import __version__
from bots.backup.archive import DATABASE, FORMAT, JOBS, KEY, Manifest, Packed
from bots.backup.places import Places, places
from bots.clock import SystemClock
from bots.config import load
from bots.counted import counted
from core.errors import StoreError
from storage.durable import sync_file, sync_folder
from storage.sqlite.snapshot import blobs, contents, copy_database, copy_jobs


def backup(config: Path, file: Path | None) -> int:
    """Write one, and say what it is. Raises ConfigError, StoreError, NewerSchema."""
    at = SystemClock().now()
    given = file or Path(f"parley-{at:%Y%m%dT%H%M%SZ}.tar")
    manifest = write(places(load(config)), given.absolute(), at)
    sys.stdout.write(told(manifest, given) + "\n")
    return 0


def write(places: Places, file: Path, at: datetime) -> Manifest:
    """As a draft beside it, then under its name. Raises StoreError, NewerSchema."""
    if file.exists():
        raise _taken(file)
    if not places.database.exists():
        raise StoreError(
            f"database {places.database}: expected one to back up, got none. Look at [storage] "
            "in the configuration, and at --config"
        )
    try:
        with tempfile.TemporaryDirectory(prefix=".parley-backup-", dir=file.parent) as draft:
            return _write(places, file, Path(draft), at)
    except OSError as error:
        raise StoreError(
            f"backup {file}: cannot be written: {error.strerror or error}. Check the room on its "
            "disk, which holds the database twice meanwhile, and the owner of its folder"
        ) from error


def _write(places: Places, file: Path, draft: Path, at: datetime) -> Manifest:
    tar, listing = draft / "backup.tar", draft / "manifest.json"
    with os.fdopen(os.open(tar, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        packed = Packed(out, at)
        manifest = _pack(places, packed, draft, at)
        listing.write_bytes(msgspec.json.encode(manifest))
        packed.close(listing)
        sync_file(out)
    _name(tar, file)
    sync_folder(file.parent)
    return manifest


def _pack(places: Places, packed: Packed, draft: Path, at: datetime) -> Manifest:
    """Databases first, files after: what the copies refer to is there, or was swept since."""
    copied = draft / DATABASE
    copy_database(places.database, copied)
    found = contents(copied)
    packed.add(DATABASE, copied)
    _pack_jobs(places, packed, draft)
    files = missing = 0
    for blob in blobs(copied):
        name = f"media/{blob[:2]}/{blob}"
        if packed.add(name, places.target(name)):
            files += 1
        else:
            missing += 1
    packed.add(KEY, places.target(KEY))
    _pack_folder(places.target("relays"), "*.toml", "relays", packed)
    return Manifest(
        format=FORMAT,
        parley=__version__,
        schema=found.schema,
        made_at=at,
        messages=found.messages,
        files=files,
        missing=missing,
        members=tuple(packed.members),
    )


def _pack_jobs(places: Places, packed: Packed, draft: Path) -> None:
    if not places.target(JOBS).exists():
        return
    copied = draft / JOBS
    copy_jobs(places.target(JOBS), copied)
    packed.add(JOBS, copied)
    folder = places.target("jobs")
    _pack_folder(folder, "*", "jobs", packed)
    _pack_folder(folder / "inputs", "*", "jobs/inputs", packed)


def _pack_folder(folder: Path, pattern: str, name: str, packed: Packed) -> None:
    for path in sorted(folder.glob(pattern)):
        if path.is_file():
            packed.add(f"{name}/{path.name}", path)


def _name(draft: Path, file: Path) -> None:
    """Never over another file, also where that came meanwhile."""
    try:
        os.link(draft, file)
    except FileExistsError as error:
        raise _taken(file) from error
    except OSError as error:  # a file system without hard links
        if file.exists():
            raise _taken(file) from error
        draft.rename(file)


def _taken(file: Path) -> StoreError:
    return StoreError(f"backup {file}: expected a name that is free, got one that is taken")


def told(manifest: Manifest, file: Path) -> str:
    swept = (
        f" No longer there, forgotten or past its time: {counted(manifest.missing, 'file')}."
        if manifest.missing
        else ""
    )
    return (
        f"Written to {file}: {size(file.stat().st_size)}, "
        f"{counted(manifest.messages, 'message')}, {counted(manifest.files, 'file')}.{swept} "
        "It holds what people said and the key of cookies and hashes: keep it as a secret. The "
        "configuration and secrets/ are not in it: keep them elsewhere."
    )


def size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
