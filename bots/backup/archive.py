"""The one file of a backup: a tar, its members told with their hashes in the last of them."""

import hashlib
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from core.errors import StoreError

MANIFEST = "manifest.json"
DATABASE = "parley.db"
JOBS = "jobs.db"
KEY = "instance.key"
FORMAT = 1
MANIFEST_BYTES = 256 << 20
CHUNK_BYTES = 1 << 20

SEGMENT = r"(?!\.{1,2}(?:/|$))[^/\\\x00]+"
KNOWN = re.compile(
    rf"{MANIFEST}|{DATABASE}|{JOBS}|{KEY}|relays/{SEGMENT}"
    rf"|jobs/(?:inputs/)?{SEGMENT}|media/([0-9a-f]{{2}})/\1[0-9a-f]{{62}}"
)
"""The only names that are ever written at a restore: none of them leaves its folder."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`files` are those of messages; `missing` were swept while the backup was made."""

    format: int
    parley: str
    schema: str
    made_at: datetime
    messages: int
    files: int
    missing: int
    members: tuple[Member, ...]


class Packed:
    """A tar that is being written, with what is in it so far."""

    def __init__(self, file: IO[bytes], at: datetime) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._at = at
        self.members: list[Member] = []

    def add(self, name: str, path: Path) -> bool:
        """False if it is not there (any more)."""
        try:
            source = path.open("rb")
        except FileNotFoundError:
            return False
        with source:
            reading = Reading(source)
            size = os.fstat(source.fileno()).st_size
            self._append(name, size, reading)
        self.members.append(Member(name=name, size_bytes=size, sha256=reading.sha256))
        return True

    def close(self, manifest: Path) -> None:
        with manifest.open("rb") as source:
            self._append(MANIFEST, manifest.stat().st_size, Reading(source))
        self._tar.close()

    def _append(self, name: str, size: int, source: "Reading") -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, int(self._at.timestamp())
        self._tar.addfile(info, source)
        self._tar.members.clear()  # type: ignore[attr-defined]  # or each would stay in memory


class Reading:
    """A file that is hashed as it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(size)
        self._hash.update(chunk)
        return chunk

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def unpacked(file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Each member's name and content, in their order. Raises StoreError, tarfile.TarError.

    A name that a backup has no use for is refused, whatever its kind.
    """
    with tarfile.open(file, mode="r|") as tar:
        while (info := tar.next()) is not None:
            content = tar.extractfile(info) if info.isreg() else None
            if content is None or not KNOWN.fullmatch(info.name):
                raise StoreError(
                    f"backup {file}: expected the names that Parley writes, got "
                    f"{info.name[:200]!r}. Nothing of it was put anywhere"
                )
            yield info.name, content
            tar.members.clear()  # type: ignore[attr-defined]


@contextmanager
def readable(file: Path) -> Iterator[None]:
    """What a tar cannot be read for, in an operator's words: StoreError."""
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise StoreError(
            f"backup {file}: expected a whole file of parley backup, got: {error}. "
            "Take another backup"
        ) from error


def read_manifest(content: bytes, file: Path) -> Manifest:
    """Raises StoreError."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise StoreError(f"backup {file}: its {MANIFEST} cannot be read: {error}") from error
    if manifest.format != FORMAT:
        raise StoreError(
            f"backup {file}: expected format {FORMAT}, got {manifest.format}: Parley "
            f"{manifest.parley} wrote it. Use that version"
        )
    return manifest
