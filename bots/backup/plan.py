"""The moves that put a restored copy into its place: all of them, or none.

Everything is unpacked and checked in drafts. That the plan stands in the data folder is
the decision; from then on the moves are carried out by whoever comes next, also after a
kill, and in any case before a database is opened.
"""

import shutil
from pathlib import Path

import msgspec

from bots.backup.archive import DATABASE
from bots.backup.places import DRAFT, Places
from core.errors import StoreError
from storage.durable import sync_folder, write_whole

FILE = "restore.json"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`moves` are absolute paths, from and to, in their order; `drafts` are folders to remove."""

    moves: tuple[tuple[str, str], ...]
    drafts: tuple[str, ...]
    aside: tuple[str, ...]


def planned(places: Places, aside: str) -> Plan:
    """What stands in the way goes to the folder `aside`, what is in the drafts into its place.

    The database comes last.
    """
    away = [
        (places.target(name), places.root(name) / aside / _aside_name(places, name))
        for name in places.there()
    ]
    new = [(draft, places.target(name)) for name, draft in _drafted(places)]
    moves = tuple((str(old), str(to)) for old, to in (*away, *new))
    drafts = tuple(str(root / DRAFT) for root in places.roots)
    gone = dict.fromkeys(str(places.root(name) / aside) for name in places.there())
    return Plan(moves=moves, drafts=drafts, aside=tuple(gone))


def _aside_name(places: Places, name: str) -> str:
    """Under the names that they had, so that they can be put back by hand."""
    return places.target(name).name if name.startswith(DATABASE) else name


def _drafted(places: Places) -> list[tuple[str, Path]]:
    found: dict[str, Path] = {}
    for root in places.roots:
        for path in sorted((root / DRAFT).iterdir()) if (root / DRAFT).is_dir() else ():
            if places.media_apart and path.name == "media":
                found |= {f"media/{sub.name}": sub for sub in sorted(path.iterdir())}
            else:
                found[path.name] = path
    return sorted(found.items(), key=lambda item: item[0] == DATABASE)


def decide(data: Path, plan: Plan) -> None:
    """From here on it is restored."""
    write_whole(data / FILE, msgspec.json.encode(plan), within=data / DRAFT)


def complete(data: Path) -> bool:
    """Carry out what is left of a plan, if there is one. The caller has the folder to itself.

    Raises StoreError.
    """
    path = data / FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    plan = msgspec.json.decode(content, type=Plan)
    try:
        sync_folder(data)
        for old, to in plan.moves:
            _move(Path(old), Path(to))
        for folder in plan.drafts:
            shutil.rmtree(folder, ignore_errors=True)
        path.unlink()
    except OSError as error:
        raise StoreError(
            f"restoring into {data}: a file cannot be moved: {error.strerror}: {error.filename}. "
            "Remove the cause; the next start, or the next parley restore, goes on from there"
        ) from error
    return True


def _move(old: Path, to: Path) -> None:
    """Once. What is at its new place was moved before, and its old one may be in use again."""
    if to.exists() or not old.exists():
        return
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    old.rename(to)
    sync_folder(to.parent)
    sync_folder(old.parent)
