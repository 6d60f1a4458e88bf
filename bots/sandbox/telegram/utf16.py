"""Telegram counts in UTF-16 code units (core.telegram.org/api/entities, read 2026-11)."""

from collections.abc import Sequence


def units(text: str) -> int:
    """How long a text is."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, start: int, end: int) -> str:
    """The text between two places."""
    if text.isascii():
        return text[start:end]
    encoded = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end]
    return encoded.decode("utf-16-le", "replace")


def places(text: str) -> Sequence[int]:
    """For each character, and the end, the unit at which it begins."""
    if text.isascii():
        return range(len(text) + 1)
    at = 0
    found = [0]
    for character in text:
        at += 2 if ord(character) > 0xFFFF else 1
        found.append(at)
    return found
