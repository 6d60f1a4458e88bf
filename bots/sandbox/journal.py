"""What the relay was asked, kept in a bounded ring for tests and curious people."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct


class Entry(Struct, kw_only=True):
    """One request. `status` is 0 until its answer begins; `units` are the quota units that it
    was charged, `tokens` those of a chat.

    `left`: the client went away before its answer ended. `fields` are a form's
    fields, a file being {"filename", "content_type", "size_bytes"}. Of the key
    only the last four characters are kept.
    """

    number: int
    at: datetime
    method: str
    path: str
    call: str
    key_last4: str
    content: bytes = b""
    fields: Mapping[str, object] = {}
    status: int = 0
    left: bool = False
    units: int = 0
    tokens: int = 0

    @property
    def body(self) -> Any:
        """The JSON body decoded; None where there was none, or no JSON."""
        try:
            return msgspec.json.decode(self.content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def shown(self) -> dict[str, object]:
        """The entry as `GET /sandbox/journal` gives it."""
        return {
            "number": self.number,
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "call": self.call,
            "key_last4": self.key_last4,
            "body": self.body,
            "fields": self.fields,
            "size_bytes": len(self.content),
            "status": self.status,
            "left": self.left,
            "units": self.units,
            "tokens": self.tokens,
        }


class Journal:
    """The latest requests, oldest first. Safe to read from any thread.

    Holds at most `size` entries with bodies of `limit_bytes` altogether;
    a size of 0 keeps none, for benches.
    """

    def __init__(self, size: int = 1000, limit_bytes: int = 32 * 1024 * 1024) -> None:
        self._size = size
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        self._entries: deque[Entry] = deque()
        self._changed = threading.Condition()
        self._number = 0

    def write(self, entry: Entry) -> None:
        """Number an entry and keep it."""
        self._number += 1
        entry.number = self._number
        if not self._size:
            return
        with self._changed:
            self._entries.append(entry)
            self._held_bytes += len(entry.content)
            while len(self._entries) > self._size or self._held_bytes > self._limit_bytes:
                self._held_bytes -= len(self._entries.popleft().content)
            self._changed.notify_all()

    def begin_answer(self, entry: Entry, status: int) -> None:
        """Note the status, before the client can see it."""
        entry.status = status
        self._tell()

    def leave(self, entry: Entry) -> None:
        """Note that the client went away."""
        entry.left = True
        self._tell()

    def _tell(self) -> None:
        if self._size:
            with self._changed:
                self._changed.notify_all()

    def entries(self, call: str = "") -> list[Entry]:
        """What is held, oldest first, of one kind of call or all."""
        with self._changed:
            return [entry for entry in self._entries if call in ("", entry.call)]

    async def until(
        self, ready: Callable[[Sequence[Entry]], bool], timeout_s: float = 5.0
    ) -> list[Entry]:
        """The entries once `ready` holds for them. Raises TimeoutError."""
        return await asyncio.to_thread(self._until, ready, timeout_s)

    def _until(self, ready: Callable[[Sequence[Entry]], bool], timeout_s: float) -> list[Entry]:
        with self._changed:
            if not self._changed.wait_for(lambda: ready(tuple(self._entries)), timeout_s):
                raise TimeoutError(
                    f"the sandbox journal is not as expected after {timeout_s:g} s; "
                    f"it holds {[(entry.call, entry.status) for entry in self._entries]}"
                )
            return list(self._entries)

    def clear(self) -> None:
        with self._changed:
            self._entries.clear()
            self._held_bytes = 0
