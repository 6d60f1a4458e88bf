"""A disk that gets full, for the bot's data and its log, and has room again."""

import ctypes
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from prove.world.bot import Bot

SIZE_MB = 96
PIECES_BYTES = (2**20, 2**12, 1)
NEW_NAMESPACE = 0x00020000
"""CLONE_NEWNS of sched.h: mounts that go with the last process that has them."""


class Disk(Protocol):
    name: str

    def fill(self) -> None:
        """Leave no room: to be called again and again, for what is freed meanwhile."""
        ...

    def free(self) -> None: ...


class Tmpfs:
    """A small disk of its own, filled by a file."""

    name = f"a disk of {SIZE_MB} MB"

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as file:
            for size in PIECES_BYTES:
                with suppress(OSError):
                    while file.write(bytes(size)) == size:
                        continue

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


class Limit:
    """No file of the bot's may grow beyond the largest that it has. It needs no rights."""

    name = "a limit to the size of its files, for want of the right to mount"

    def __init__(self, folder: Path, bot: Bot) -> None:
        self._folder = folder
        self._bot = bot

    def fill(self) -> None:
        sizes = [path.stat().st_size for path in self._folder.glob("parley.db-wal")]
        self._set(max(sizes, default=0))

    def free(self) -> None:
        self._set(resource.RLIM_INFINITY)

    def _set(self, size_bytes: int) -> None:
        if self._bot.alive:
            limit = resource.prlimit(self._bot.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(self._bot.pid, resource.RLIMIT_FSIZE, (size_bytes, limit[1]))


@contextmanager
def mounted(folder: Path, size_mb: int = SIZE_MB) -> Iterator[bool]:
    """A small disk at `folder`, seen by this process and its children alone; False where it
    cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    if not _mount(folder, size_mb):
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _mount(folder: Path, size_mb: int) -> bool:
    if os.geteuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(NEW_NAMESPACE):
        return False
    commands = (
        ["mount", "--make-rprivate", "/"],
        ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder)],
    )
    return not any(
        subprocess.run(command, check=False, capture_output=True).returncode for command in commands
    )
