"""Which histories a group may have had while a message was taken: known from outside only."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

FIRST = "member"
POLICIES = ("member", "group", "thread")
EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """It took effect at some moment between what an admin said and what he was answered."""

    value: str
    said: datetime
    answered: datetime


@dataclass(slots=True)
class Policies:
    """By (bot, place), in the order of the changes."""

    changes: dict[tuple[str, str], list[Change]] = field(
        default_factory=lambda: defaultdict(list[Change])
    )

    def possible(self, bot: str, place: str, since: datetime, until: datetime) -> frozenset[str]:
        """What may have held at some moment between; one value where that is certain."""
        changes = self.changes.get((bot, place), [])
        before = [change.value for change in changes if change.answered <= since]
        meanwhile = {c.value for c in changes if c.said <= until and c.answered > since}
        return frozenset({before[-1] if before else FIRST, *meanwhile})
