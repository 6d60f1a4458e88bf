"""What went over the sockets, kept in a bounded ring for tests and curious people."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

What: TypeAlias = Literal["to_bot", "from_bot", "opened", "refused", "closed"]


class Frame(Struct, frozen=True, kw_only=True):
    """`content` is the frame, or why a socket was refused or closed."""

    number: int
    at: datetime
    what: What
    role: str
    content: str | bytes

    @property
    def body(self) -> Any:
        """The JSON decoded; None where it is none."""
        try:
            return msgspec.json.decode(self.content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def shown(self) -> dict[str, object]:
        text = (
            self.content if isinstance(self.content, str) else self.content.decode(errors="replace")
        )
        return {
            "number": self.number,
            "at": self.at,
            "what": self.what,
            "role": self.role,
            "content": text[:4000],
            "size": len(self.content),
        }


class Frames:
    """The latest frames, oldest first. Safe to read from any thread.

    At most `size` with `limit_bytes` altogether; a size of 0 keeps none, for benches.
    """

    def __init__(
        self, now: Callable[[], datetime], size: int = 2000, limit_bytes: int = 32 * 2**20
    ) -> None:
        self._now = now
        self._size = size
        self._limit = limit_bytes
        self._held = 0
        self._number = 0
        self._frames: deque[Frame] = deque()
        self._changed = threading.Condition()

    def note(self, what: What, role: str, content: str | bytes = "") -> None:
        if not self._size:
            return
        with self._changed:
            self._number += 1
            self._frames.append(
                Frame(number=self._number, at=self._now(), what=what, role=role, content=content)
            )
            self._held += len(content)
            while len(self._frames) > self._size or self._held > self._limit:
                self._held -= len(self._frames.popleft().content)
            self._changed.notify_all()

    def all(self, what: What | None = None) -> list[Frame]:
        with self._changed:
            return [frame for frame in self._frames if what in (None, frame.what)]

    def bodies(self, what: What) -> list[Any]:
        """The frames of one kind, decoded."""
        return [frame.body for frame in self.all(what)]

    def calls(self, action: str = "") -> list[Any]:
        """What the bot asked for, of one action or all."""
        bodies = (body for body in self.bodies("from_bot") if isinstance(body, dict))
        return [body for body in bodies if action in ("", body.get("action"))]

    async def until(
        self, ready: Callable[[Sequence[Frame]], bool], timeout_s: float = 5.0
    ) -> list[Frame]:
        """The frames once `ready` holds for them. Raises TimeoutError."""
        return await asyncio.to_thread(self._until, ready, timeout_s)

    def _until(self, ready: Callable[[Sequence[Frame]], bool], timeout_s: float) -> list[Frame]:
        with self._changed:
            if not self._changed.wait_for(lambda: ready(tuple(self._frames)), timeout_s):
                latest = [(f.what, f.role, f.content[:80]) for f in self._frames][-8:]
                raise TimeoutError(
                    f"the frames are not as expected after {timeout_s:g} s; latest: {latest}"
                )
            return list(self._frames)

    def clear(self) -> None:
        with self._changed:
            self._frames.clear()
            self._held = 0
