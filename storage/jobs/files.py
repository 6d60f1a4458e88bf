"""What is uploaded and what came back, as files beside the database."""

import hashlib
from pathlib import Path

from core.errors import StoreError
from storage.durable import write_whole


class JobFiles:
    """Outputs in `folder`, by name; inputs in a folder in it, by their hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inputs = folder / "inputs"

    def keep_input(self, content: bytes) -> str:
        blob = hashlib.sha256(content).hexdigest()
        path = self._inputs / f"{blob}.jsonl"
        if not path.exists():
            _write(path, content)
        return blob

    def input(self, blob: str) -> bytes:
        path = self._inputs / f"{blob}.jsonl"
        content = _read(path)
        if content is None:
            raise StoreError(
                f"expected what was uploaded in {path}, got no such file. Restore it, or give "
                "the same file to parley batch submit once more: it is kept again"
            )
        return content

    def keep_output(self, name: str, content: bytes) -> None:
        _write(self._folder / name, content)

    def output(self, name: str) -> bytes | None:
        return _read(self._folder / name)

    def highest(self) -> int:
        """The highest number that an output is kept under, 0 if there is none."""
        heads = (path.name.partition(".")[0] for path in self._folder.glob("*.jsonl"))
        return max((int(head) for head in heads if head.isdecimal()), default=0)


def _write(path: Path, content: bytes) -> None:
    """On the disk under its name once it is there as a whole, for this user alone."""
    try:
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise StoreError(
            f"expected to write {path}, got: {error.strerror}. Make room, and check its owner"
        ) from error


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(
            f"expected to read {path}, got: {error.strerror}. Check its owner"
        ) from error
