"""Where things of an installation stand, by their names in a backup."""

from pathlib import Path

from msgspec import Struct

from bots.backup.archive import DATABASE, JOBS, KEY
from bots.config import Config
from storage.sqlite.database import path_of

BESIDE = ("-wal", "-shm", "-journal")
OF_DATA = (JOBS, *(f"{JOBS}{end}" for end in BESIDE), "jobs", "relays", "orders", KEY)
DRAFT = ".restoring"


class Places(Struct, frozen=True, kw_only=True):
    """`media_apart`: it is on another disk, or elsewhere, so that it cannot be moved as a whole."""

    data: Path
    database: Path
    media: Path
    media_apart: bool

    @property
    def roots(self) -> tuple[Path, ...]:
        """Folders in which everything is moved without leaving its disk."""
        apart = (self.media,) if self.media_apart else ()
        return tuple(dict.fromkeys((self.data, self.database.parent, *apart)))

    def root(self, name: str) -> Path:
        if name.startswith(DATABASE):
            return self.database.parent
        return self.media if self.media_apart and name.startswith("media/") else self.data

    def target(self, name: str) -> Path:
        """Where it stands when it is in use."""
        if name.startswith(DATABASE):
            return self.database.with_name(self.database.name + name.removeprefix(DATABASE))
        first, _, rest = name.partition("/")
        return self.media / rest if first == "media" else self.data / name

    def draft(self, name: str) -> Path:
        return self.root(name) / DRAFT / name

    def there(self) -> list[str]:
        """What of it exists: in the order in which it may go, the database first."""
        media = [f"media/{sub.name}" for sub in self._media_subs()]
        names = [DATABASE, *(f"{DATABASE}{end}" for end in BESIDE), *OF_DATA]
        names += media if self.media_apart else ["media"]
        return [name for name in names if self.target(name).exists()]

    def _media_subs(self) -> list[Path]:
        return sorted(self.media.glob("[0-9a-f][0-9a-f]"))


def places(config: Config) -> Places:
    """Raises StoreError."""
    storage = config.storage
    return Places(
        data=storage.data,
        database=path_of(storage.url.reveal()),
        media=storage.media,
        media_apart=storage.media != storage.data / "media" or storage.media.is_mount(),
    )
