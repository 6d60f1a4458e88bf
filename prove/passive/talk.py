"""What people are shown, and what they do about it: who is told that an answer waits asks."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bots.sandbox.town.town import Line, Person, Place, Town


class Talk(Town):
    """People alone with an account. `heard` is called with each line that is shown.

    Lines are found by their place: to look through all of them for one person's would keep
    the loop from which WeChat's times are taken.
    """

    def __init__(
        self, name: str, people: Sequence[str], now: Callable[[], datetime], size: int
    ) -> None:
        super().__init__(
            name=name,
            people=[Person(id=one, name=one) for one in people],
            places=[Place(id=one, name=one, members=(one,)) for one in people],
            now=now,
            size=size,
        )
        self._of_place: dict[str, list[Line]] = defaultdict(list)
        self.heard: Callable[[Line], None] = lambda _: None

    def add(self, place: str, sender: str, **fields: Any) -> Line:
        line = super().add(place, sender, **fields)
        self._of_place[place].append(line)
        if sender != place:
            self.heard(line)
        return line

    def lines(self, place: str = "", sender: str = "") -> list[Line]:
        if not place:
            return super().lines(place, sender)
        return [line for line in self._of_place[place] if sender in ("", line.sender)]
