"""Markdown for platforms that don't show it: a terminal's, or none at all.

Follows CommonMark 0.31 with tables and strikethrough. Raw HTML is shown as it
was written. Control characters are left out, so that no text can steer a
terminal or break a platform's XML.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from wcwidth import ljust, width

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

Style = tuple[str, str]
"""What is written before and after."""


class Look(NamedTuple):
    """How each kind of markup is shown; bold and dim both end with 22 (ECMA-48, SGR)."""

    bold: Style = ("", "")
    italic: Style = ("", "")
    struck: Style = ("", "")
    dim: Style = ("", "")
    quote: str = "> "
    code: str = ""
    aligned: bool = False


PLAIN = Look()
TERMINAL = Look(
    bold=("\x1b[1m", "\x1b[22m"),
    italic=("\x1b[3m", "\x1b[23m"),
    struck=("\x1b[9m", "\x1b[29m"),
    dim=("\x1b[2m", "\x1b[22m"),
    quote="│ ",
    code="    ",
    aligned=True,
)
TAGS = {"strong": "bold", "em": "italic", "s": "struck"}


def plain(markdown: str) -> str:
    """Emphasis is left out, code kept, a link is `text (url)`, a table one line a row."""
    return _shown(markdown, PLAIN)


def terminal(markdown: str) -> str:
    """ANSI: bold, italic, dim code, bullets, tables aligned by East Asian width."""
    return _shown(markdown, TERMINAL)


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _shown(markdown: str, look: Look) -> str:
    clean = CONTROLS.sub("", markdown.replace("\r\n", "\n"))
    # Nothing but link definitions, an empty fence or a hundred quotes in each other is blank.
    return "\n\n".join(_blocks(iter(_parser().parse(clean)), look)) or clean


def _blocks(tokens: Iterator[Token], look: Look) -> list[str]:
    """The blocks up to the end of the one that was opened last. Depth: the parser's, 20."""
    blocks: list[str] = []
    for token in tokens:
        if token.nesting < 0:
            break
        blocks.append(_block(token, tokens, look))
    return [block for block in blocks if block]


def _block(token: Token, tokens: Iterator[Token], look: Look) -> str:
    match token.type:
        case "inline":
            return _inline(token.children or (), look)
        case "fence" | "code_block":
            return _code(token.content, look)
        case "hr":
            return "———"
        case "table_open":
            return _table(_rows(tokens, look), look)
        case "heading_open":
            return _wrap("".join(_blocks(tokens, PLAIN)), look.bold)
        case _:
            return _container(token, _blocks(tokens, look), look)


def _container(token: Token, blocks: list[str], look: Look) -> str:
    match token.type:
        case "blockquote_open":
            return _hang("\n\n".join(blocks), look.quote, look.quote)
        case "bullet_list_open":
            return "\n".join(_hang(item, "• ", "  ") for item in blocks)
        case "ordered_list_open":
            return _numbered(blocks, int(token.attrs.get("start", 1)))
        case _:  # a paragraph or a list item
            return "\n".join(blocks)


def _wrap(text: str, style: Style) -> str:
    """Each line by itself, so that a cut or a prefix never carries a style on."""
    before, after = style
    return "\n".join(f"{before}{line}{after}" if line else "" for line in text.split("\n"))


def _hang(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        [first + lines[0], *(others + line if line else others.rstrip() for line in lines[1:])]
    )


def _numbered(items: list[str], start: int) -> str:
    marks = [f"{number}. " for number in range(start, start + len(items))]
    return "\n".join(
        _hang(item, mark, " " * len(mark)) for item, mark in zip(items, marks, strict=True)
    )


def _code(content: str, look: Look) -> str:
    return _hang(_wrap(content.rstrip("\n"), look.dim), look.code, look.code)


def _inline(tokens: Iterable[Token], look: Look) -> str:
    """Flat, since emphasis may be nested as deep as the text is long."""
    out: list[str] = []
    links: list[tuple[int, str]] = []
    for token in tokens:
        match token.type:
            case "softbreak" | "hardbreak":
                out.append("\n")
            case "code_inline":
                out.append(_wrap(token.content, look.dim))
            case "image":
                out.append(_link(token.content, str(token.attrs["src"])))
            case "link_open":
                links.append((len(out), str(token.attrs["href"])))
            case "link_close":
                begin, url = links.pop()
                out[begin:] = [_link("".join(out[begin:]), url)]
            case _:
                out.append(token.content or _style_of(token, look))
    return "".join(out)


def _style_of(token: Token, look: Look) -> str:
    if token.tag not in TAGS:
        return ""
    style: Style = getattr(look, TAGS[token.tag])
    return style[0 if token.nesting > 0 else 1]


def _link(text: str, url: str) -> str:
    return text if text and url in {text, f"mailto:{text}"} else f"{text} ({url})".lstrip()


def _rows(tokens: Iterator[Token], look: Look) -> list[list[str]]:
    """The head row first; cells are one line each."""
    rows: list[list[str]] = []
    for token in tokens:
        match token.type:
            case "table_close":
                break
            case "tr_open":
                rows.append([])
            case "inline":
                cells = PLAIN if len(rows) == 1 else look
                rows[-1].append(_inline(token.children or (), cells).replace("\n", " "))
    return rows


def _table(rows: Sequence[list[str]], look: Look) -> str:
    if not look.aligned:
        return "\n".join(" | ".join(row) for row in rows)
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(ljust, row, widths)).rstrip() for row in rows]
    rule = "  ".join("─" * cell_width for cell_width in widths)
    return "\n".join([_wrap(lines[0], look.bold), rule, *lines[1:]])
