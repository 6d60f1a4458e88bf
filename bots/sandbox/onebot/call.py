"""What all calls of the bot have."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

Params: TypeAlias = Mapping[str, Any]
Action: TypeAlias = Callable[[Params], Awaitable[Any]]
"""Carries a call out; the result is the answer's `data`. Raises Failed."""


def is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
