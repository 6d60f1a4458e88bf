"""What a setting should look like, in words. Pure."""

from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

WORDS: dict[Any, str] = {
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    str: "text in quotes",
    Path: "a path in quotes",
}


class Wrong(Exception):
    """What is wrong with one setting, as a sentence without secrets."""


def mismatch(expected: str, got: str, remedy: str = "") -> Wrong:
    return Wrong(f"expected {expected}, got {got}." + (f" {remedy}" if remedy else ""))


def expected(kind: Any) -> str:
    """The words for a field's type, as in "a whole number or "unlimited"."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(f'"{word}"' for word in inner)
    if origin in {Union, UnionType}:
        return " or ".join(expected(part) for part in inner)
    if origin in {tuple, frozenset}:
        return f"a list of {plural(inner[0])}"
    return WORDS.get(kind, "something else")


def plural(kind: Any) -> str:
    return "texts in quotes" if kind is str else f"{expected(kind)} each"


def shown(value: object) -> str:
    """A short form of what was found, for settings that are no secrets."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"' if len(value) <= 60 else f'"{value[:60]}…"'
        case list():
            return "a list"
        case dict():
            return "a table"
    return str(value)
