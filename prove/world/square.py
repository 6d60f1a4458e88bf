"""A town that knows which of the bot's lines answers which of people's."""

import asyncio
import re
from collections import defaultdict
from typing import Any

from msgspec import structs

from bots.sandbox.town.town import BOT, Line, Town

MARK = re.compile(r"\bnote ([a-z]+\d+x\d+)-(\d+)\b")
ECHO = re.compile(r"You said: “[^”]*?" + MARK.pattern)
"""How the sandbox relay begins an answer."""

LONG_CHARS = 1000
"""What people say is kept so far: a mark stands at its beginning, and a flood is long."""


class Square(Town):
    """`answers` are (number, line) by the key in the mark, in the order shown."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.answers: dict[tuple[str, str], list[tuple[int, Line]]] = defaultdict(list)
        self._waiting: dict[tuple[str, str, int], list[asyncio.Future[None]]] = {}

    def add(self, place: str, sender: str, **fields: Any) -> Line:
        line = super().add(place, sender, **fields)
        if sender != BOT and len(line.text) > LONG_CHARS:
            self._lines[-1] = structs.replace(line, text=line.text[:LONG_CHARS], raw=None)
        found = ECHO.search(line.text) if sender == BOT else None
        if found:
            number = int(found[2])
            self.answers[place, found[1]].append((number, line))
            for waiting in self._waiting.pop((place, found[1], number), ()):
                if not waiting.done():
                    waiting.set_result(None)
        return line

    async def answered(self, place: str, key: str, number: int) -> None:
        """Return once it is."""
        if any(known == number for known, _ in self.answers[place, key]):
            return
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.setdefault((place, key, number), []).append(waiting)
        await waiting
