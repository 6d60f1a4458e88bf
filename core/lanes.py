"""Who works on which conversation: one message at a time, in the order they came."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

from core.errors import Busy

Job = TypeVar("Job")

LAST_WORDS_S = 1.0
"""What cancelled work may still take; work that ignores its cancellation is left behind."""


FOR_ALL = 0.8
"""The share of the house that a conversation may fill which has something waiting. The rest is
for those that have nothing: a flood from some must not make it busy for the others."""


def _ignored(_slot: object) -> None:
    """Nobody wants to know."""


class Slot(Generic[Job]):
    """A place in a conversation's lane, taken before it is known whether it will be used."""

    __slots__ = ("_dropped", "_job", "weight")

    def __init__(self, weight: int = 0, dropped: "Callable[[Slot[Job]], None]" = _ignored) -> None:
        self.weight = weight
        self._dropped = dropped
        self._job: asyncio.Future[Job | None] = asyncio.get_running_loop().create_future()

    def fill(self, job: Job) -> None:
        """Of no effect once the lane was closed: what is stored is found at the next start."""
        if not self._job.cancelled():
            self._job.set_result(job)

    def drop(self) -> None:
        """Give the place up. Harmless once it was filled."""
        if not self._job.done():
            self._job.set_result(None)
            self._dropped(self)

    async def job(self) -> Job | None:
        return await self._job


class Lanes(Generic[Job]):
    """In-process lanes: a task for each conversation that has work, and none for the others.

    `work` must not raise. There is no pool that slow conversations could fill.
    """

    def __init__(
        self,
        work: Callable[[Job], Awaitable[None]],
        *,
        per_conversation: int = 20,
        in_all: int = 10_000,
        weight_in_all: int = 12_000_000,
    ) -> None:
        self._work = work
        self._per_conversation = per_conversation
        self._in_all = in_all
        self._weight_in_all = weight_in_all
        self._lanes: dict[str, deque[Slot[Job]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._weight = 0

    @property
    def depth(self) -> int:
        """Messages waiting or being worked on."""
        return self._waiting

    def enter(self, conversation: str, *, weight: int = 0, bounded: bool = True) -> Slot[Job]:
        """Take the next place. `weight` is in characters. Raises Busy if lane or house is full."""
        lane = self._lanes.get(conversation)
        if bounded and not self._has_room(lane, weight):
            raise Busy(
                f"expected at most {self._per_conversation} messages waiting in a conversation "
                f"and {self._in_all} in all, of {self._weight_in_all} characters; "
                "send it again in a moment"
            )
        slot: Slot[Job] = Slot(weight, partial(self._leave, conversation))
        self._waiting += 1
        self._weight += weight
        if lane is not None:
            lane.append(slot)
            return slot
        self._lanes[conversation] = lane = deque((slot,))
        task = asyncio.create_task(self._run(conversation, lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return slot

    def _has_room(self, lane: deque[Slot[Job]] | None, weight: int) -> bool:
        if not lane:
            full, heavy = self._in_all, self._weight_in_all
        elif len(lane) < self._per_conversation:
            full, heavy = int(FOR_ALL * self._in_all), int(FOR_ALL * self._weight_in_all)
        else:
            return False
        return self._waiting < full and self._weight + weight <= heavy

    async def close(self, within_s: float) -> None:
        """Let running work end for so long, then cancel it; the store knows what is left."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=within_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=LAST_WORDS_S)

    def _leave(self, conversation: str, slot: Slot[Job]) -> None:
        """A place given up takes no room behind what is worked on: repetitions come in hundreds."""
        lane = self._lanes.get(conversation)
        if lane and slot in lane and lane[0] is not slot:
            lane.remove(slot)
            self._waiting -= 1
            self._weight -= slot.weight

    async def _run(self, conversation: str, lane: deque[Slot[Job]]) -> None:
        try:
            while lane:
                job = await lane[0].job()
                if job is not None:
                    await self._work(job)
                self._weight -= lane.popleft().weight
                self._waiting -= 1
        finally:
            self._waiting -= len(lane)
            self._weight -= sum(slot.weight for slot in lane)
            del self._lanes[conversation]
