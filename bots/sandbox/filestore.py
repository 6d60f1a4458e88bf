"""The files that a relay holds, and how long."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias

from msgspec import Struct

from bots.sandbox.failure import Refusal

Purpose: TypeAlias = Literal["batch", "fine-tune", "batch_output"]

LIFETIMES: Mapping[Purpose, timedelta] = MappingProxyType(
    {"batch": timedelta(hours=1), "batch_output": timedelta(hours=3)}
)
"""As burn.hair's page has them (checked 2026-11-21); a training file lasts until deleted."""

HELD_BYTES = 256 * 1024 * 1024
"""What all uploads together may take."""


class StoredFile(Struct, frozen=True, kw_only=True):
    """A file; `expires_at` None is never."""

    id: str
    purpose: Purpose
    filename: str
    content: bytes
    created_at: datetime
    expires_at: datetime | None

    def shown(self) -> dict[str, object]:
        """OpenAI's file object."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": int(self.created_at.timestamp()),
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
            "expires_at": int(self.expires_at.timestamp()) if self.expires_at else None,
        }


class FileStore:
    """Files by their ids, the oldest first; what expired is gone."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._files: dict[str, StoredFile] = {}
        self._number = 0

    def put(
        self,
        content: bytes,
        filename: str,
        purpose: Purpose,
        *,
        at: datetime,
        lifetime: timedelta | None = None,
    ) -> StoredFile:
        """Keep a file made `at` a time, for `lifetime` or as LIFETIMES has it."""
        lifetime = lifetime or LIFETIMES.get(purpose)
        self._number += 1
        file = StoredFile(
            id=f"file-sandbox-{self._number}",
            purpose=purpose,
            filename=filename,
            content=content,
            created_at=at,
            expires_at=at + lifetime if lifetime else None,
        )
        self._files[file.id] = file
        return file

    def check_room(self, size_bytes: int) -> None:
        """Raises Refusal (413) where an upload would be too much."""
        held_bytes = sum(len(file.content) for file in self.all())
        if held_bytes + size_bytes > HELD_BYTES:
            raise Refusal(
                413,
                f"All files together may take {HELD_BYTES} bytes; {held_bytes} are taken. "
                "Delete some.",
                param="file",
            )

    def all(self) -> list[StoredFile]:
        now = self._now()
        for name, file in list(self._files.items()):
            if file.expires_at is not None and file.expires_at <= now:
                del self._files[name]
        return list(self._files.values())

    def find(self, name: str) -> StoredFile | None:
        return next((file for file in self.all() if file.id == name), None)

    def get(self, name: str) -> StoredFile:
        """Raises Refusal (404)."""
        file = self.find(name)
        if file is None:
            raise Refusal(
                404,
                f"There is no file '{name}' here: it was deleted, or expired (a batch's input "
                "after 1 hour, its output after 3).",
                code="file_not_found",
                param="id",
            )
        return file

    def meant_for(self, name: str, purpose: Purpose, param: str) -> StoredFile:
        """The file that a job is given in its field `param`. Raises Refusal (400)."""
        file = self.find(name)
        if file is not None and file.purpose == purpose:
            return file
        got = f"is a file for {file.purpose}" if file else "is unknown here or expired"
        raise Refusal(
            400,
            f"Expected in '{param}' a file uploaded with the purpose {purpose}; '{name}' {got}.",
            code="invalid_file",
            param=param,
        )

    def delete(self, name: str) -> None:
        """Raises Refusal (404)."""
        del self._files[self.get(name).id]
