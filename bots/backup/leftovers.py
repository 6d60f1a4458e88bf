"""What is left over in a held database, in words."""

from datetime import datetime, timedelta

from bots.counted import counted
from storage.sqlite.holding import Left


def leftovers(left: Left, now: datetime) -> str:
    if not left:
        return "Nothing is left over in it."
    oldest = f"; the oldest is {age(now - left.oldest)} old" if left.oldest else ""
    return f"Left over in it: {counts(left)}{oldest}."


def counts(left: Left) -> str:
    """Only of what there is; "nothing" if there is nothing."""
    waits = "part that waits for a person's next request"
    told = (
        (left.unanswered, "unanswered message", "unanswered messages"),
        (left.unsent, "unsent part of an answer", "unsent parts of answers"),
        (left.later, waits, "parts that wait for a person's next request"),
    )
    return ", ".join(counted(*words) for words in told if words[0]) or "nothing"


def age(since: timedelta) -> str:
    """In the largest unit that it has two of."""
    seconds = max(0, int(since.total_seconds()))
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
