"""What a process knows of one person's talk, beside what lies on the shelf."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.wechat.desk import Case
from core.ports.store import Waiting

WORK_S = 600.0
"""How long a message that never gets an answer counts as being worked on."""

SHELVED_S = 2.0
"""How long a part may take from `Later` to the shelf."""

UNSURE_S = 600.0
"""For so long a person who asks for more may mean what the last try of a push said. That he goes
on talking shows nothing: he may have asked before it was said."""

MOST_UNSURE = 8

TALKS_KEPT = 10_000
"""Who has been silent for longest is forgotten; what waits for them lies on the shelf."""


@dataclass(slots=True, eq=False)
class Talk:
    """`hungry`: pushes of 继续 that found nothing yet; `looked`: what was cut off as the process
    before this one ended is among what is doubtful; `handing`: how many requests are to carry
    a part that comes back if they do not.
    """

    hungry: list[Case] = field(default_factory=list)
    looked: bool = False
    handing: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _work: dict[str, float] = field(default_factory=dict)
    _doubtful: dict[str, tuple[Waiting, float]] = field(default_factory=dict)

    def begun(self, key: str) -> None:
        """An answer to this push will come."""
        self._work = {**self._alive(), key: _now() + WORK_S}

    def ended(self, key: str, *, shelved: bool) -> None:
        """It is on its way to the shelf, or there is nothing more of it to come."""
        if shelved:
            self._work[key] = _now() + SHELVED_S
        else:
            self._work.pop(key, None)

    def working(self) -> set[str]:
        """The pushes whose answers are on their way."""
        return set(self._alive())

    def doubt(self, part: Waiting) -> None:
        """Whether this part was seen nobody will tell. The oldest is forgotten, if too many."""
        key = f"{part.reply_id}/{part.index}"
        self._doubtful.pop(key, None)
        self._doubtful[key] = part, _now() + UNSURE_S
        while len(self._doubtful) > MOST_UNSURE:
            del self._doubtful[next(iter(self._doubtful))]

    def doubtful(self) -> dict[str, Waiting]:
        """The parts that may not have been seen, oldest first."""
        now = _now()
        self._doubtful = {key: said for key, said in self._doubtful.items() if said[1] > now}
        return {key: part for key, (part, _) in self._doubtful.items()}

    def sure(self, key: str) -> Callable[[], None]:
        """It is said again; the answer takes that back: it is the oldest once more."""
        said = self._doubtful.pop(key, None)

        def back() -> None:
            if said is not None:
                self._doubtful = {key: said, **self._doubtful}

        return back

    def _alive(self) -> dict[str, float]:
        now = _now()
        return {key: until for key, until in self._work.items() if until > now}


class Talks:
    """All people's."""

    def __init__(self) -> None:
        self._talks: OrderedDict[str, Talk] = OrderedDict()

    def of(self, chat: str) -> Talk:
        talk = self._talks.get(chat)
        if talk is None:
            talk = self._talks[chat] = Talk()
        self._talks.move_to_end(chat)
        if len(self._talks) > TALKS_KEPT:
            self._talks.popitem(last=False)
        return talk


def _now() -> float:
    return asyncio.get_running_loop().time()
