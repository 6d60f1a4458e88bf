"""Files by the hash of their content, in a folder."""

import asyncio
import hashlib
import os
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path

from core.errors import MediaError, MediaNotKept
from storage.durable import DRAFT, sync_folder, write_whole

BLOB = re.compile(r"[0-9a-f]{64}")
"""A SHA-256 in hexadecimal: the only names that ever reach the disk."""

Referenced = Callable[[tuple[str, ...]], Awaitable[frozenset[str]]]
"""Tells which of some files are needed."""


class FileMedia:
    """`core.ports.store.MediaStore` over `folder/ab/abcd…`. All disk work is done in threads."""

    def __init__(self, folder: Path, *, settle_s: float = 3600.0) -> None:
        """`settle_s`: how long a file that came once more is safe from `discard`."""
        self._folder = folder
        self._settle_s = settle_s
        self._lock = threading.Lock()
        self._repeated: dict[str, float] = {}

    async def put(self, content: bytes) -> str:
        """Durable when it returns. Raises MediaNotKept."""
        return await asyncio.to_thread(self._put, content)

    async def get(self, blob: str) -> bytes:
        """Raises MediaError."""
        return await asyncio.to_thread(self._get, blob)

    async def discard(self, blobs: Iterable[str]) -> None:
        """Delete files that nothing needs. One that just came again is left to `sweep`."""
        await asyncio.to_thread(self._discard, tuple(blobs))

    async def sweep(self, referenced: Referenced, *, grace_s: float, now_s: float) -> int:
        """Delete files older than `grace_s` that nothing needs; how many. `now_s` as time.time().

        The grace covers files that were put but not yet committed to.
        """
        deleted = 0
        before = now_s - grace_s
        for folder in await asyncio.to_thread(self._folders):
            old = await asyncio.to_thread(self._old, folder, before)
            needed = await referenced(old) if old else frozenset()
            idle = tuple(blob for blob in old if blob not in needed)
            deleted += await asyncio.to_thread(self._delete_older, idle, before)
        return deleted

    def _path(self, blob: str) -> Path:
        if not BLOB.fullmatch(blob):
            raise MediaError("media: expected the SHA-256 of a stored file, got another name")
        return self._folder / blob[:2] / blob

    def _put(self, content: bytes) -> str:
        blob = hashlib.sha256(content).hexdigest()
        path = self._path(blob)
        try:
            if not self._touch(path):
                self._write(path, content)
        except OSError as error:
            raise MediaNotKept(
                f"media: cannot write to {self._folder}: {error.strerror}. "
                "Check storage.media, its owner and the room on its disk"
            ) from error
        return blob

    def _touch(self, path: Path) -> bool:
        """Make a file that is there young again; False if it is not there."""
        with self._lock:
            try:
                os.utime(path)
            except FileNotFoundError:
                return False
            self._repeated[path.name] = time.monotonic()
            return True

    def _write(self, path: Path, content: bytes) -> None:
        new_folder = not path.parent.exists()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, content)
        if new_folder:
            sync_folder(self._folder)

    def _get(self, blob: str) -> bytes:
        path = self._path(blob)
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise MediaError(
                "media: expected a stored file, found none: it was forgotten, or its time was up"
            ) from error
        except OSError as error:
            raise MediaError(
                f"media: cannot read from {self._folder}: {error.strerror}. "
                "Check storage.media and its owner"
            ) from error

    def _discard(self, blobs: tuple[str, ...]) -> None:
        settled = time.monotonic() - self._settle_s
        with self._lock:
            self._repeated = {b: at for b, at in self._repeated.items() if at > settled}
            for blob in blobs:
                if blob not in self._repeated:
                    self._path(blob).unlink(missing_ok=True)

    def _folders(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9a-f][0-9a-f]"))

    def _old(self, folder: Path, before: float) -> tuple[str, ...]:
        """Files not touched since `before`; deletes what a crash left half written."""
        old: list[str] = []
        for path in _untouched(folder.iterdir(), before):
            if BLOB.fullmatch(path.name):
                old.append(path.name)
            elif path.name.startswith(DRAFT):
                path.unlink(missing_ok=True)
        return tuple(old)

    def _delete_older(self, blobs: tuple[str, ...], before: float) -> int:
        with self._lock:
            paths = list(_untouched(map(self._path, blobs), before))
            for path in paths:
                path.unlink(missing_ok=True)
        return len(paths)


def _untouched(paths: Iterable[Path], before: float) -> Iterator[Path]:
    for path in paths:
        try:
            if path.stat().st_mtime < before:
                yield path
        except FileNotFoundError:
            continue
