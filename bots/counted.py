"""Counts with their nouns. Pure."""


def counted(count: int, one: str, many: str = "") -> str:
    """As in "1 file", "2 files"; `many` where it is not `one` with an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"
