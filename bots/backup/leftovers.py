"""What is left over in a held database, in words."""

from datetime import datetime, timedelta

from storage.sqlite.holding import Left


def leftovers(left: Left, now: datetime) -> str:
    if not left:
        return "Nothing is left over in it."
    oldest = f"; the oldest is {age(now - left.oldest)} old" if left.oldest else ""
    return f"Left over in it: {counts(left)}{oldest}."


def counts(left: Left) -> str:
    return (
        f"{left.unanswered} unanswered messages, {left.unsent} unsent parts of answers, "
        f"{left.later} parts that wait for a person's next request"
    )


def age(since: timedelta) -> str:
    """In the largest unit that it has two of."""
    seconds = max(0, int(since.total_seconds()))
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
