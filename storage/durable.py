"""Files and names on the disk that outlive a power cut."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

UNABLE = (errno.EINVAL, errno.ENOTSUP)
"""What file systems say that synchronise no folders: some of networks, and of user space."""

DRAFT = ".new-"
"""How names begin that a crash may leave behind: nothing needs such a file."""


def write_whole(path: Path, content: bytes, *, within: Path | None = None) -> None:
    """The new content or what was there, never half of it; for this user alone. Raises OSError.

    It is drafted in `within`, a folder of the same file system: its own, where none is given.
    """
    with _drafted(within or path.parent, content) as draft:
        draft.replace(path)
    sync_folder(path.parent)


def write_once(path: Path, content: bytes) -> None:
    """As `write_whole`, but what is there already stays, whoever was first. Raises OSError."""
    with _drafted(path.parent, content) as draft, suppress(FileExistsError):
        os.link(draft, path)
    sync_folder(path.parent)


def sync_file(file: IO[bytes]) -> None:
    """So that what was written lasts. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _drafted(folder: Path, content: bytes) -> Iterator[Path]:
    """A file that lasts, under a name that does not."""
    handle, name = tempfile.mkstemp(prefix=DRAFT, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            sync_file(file)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """So that new names in it last, where folders can be synchronised. Raises OSError."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in UNABLE:
            raise
    finally:
        os.close(handle)
