"""Misbehaviour on request: of the API, and of the way between WeChat and the bot."""

import asyncio
import random
from collections.abc import Sequence
from typing import Annotated, TypeAlias, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from core.model import Limit


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """`count`: how often it strikes."""

    count: Limit = 1


class FailCall(Fault, frozen=True, kw_only=True, tag="fail_call"):
    """An API call is answered by an error. `call` is as "message/custom/send", "" for any."""

    errcode: int
    call: str = ""
    done: bool = False
    """The call takes effect all the same."""


class LoseAnswer(Fault, frozen=True, kw_only=True, tag="lose_answer"):
    """The answer to a try never reaches WeChat, which asks again."""


class DelayAnswer(Fault, frozen=True, kw_only=True, tag="delay_answer"):
    """The answer to a try is `delay_s` on its way: past the limit it is late."""

    delay_s: Annotated[float, Meta(ge=0)]


class DropConnection(Fault, frozen=True, kw_only=True, tag="drop_connection"):
    """The connection of a try breaks `after_s` after the request."""

    after_s: Annotated[float, Meta(ge=0)] = 0.0


class AtOnce(Fault, frozen=True, kw_only=True, tag="at_once"):
    """Each try of a push is sent `copies` times side by side; the first good answer is shown."""

    copies: Annotated[int, Meta(ge=1)] = 3


class Shuffle(Fault, frozen=True, kw_only=True, tag="shuffle"):
    """The next `count` pushes wait for each other and leave in any order."""

    seed: int = 0


class OldKey(Fault, frozen=True, kw_only=True, tag="old_key"):
    """A push is still encrypted with the key before the present one."""


AnyFault: TypeAlias = (
    FailCall | LoseAnswer | DelayAnswer | DropConnection | AtOnce | Shuffle | OldKey
)
Wanted = TypeVar("Wanted", bound=Fault)


class Faults:
    """The faults in place, the oldest first."""

    def __init__(self) -> None:
        self._armed: list[AnyFault] = []
        self._shuffled: list[asyncio.Future[None]] = []

    def add(self, fault: AnyFault) -> None:
        self._armed.append(fault)

    def all(self) -> Sequence[AnyFault]:
        return tuple(self._armed)

    def take(self, kind: type[Wanted], call: str = "") -> Wanted | None:
        """The first fault of a kind, counted down; of FailCall, for this call."""
        for place, fault in enumerate(self._armed):
            if isinstance(fault, kind) and _strikes(fault, call):
                self._count_down(place, fault)
                return fault
        return None

    async def turn(self) -> None:
        """Wait for a push's turn; at once where nothing is shuffled."""
        shuffle = self.take(Shuffle)
        if shuffle is None:
            return
        place = asyncio.get_running_loop().create_future()
        self._shuffled.append(place)
        if shuffle.count == 1:
            self._release(shuffle.seed)
        await place

    def clear(self) -> None:
        """Take all faults away and let go what they hold."""
        self._armed.clear()
        self._release(0)

    def _count_down(self, place: int, fault: AnyFault) -> None:
        if fault.count == 1:
            del self._armed[place]
        elif isinstance(fault.count, int):
            self._armed[place] = replace(fault, count=fault.count - 1)

    def _release(self, seed: int) -> None:
        places, self._shuffled = self._shuffled, []
        random.Random(seed).shuffle(places)  # noqa: S311 - an order, no secret
        for place in places:
            if not place.done():
                place.set_result(None)


def _strikes(fault: Fault, call: str) -> bool:
    return not isinstance(fault, FailCall) or fault.call in ("", call)
