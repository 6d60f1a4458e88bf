"""Markdown for platforms that don't show it: a terminal's, or none at all.

Raw HTML is shown as it was written, formulas in Unicode. Control characters are left
out, so that no text can steer a terminal or break a platform's XML.
"""

from collections.abc import Iterator
from itertools import groupby

from core.render import table
from core.render.document import (
    BOLD,
    Kind,
    Line,
    Lines,
    Look,
    Run,
    clean,
    lines_of,
    restyled,
    text_of,
)
from core.render.parser import CHINESE

ANSI: dict[Kind, tuple[str, str]] = {
    "bold": ("\x1b[1m", "\x1b[22m"),
    "italic": ("\x1b[3m", "\x1b[23m"),
    "struck": ("\x1b[9m", "\x1b[29m"),
    "code": ("\x1b[2m", "\x1b[22m"),
}
"""ECMA-48, SGR. Bold and dim both end with 22, and never stand in each other."""


def plain(markdown: str) -> str:
    """Emphasis is left out, code kept, a link is `text (url)`, a wide table an entry a row."""
    text = clean(markdown)
    return text_of(lines_of(text, PLAIN)) or text


def terminal(markdown: str) -> str:
    """ANSI: bold, italic, dim code, bullets, tables aligned by East Asian width."""
    text = clean(markdown)
    return "\n".join("".join(_escaped(line)) for line in lines_of(text, TERMINAL)) or text


def _bracketed(heading: Lines) -> Lines:
    """【标题】, as people write it in Chinese; others let a heading stand by itself."""
    if len(heading) != 1 or not CHINESE.search(text_of(heading)):
        return heading
    return [[Run("【"), *heading[0], Run("】")]]


PLAIN = Look(table=table.pairs, heading=_bracketed)
TERMINAL = Look(
    table=table.aligned,
    quote="│ ",
    code="    ",
    heading=lambda lines: restyled(lines, BOLD),
)


def _escaped(line: Line) -> Iterator[str]:
    """Each line by itself, so that a cut or a prefix never carries a style on."""
    for styles, runs in groupby(line, key=lambda run: run.styles):
        text = "".join(run.text for run in runs)
        codes = [ANSI[style.kind] for style in styles] if text else []
        yield "".join(code[0] for code in codes) + text
        yield "".join(code[1] for code in reversed(codes))
