"""Misbehaviour on request: what goes wrong, for which call, how often."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from core.model import Limit


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all have: `call` ("" is any), how many calls it strikes, a wait before each."""

    call: str = ""
    count: Limit = 1
    delay_s: Annotated[float, Meta(ge=0)] = 0.0


class Delay(Fault, frozen=True, kw_only=True, tag="delay"):
    """The call is answered rightly, `delay_s` late."""


class Status(Fault, frozen=True, kw_only=True, tag="status"):
    """An error answer, with OpenAI's error object."""

    status: Annotated[int, Meta(ge=400, le=599)]
    code: str | None = None
    message: str = "The sandbox was asked to fail this call."
    retry_after_s: float | None = None


class Stall(Fault, frozen=True, kw_only=True, tag="stall"):
    """The request is read and nothing comes back until released; then it is answered."""


class Reset(Fault, frozen=True, kw_only=True, tag="reset"):
    """The request is read and the connection reset (TCP RST)."""


class Lose(Fault, frozen=True, kw_only=True, tag="lose"):
    """The call is done and its answer lost: the connection closes, so that nobody knows.

    `silent`: nothing comes back until released; then the answer does.
    """

    silent: bool = False


class Garbage(Fault, frozen=True, kw_only=True, tag="garbage"):
    """A 200 whose body is not what its type says; in a stream, an event that is no JSON."""


class CutStream(Fault, frozen=True, kw_only=True, tag="cut_stream"):
    """The stream ends after `after` pieces, without finish_reason, usage and [DONE].

    `clean`: the body is ended as HTTP wants it; else the connection is closed within it.
    """

    after: Annotated[int, Meta(ge=0)] = 1
    clean: bool = False


class ErrorInStream(Fault, frozen=True, kw_only=True, tag="error_in_stream"):
    """After `after` pieces of a 200 stream comes an error object, and the stream ends."""

    after: Annotated[int, Meta(ge=0)] = 1
    message: str = "The sandbox was asked to fail in the middle."


class HoldLast(Fault, frozen=True, kw_only=True, tag="hold_last"):
    """The last piece of a stream, and all after it, waits until released."""


AnyFault: TypeAlias = (
    Delay | Status | Stall | Reset | Lose | Garbage | CutStream | ErrorInStream | HoldLast
)
StreamFault: TypeAlias = CutStream | ErrorInStream | HoldLast


class Gate:
    """Closed until opened, once, from any thread; waited at in any event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def passed(self) -> None:
        event = asyncio.Event()
        with self._lock:
            if self._open:
                return
            self._waiting.append((asyncio.get_running_loop(), event))
        await event.wait()

    def open(self) -> None:
        with self._lock:
            self._open = True
            waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)


class Armed:
    """A fault in place. `left` is how many calls it will still strike."""

    def __init__(self, number: int, fault: AnyFault) -> None:
        self.number = number
        self.fault = fault
        self.left = fault.count
        self.gate = Gate()
        self._struck = threading.Event()

    def release(self) -> None:
        """Let go what is held, and hold nothing more."""
        self.gate.open()

    def strike(self) -> None:
        """Note that the fault has now done its work, or is holding a call."""
        self._struck.set()

    async def struck(self, timeout_s: float = 5.0) -> None:
        """Wait until a call was hit: for `hold_last` and `stall`, until one is held.

        Raises TimeoutError.
        """
        if not await asyncio.to_thread(self._struck.wait, timeout_s):
            raise TimeoutError(f"no call met the fault {self.fault} within {timeout_s:g} s")

    def shown(self) -> dict[str, object]:
        """The fault as `GET /sandbox/faults` gives it."""
        return {
            "number": self.number,
            "fault": self.fault,
            "left": self.left,
            "struck": self._struck.is_set(),
        }


class Faults:
    """The faults in place, the oldest first. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: tuple[Armed, ...] = ()
        self._number = 0

    def add(self, fault: AnyFault) -> Armed:
        with self._lock:
            self._number += 1
            armed = Armed(self._number, fault)
            self._armed = (*self._armed, armed)
        return armed

    def all(self) -> Sequence[Armed]:
        return self._armed

    def find(self, number: int) -> Armed | None:
        return next((armed for armed in self._armed if armed.number == number), None)

    def take(self, call: str, *, streaming: bool) -> Armed | None:
        """The first fault that is due on such a call, counted down; of streams, or not."""
        if not self._armed:
            return None
        with self._lock:
            for armed in self._armed:
                if _due(armed, call, streaming=streaming):
                    armed.left = armed.left - 1 if isinstance(armed.left, int) else armed.left
                    return armed
        return None

    def clear(self) -> None:
        """Take all faults away and release what they hold."""
        with self._lock:
            gone, self._armed = self._armed, ()
        for armed in gone:
            armed.release()


def _due(armed: Armed, call: str, *, streaming: bool) -> bool:
    fault = armed.fault
    return (
        armed.left != 0 and fault.call in ("", call) and isinstance(fault, StreamFault) is streaming
    )
