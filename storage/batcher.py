"""Groups operations, so that many writes share one commit."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Protocol, TypeAlias

from core.errors import StoreError
from storage.operation import Operation, T

log = logging.getLogger(__name__)


class Backend(Protocol):
    """What a database must do, and all of it."""

    async def execute(self, batch: Sequence[Operation[Any]]) -> Sequence[object]:
        """Each operation's answer, or the StoreError it failed with, in order.

        All are committed when this returns, except those that failed. Raises
        StoreError if none could be done.
        """
        ...


Observer: TypeAlias = Callable[[Operation[Any], object], None]
"""Told of every outcome, an answer or a StoreError, in the order of execution."""


def unobserved(_operation: Operation[Any], _outcome: object) -> None:
    """Nobody wants to know."""


class Batcher:
    """Collects operations while the backend is at work, then hands it all of them.

    An operation once taken is done, even if whoever asked stops waiting.
    Belongs to one event loop.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        observer: Observer = unobserved,
        batch_limit: int = 512,
        queue_limit: int = 8192,
    ) -> None:
        self._backend = backend
        self._observer = observer
        self._batch_limit = batch_limit
        self._queue_limit = queue_limit
        self._waiting: deque[tuple[Operation[Any], asyncio.Future[Any]]] = deque()
        self._working: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Operations not yet handed to the backend."""
        return len(self._waiting)

    def submit(self, operation: Operation[T]) -> "asyncio.Future[T]":
        """Queue an operation; its place in the order is taken at once. Raises StoreError."""
        if self._closed:
            raise StoreError("store: expected an open store, got one that is closing")
        if len(self._waiting) >= self._queue_limit:
            raise StoreError(
                f"store: {len(self._waiting)} operations are waiting already; the disk is slower "
                "than what comes in",
                retry_after_s=1.0,
            )
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((operation, future))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work(), name="store batches")
        return future

    async def close(self, timeout_s: float) -> bool:
        """Take nothing more and finish what waits; False if it took longer than `timeout_s`."""
        self._closed = True
        if self._working is None or self._working.done():
            return True
        await asyncio.wait({self._working}, timeout=timeout_s)
        unfinished, self._waiting = self._waiting, deque()
        for _, future in unfinished:
            _settle(future, StoreError("store: it was closed before this could be written"))
        return not unfinished and self._working.done()

    async def _work(self) -> None:
        while self._waiting:
            batch = list(islice(self._waiting, self._batch_limit))
            for _ in batch:
                self._waiting.popleft()
            await self._execute(batch)

    async def _execute(self, batch: list[tuple[Operation[Any], asyncio.Future[Any]]]) -> None:
        outcomes = await self._outcomes([operation for operation, _ in batch])
        for (operation, future), outcome in zip(batch, outcomes, strict=True):
            self._observer(operation, outcome)
            _settle(future, outcome)

    async def _outcomes(self, operations: list[Operation[Any]]) -> Sequence[object]:
        """Whatever the backend does, nobody is left waiting."""
        failure = StoreError("store: the outcome of this operation is unknown")
        try:
            return await self._backend.execute(operations)
        except StoreError as error:
            failure = error
        except Exception:
            log.exception("store: a batch of %d operations failed by surprise", len(operations))
        return [failure] * len(operations)


def _settle(future: "asyncio.Future[Any]", outcome: object) -> None:
    match outcome:
        case _ if future.done():
            return
        case StoreError():
            future.set_exception(outcome)
        case _:
            future.set_result(outcome)
