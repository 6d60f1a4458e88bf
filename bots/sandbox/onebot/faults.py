"""Calls that go wrong on request: which, how often, how."""

import threading
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from bots.sandbox.faults import Gate
from core.model import Limit


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all have.

    `call` is an action or a pattern ("send_*"), "" for any. `delivered`: whether
    the call is carried out all the same. `delay_s` passes before the answer.
    """

    call: str = ""
    count: Limit = 1
    delivered: bool = True
    delay_s: Annotated[float, Meta(ge=0)] = 0.0


class Delay(Fault, frozen=True, kw_only=True, tag="delay"):
    """Carried out at once, answered late."""


class Timeout(Fault, frozen=True, kw_only=True, tag="timeout"):
    """retcode 1200, `Timeout: …`: the bot cannot know whether it was delivered."""


class Failure(Fault, frozen=True, kw_only=True, tag="failure"):
    """An error, with this code and these words."""

    retcode: int = 1200
    message: str = "The sandbox was asked to fail this call."


class Silence(Fault, frozen=True, kw_only=True, tag="silence"):
    """No answer ever."""


class Stall(Fault, frozen=True, kw_only=True, tag="stall"):
    """Carried out, and answered when released."""


class Drop(Fault, frozen=True, kw_only=True, tag="drop"):
    """The connection breaks instead of an answer."""


class Twice(Fault, frozen=True, kw_only=True, tag="twice"):
    """The answer comes twice."""


AnyFault: TypeAlias = Delay | Timeout | Failure | Silence | Stall | Drop | Twice


class Armed:
    """A fault in place. `left` is how many calls it will still strike."""

    def __init__(self, number: int, fault: AnyFault) -> None:
        self.number = number
        self.fault = fault
        self.left = fault.count
        self.gate = Gate()

    def due(self, call: str) -> bool:
        return self.left != 0 and fnmatchcase(call, self.fault.call or "*")

    def shown(self) -> dict[str, object]:
        return {"number": self.number, "fault": self.fault, "left": self.left}


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

    def take(self, call: str) -> Armed | None:
        """The first fault that is due on such a call, counted down."""
        if not self._armed:
            return None
        with self._lock:
            for armed in self._armed:
                if armed.due(call):
                    if isinstance(armed.left, int):
                        armed.left -= 1
                    return armed
        return None

    def clear(self) -> None:
        """Take all faults away and release what they hold."""
        with self._lock:
            gone, self._armed = self._armed, ()
        for armed in gone:
            armed.gate.open()
