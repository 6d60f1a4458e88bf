"""The answers being made now, each of which a person can stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from core.cancellation import STOP, being_cancelled
from core.command import Outcome
from core.errors import RelayLost, RelayTimeout

T = TypeVar("T")

LONGEST_ANSWER_S = 900.0
"""More than the calls of one answer may take together: a relay's own time-outs come first."""


class Answering:
    """One answer at a time in each lane. Commands see it as `Running`."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    def stop(self, conversation: str) -> bool:
        task = self._tasks.get(conversation)
        return task is not None and task.cancel(STOP)

    async def run(self, lane: str, making: Coroutine[Any, Any, Outcome]) -> Outcome | None:
        """What `making` comes to; None if it was stopped before there was anything to keep.

        What else ends it early may have been billed, so it is not for trying again:
        raises RelayTimeout after LONGEST_ANSWER_S, RelayLost if it was cancelled from inside.
        """
        return await self._run(lane, making, LONGEST_ANSWER_S)

    async def wait(self, lane: str, waiting: Coroutine[Any, Any, bool]) -> bool | None:
        """As `run`, before the answer can be begun: for as long as `waiting` takes."""
        return await self._run(lane, waiting, None)

    async def _run(
        self, lane: str, work: Coroutine[Any, Any, T], longest_s: float | None
    ) -> T | None:
        task = asyncio.create_task(work)
        self._tasks[lane] = task
        try:
            async with asyncio.timeout(longest_s) as timer:
                return await task
        except TimeoutError as error:
            if not timer.expired():
                raise
            raise RelayTimeout(
                f"expected an answer within {longest_s:.0f} s, got none; it was given up"
            ) from error
        except asyncio.CancelledError as cancelled:
            if being_cancelled():
                raise
            if STOP not in cancelled.args:
                raise RelayLost(
                    "expected an answer, got a call that was cancelled from inside"
                ) from cancelled
            return None
        finally:
            del self._tasks[lane]
