"""Telling apart who cancels: the process that ends, a person, or something inside."""

import asyncio

STOP = "stop"
"""The message of a cancellation that a person asked for."""


def being_cancelled() -> bool:
    """Whether the current task was asked to end, and not only something that it awaits."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
