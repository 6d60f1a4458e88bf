"""Whether the work on a message stands still: nothing of it runs while a relay is waited for."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from contextvars import ContextVar
from typing import Protocol


class Rests(Protocol):
    """Who wants to know of it."""

    def resting(self) -> AbstractAsyncContextManager[None]:
        """From before a request is sent until the head of its answer is there."""
        ...


RESTS: ContextVar[Rests | None] = ContextVar("RESTS", default=None)
"""Who wants to know of the message that is worked on, also in the tasks started for it; None
where nobody does."""


@contextmanager
def told(rests: Rests | None) -> Iterator[None]:
    """`rests` is told of what is done within."""
    before = RESTS.set(rests)
    try:
        yield
    finally:
        RESTS.reset(before)
