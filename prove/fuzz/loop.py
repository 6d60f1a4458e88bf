"""Coroutines run to their end, one by one, on one loop."""

import asyncio
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Inside a running loop, by hand: `work` must wait for nothing then."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _runner().run(work)
    try:
        work.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    work.close()
    raise RuntimeError("expected work that waits for nothing")
