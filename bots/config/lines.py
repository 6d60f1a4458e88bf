"""On which line each key of a TOML file stands: tomllib does not tell. Pure."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

Path: TypeAlias = tuple[str, ...]

TOKEN = re.compile(
    r'''
      (?P<comment>\#[^\n]*)
    | (?P<text>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    | (?P<newline>\n)
    | (?P<open>[\[{])
    | (?P<close>[\]}])
    | (?P<equals>=)
    | (?P<gap>[.,]|[^\S\n]+)
    | (?P<bare>[^\s\#"'\[\]{}=.,]+)
    ''',
    re.VERBOSE | re.DOTALL,
)
Statement: TypeAlias = tuple[int, Sequence[tuple[str, str]]]
"""The line it begins on, and its tokens as (kind, text)."""


def key_lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of each table and key, by its path. `text` is valid TOML.

    Keys inside an inline table stand on the line of the key that holds it.
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    for line, tokens in statements(text):
        header = tokens[0][0] == "open"
        path = keys(tokens) if header else table + keys(tokens)
        if header:
            table = path
        for length in range(1, len(path) + 1):
            lines.setdefault(path[:length], line)
    return lines


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """The line of a key, or of the nearest table around it, or 1."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def statements(text: str) -> Iterator[Statement]:
    """Headers and assignments; one may span lines inside brackets or a long string."""
    line = began = 1
    depth = 0
    tokens: list[tuple[str, str]] = []
    for match in TOKEN.finditer(text + "\n"):
        kind, word = str(match.lastgroup), match.group()
        match kind:
            case "open":
                depth += 1
            case "close":
                depth -= 1
            case "newline" if depth == 0 and tokens:
                yield began, tokens
                tokens = []
        if kind not in {"comment", "gap", "newline"}:
            began = began if tokens else line
            tokens.append((kind, word))
        line += word.count("\n")


def keys(tokens: Sequence[tuple[str, str]]) -> Path:
    """The key before the "=", or the one in a header's brackets."""
    found: list[str] = []
    for kind, word in tokens:
        match kind:
            case "equals":
                break
            case "text":
                found.append(tomllib.loads(f"key = {word}")["key"])
            case "bare":
                found.append(word)
    return tuple(found)
