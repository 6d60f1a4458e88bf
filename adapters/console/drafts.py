"""Answers while they grow: of each the latest, and not too often."""

import asyncio
from collections.abc import Callable

PACE_S = 0.04


class Drafts:
    """Shows at most every PACE_S: rendering a long answer takes a while."""

    def __init__(self, show: Callable[[str, str], None]) -> None:
        self._show = show
        self._waiting: dict[str, str] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def put(self, answers: str, text: str) -> None:
        self._waiting[answers] = text
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(self._due, self._release)

    def drop(self, answers: str) -> None:
        """The answer itself is there."""
        self._waiting.pop(answers, None)

    def _release(self) -> None:
        self._timer = None
        waiting, self._waiting = self._waiting, {}
        for answers, text in waiting.items():
            self._show(answers, text)
        self._due = asyncio.get_running_loop().time() + PACE_S
