"""Edits a text as an instruction says, where it says something that is known here. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

Change: TypeAlias = Callable[[str], str]

_SPACES = re.compile(r"(?<=\S)[ \t\u3000]{2,}")
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_SENTENCE = re.compile(r"(?:^|[.!?]\s+)\s*\w")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")

_QUOTED = "[\"'“‘「](.+?)[\"'”’」]"
_REPLACE = re.compile(
    rf"(?:replace|change)\s+(?:every\s+|all\s+)?{_QUOTED}\s+(?:with|by|to|into)\s+{_QUOTED}"
    rf"|把{_QUOTED}(?:替换|换|改)[成为]{_QUOTED}",
    re.IGNORECASE,
)


def _title(text: str) -> str:
    return _WORD.sub(lambda found: found[0][:1].upper() + found[0][1:], text)


def _sentences(text: str) -> str:
    return _SENTENCE.sub(lambda found: found[0].upper(), text)


def _sort(text: str) -> str:
    return "\n".join(sorted(text.splitlines()))


def _number(text: str) -> str:
    return "\n".join(f"{at}. {line}" for at, line in enumerate(text.splitlines(), 1))


def _trim(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


KNOWN: Sequence[tuple[re.Pattern[str], Change]] = tuple(
    (re.compile(told, re.IGNORECASE), change)
    for told, change in (
        (r"upper[- ]?case|in capitals|capital letters|大写", str.upper),
        (r"lower[- ]?case|small letters|小写", str.lower),
        (r"title[- ]?case|capitali[sz]e (?:each|every) word|首字母大写", _title),
        (r"capitali[sz]e (?:each |every |the )?sentences?|sentence case", _sentences),
        (r"double[d]? spaces|extra spaces|多余(?:的)?空格", lambda text: _SPACES.sub(" ", text)),
        (r"(?:blank|empty) lines|空行", lambda text: _BLANK_LINES.sub("\n", text)),
        (r"\btrim\b|surrounding spaces|首尾空格", _trim),
        (r"sort (?:the )?lines|按行排序", _sort),
        (r"number (?:the )?lines|加(?:上)?行号", _number),
        (r"\breverse\b|\bbackwards\b|反转|倒过来", lambda text: text[::-1]),
    )
)
"""What is looked for in an instruction, and the change that it asks for."""


def edit(text: str, instruction: str) -> str:
    """The text with all changes that the instruction names, in the order it names them.

    Where it names none that is known, the text comes back with the instruction noted.
    """
    found = _changes(instruction)
    if not found:
        return f"{text}\n[Not understood by the sandbox: {instruction.strip()}]".lstrip("\n")
    for _, change in sorted(found, key=lambda one: one[0]):
        text = change(text)
    return text


def _changes(instruction: str) -> list[tuple[int, Change]]:
    found = [(place.start(), _replacing(place)) for place in _REPLACE.finditer(instruction)]
    rest = _REPLACE.sub(lambda place: " " * len(place[0]), instruction)
    for told, change in KNOWN:
        if place := told.search(rest):
            found.append((place.start(), change))
            rest = f"{rest[: place.start()]}{' ' * len(place[0])}{rest[place.end() :]}"
    return found


def _replacing(found: re.Match[str]) -> Change:
    old, new = found[1] or found[3], found[2] or found[4]
    return lambda text: text.replace(old, new)
