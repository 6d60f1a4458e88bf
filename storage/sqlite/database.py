"""One SQLite file with its writer and its reader."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from core.errors import StoreError
from storage.sqlite.reader import Reader
from storage.sqlite.writer import Writer


@dataclass(frozen=True, slots=True)
class Database:
    writer: Writer
    reader: Reader

    @classmethod
    async def open(cls, url: str, *, busy_timeout_s: float) -> "Database":
        """Raises StoreError, NewerSchema."""
        path = path_of(url)
        _make_private(path)
        writer = await Writer.open(path, busy_timeout_s=busy_timeout_s)
        try:
            reader = await Reader.open(path, busy_timeout_s=busy_timeout_s)
        except StoreError:
            await writer.close()
            raise
        return cls(writer, reader)

    async def close(self) -> None:
        """The reader first: whoever closes last checkpoints, and that is the writer."""
        await self.reader.close()
        await self.writer.close()


def path_of(url: str) -> Path:
    """The file that `sqlite:///relative` or `sqlite:////absolute` names. Raises StoreError."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    # the address may hold a password: it is not repeated
    if parsed is None or parsed.get_backend_name() != "sqlite":
        raise StoreError("storage.url: expected sqlite:///path/to/file.db, got another address")
    if not parsed.database or parsed.database == ":memory:" or parsed.query:
        raise StoreError("storage.url: expected sqlite:///path/to/file.db, got one without a file")
    return Path(parsed.database)


def _make_private(path: Path) -> None:
    """It will hold what people said: a new file is its owner's alone, like SQLite's beside it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(
            f"database {path}: cannot be created: {error.strerror}. "
            "Check storage.url and the owner of its folder"
        ) from error
