"""An event loop whose time is virtual, and whose process can die between any two steps."""

import asyncio
import heapq
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from random import Random
from typing import Any

LIFE: ContextVar[int] = ContextVar("LIFE", default=0)
"""Which process the running code belongs to; 0 is the world outside."""

OUTSIDE: Context = Context()
"""Where the world's own callbacks run, whoever asked for them."""


class Endless(Exception):
    """Expected a history that comes to rest, got one that goes on and on."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Ready callbacks run in asyncio's own order; when none is left, time jumps to the next timer.

    No threads and no sockets: what asks for a thread is done here, after a while. With
    nothing left to do the run ends. What belongs to a process that is not `alive` is
    dropped unrun, as `kill -9` does; its tasks are kept, so that no `finally` of theirs runs.
    """

    def __init__(self, chance: Random, *, most_steps: int = 400_000) -> None:
        super().__init__()
        self.alive = 0
        self.steps = 0
        self.worked: Callable[[], None] = lambda: None
        self.stepped: Callable[[], None] = lambda: None
        self._chance = chance
        self._most_steps = most_steps
        self._virtual_s = 0.0
        self._buried: list[object] = []

    def time(self) -> float:
        return self._virtual_s

    def outside(self, delay_s: float, callback: Callable[..., object], *args: Any) -> None:
        """Call back in the world, whatever becomes of the process that asks."""
        self.call_later(delay_s, callback, *args, context=OUTSIDE)

    def inside(self, life: int) -> Context:
        """Where the code of a process runs."""
        context = copy_context()
        context.run(LIFE.set, life)
        return context

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """Not in a thread: a moment later, and its answer comes another moment later."""
        del executor
        future: asyncio.Future[Any] = self.create_future()
        self.call_later(self._chance.random() * 0.002, self._do, future, func, args)
        return future

    def _do(self, future: "asyncio.Future[Any]", func: Callable[..., Any], args: Any) -> None:
        try:
            result = func(*args)
        except Exception as error:
            self.call_soon(_settle, future, None, error)
            return
        self.call_later(self._chance.random() * 0.001, _settle, future, result, None)
        self.worked()

    def _run_once(self) -> None:
        ready = self._ready  # type: ignore[attr-defined]
        if not ready and not self._advance():
            self.stop()
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:
                continue
            life = handle._context.get(LIFE, 0)
            if life:
                if life == self.alive:
                    self.steps += 1
                    self.stepped()
                if life != self.alive:
                    self._buried.append(handle)
                    continue
            handle._run()
        if self.steps > self._most_steps:
            raise Endless(f"no rest after {self.steps} steps and {self._virtual_s:.0f} s")

    def _advance(self) -> bool:
        """Jump to the next timers; False if there are none."""
        scheduled, ready = self._scheduled, self._ready  # type: ignore[attr-defined]
        while scheduled and (scheduled[0]._cancelled or scheduled[0]._when <= self._virtual_s):
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            if not handle._cancelled:
                ready.append(handle)
        if ready or not scheduled:
            return bool(ready)
        self._virtual_s = scheduled[0]._when
        return self._advance()

    def _write_to_self(self) -> None:
        """There is nobody to be woken."""

    def _process_events(self, _events: object) -> None:
        """There are none."""


def _settle(future: "asyncio.Future[Any]", result: Any, error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
