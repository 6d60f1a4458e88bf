"""Recent history, kept in memory and right."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from core.history import speaks
from core.model import Limit, Turn


def needed(newest_first: Iterable[Turn], chars: Limit) -> tuple[Turn, ...]:
    """The latest pairs that may be sent, oldest first: as many as hold more than `chars`.

    Takes no more turns from the iterable than that.
    """
    pairs: deque[Turn] = deque()
    answers: dict[str, Turn] = {}
    held = 0
    for turn in filter(speaks, newest_first):
        if turn.role == "assistant":
            answers[turn.message_id] = turn
        elif answer := answers.pop(turn.message_id, None):
            pairs.extendleft((answer, turn))
            held += len(turn.text) + len(answer.text)
            if chars != "unlimited" and held > chars:
                break
    return tuple(pairs)


@dataclass(frozen=True, slots=True)
class Recent:
    """The latest pairs of a conversation, as many as `chars` needs."""

    turns: tuple[Turn, ...]
    chars: Limit

    def covers(self, chars: Limit) -> bool:
        if self.chars == "unlimited":
            return True
        return chars != "unlimited" and chars <= self.chars

    def latest(self, chars: Limit) -> tuple[Turn, ...]:
        return self.turns if chars == self.chars else needed(reversed(self.turns), chars)

    def followed_by(self, turns: tuple[Turn, ...]) -> "Recent":
        """With more turns at its end; a message's turns that are there are not added again."""
        there = {turn.message_id for turn in self.turns}
        new = tuple(turn for turn in turns if turn.message_id not in there)
        return Recent(needed(reversed(self.turns + new), self.chars), self.chars)

    @property
    def weight(self) -> int:
        """Roughly its size in bytes."""
        return sum(2 * len(turn.text) + 400 for turn in self.turns) + 200
