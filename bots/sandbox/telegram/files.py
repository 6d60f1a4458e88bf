"""Files by their file_id, and the links to fetch them by, which last for a while."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from bots.sandbox.telegram.failure import bad
from bots.sandbox.town.town import Town

DOWNLOAD_LIMIT_BYTES = 20 * 2**20
"""core.telegram.org/bots/api#getfile, read 2026-11; none on a local server."""

LINK_LIVES_S = 3600.0
FILE_LIVES_S = 30 * 86_400.0

PREFIXES: Mapping[str, str] = {
    "photo": "AgAC",
    "voice": "AwAC",
    "audio": "CQAC",
    "video": "BAAC",
    "document": "BQAC",
    "sticker": "CAAC",
    "video_note": "DQAC",
    "animation": "CgAC",
}
"""What real ids of the kinds begin with (K)."""

FOLDERS = {"photo": "photos", "document": "documents", "sticker": "stickers"}

KEPT = 20_000


class Stored(Struct, frozen=True, kw_only=True):
    """`content` is the file's name in the town."""

    id: str
    unique_id: str
    kind: str
    content: str
    size_bytes: int
    path: str
    expires_at: float
    name: str = ""
    mime: str = ""

    def shown(self) -> dict[str, object]:
        return {
            "file_id": self.id,
            "file_unique_id": self.unique_id,
            "file_size": self.size_bytes,
        }


class Files:
    """The contents are in the town. `local`: a folder to which links point on a local server."""

    def __init__(
        self,
        town: Town,
        now: Callable[[], datetime],
        *,
        local: Path | None,
        link_lives_s: float,
        file_lives_s: float,
    ) -> None:
        self._town = town
        self._now = now
        self._local = local
        self._link_lives_s = link_lives_s
        self._file_lives_s = file_lives_s
        self._numbers = count(1)
        self._files: OrderedDict[str, Stored] = OrderedDict()
        self._links: OrderedDict[str, tuple[Stored, float]] = OrderedDict()

    def put(self, content: bytes, kind: str, *, name: str = "", mime: str = "") -> Stored:
        number = next(self._numbers)
        digest = sha256(content).hexdigest()
        folder = FOLDERS.get(kind, kind)
        stored = Stored(
            id=f"{PREFIXES[kind]}AgIAAx0C{number:06}-{digest[:32]}",
            unique_id=f"AQAD{digest[:12]}",
            kind=kind,
            content=self._town.put(content),
            size_bytes=len(content),
            path=f"{folder}/file_{number}{Path(name).suffix}",
            expires_at=self._now().timestamp() + self._file_lives_s,
            name=name,
            mime=mime,
        )
        self._files[stored.id] = stored
        if len(self._files) > KEPT:
            self._files.popitem(last=False)
        return stored

    def find(self, file_id: str) -> Stored:
        """Raises Refused for an id that is unknown or has expired."""
        stored = self._files.get(file_id)
        if stored is None:
            raise bad("invalid file_id")
        if stored.expires_at <= self._now().timestamp() or self._content(stored) is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        return stored

    def link(self, file_id: str) -> dict[str, object]:
        """What getFile answers: the path is good for a while. Raises Refused."""
        stored = self.find(file_id)
        if self._local:
            return stored.shown() | {"file_path": str(self._write(self._local, stored))}
        if stored.size_bytes > DOWNLOAD_LIMIT_BYTES:
            raise bad("file is too big")
        self._links[stored.path] = stored, self._now().timestamp() + self._link_lives_s
        if len(self._links) > KEPT:
            self._links.popitem(last=False)
        return stored.shown() | {"file_path": stored.path}

    def download(self, path: str) -> bytes | None:
        """The content behind a link; None if the link is not, or no longer, good."""
        stored, until = self._links.get(path, (None, 0.0))
        if stored is None or until <= self._now().timestamp():
            return None
        return self._content(stored)

    def content(self, stored: Stored) -> bytes:
        """Raises Refused if it had to give way to others."""
        content = self._content(stored)
        if content is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        return content

    def expire(self) -> None:
        """Make all links and all ids void now."""
        self._links.clear()
        self._files = OrderedDict((stored.id, _ended(stored)) for stored in self._files.values())

    def expire_links(self) -> None:
        self._links.clear()

    def _content(self, stored: Stored) -> bytes | None:
        return self._town.file(stored.content)

    def _write(self, folder: Path, stored: Stored) -> Path:
        path = folder / stored.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content(stored))
        return path.resolve()


def _ended(stored: Stored) -> Stored:
    return replace(stored, expires_at=0.0)
