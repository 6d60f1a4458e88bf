"""Markdown as Telegram shows it: text and entities, one message a piece.

Entities need no escaping, so that no text can be refused for its markup. What one may
hold is in "MessageEntity" of the Bot API (core.telegram.org/bots/api#messageentity,
10.1) and, where that is short, in what the server does with them (tdlib, MessageEntity.cpp,
read in November 2026): they nest, code holds none, quotes don't stand in quotes, blank
ones are dropped.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

from core.render import table
from core.render.bare import is_bare
from core.render.document import BOLD, Kind, Line, Lines, Look, Style, clean, lines_of, restyled

TEXT_LIMIT = 3500
"""UTF-16 units of Markdown in one message: what is left of TEXT_MAX is for the room that
tables and lists take beyond their Markdown."""

TEXT_MAX = 4096
"""Bot API, sendMessage: "1-4096 characters after entities parsing", counted in UTF-16."""

ENTITIES_MAX = 100
"""Not documented; limits.tginfo.me, November 2026. The server drops those past it."""

LONG_QUOTE = 400
"""UTF-16 units past which a quote is folded, about ten lines of a phone."""

INDENT = 4
"""Spaces at which CommonMark sees code, though a piece may begin deep inside a list."""

EntityType = Literal[
    "bold", "italic", "strikethrough", "code", "pre", "text_link", "blockquote",
    "expandable_blockquote",
]  # fmt: skip


class Entity(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As the Bot API has it; `offset` and `length` in UTF-16 units."""

    type: EntityType
    offset: int
    length: int
    url: str = ""
    language: str = ""


class Formatted(Struct, frozen=True, kw_only=True):
    """What `sendMessage` takes: 1..4096 units of text, at most 100 entities by offset."""

    text: str
    entities: tuple[Entity, ...] = ()


def to_telegram(markdown: str) -> Formatted:
    """One message of at most TEXT_MAX for `markdown` of at most TEXT_LIMIT.

    Never raises. What would grow past the limit is shown with smaller tables, else as
    it was written. Text that is blank stays so, and Telegram refuses it.
    """
    if is_bare(markdown):
        return Formatted(text=markdown)
    text = clean(_outdented(markdown))
    return next(
        (shown for shown in _shown(text) if shown.text and _units(shown.text) <= TEXT_MAX),
        Formatted(text=text.strip()),
    )


def _shown(text: str) -> Iterator[Formatted]:
    yield _formatted(lines_of(text, PHONE))
    yield _formatted(lines_of(text, SMALL))


def _is_link(url: str) -> bool:
    """What the server takes (LinkManager::check_link); it makes a web page of mailto:.

    But for tg: as tg://user it would mention whomever a model names, and others act within
    Telegram itself.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    match parts.scheme:
        case "http" | "https":
            return "." in host.strip(".") and port != 0
        case _:
            return False


def _bold(heading: Lines) -> Lines:
    return restyled(heading, BOLD)


PHONE = Look(table=table.framed, has_blocks=True, is_link=_is_link, heading=_bold)
SMALL = PHONE._replace(table=table.bars)


def _outdented(markdown: str) -> str:
    body = markdown.lstrip("\n")
    indent = len(body) - len(body.lstrip(" "))
    return body if indent < INDENT else re.sub(rf"(?m)^ {{1,{indent}}}", "", body)


class _Span(NamedTuple):
    """Characters `begin` to `end` of the text."""

    style: Style
    begin: int
    end: int


class _Tape:
    """Text and the spans on it. They nest: what closes early closes all within it."""

    def __init__(self) -> None:
        self.text = ""
        self.spans: list[_Span] = []
        self._open: list[tuple[Style, int]] = []

    def write(self, text: str, styles: Sequence[Style]) -> None:
        while any(style not in styles for style, _ in self._open):
            self._close()
        opened = [style for style, _ in self._open]
        self._open += [(style, len(self.text)) for style in styles if style not in opened]
        self.text += text

    def close_all(self) -> None:
        while self._open:
            self._close()

    def _close(self) -> None:
        style, begin = self._open.pop()
        self.spans.append(_Span(style, begin, len(self.text)))


def _formatted(lines: Lines) -> Formatted:
    tape = _Tape()
    before: Line = []
    for place, line in enumerate(lines):
        tape.write("\n" * bool(place), _going_on(before, line))
        for run in line:
            tape.write(run.text, run.styles)
        before = line
    tape.close_all()
    spans = [tight for span in tape.spans if (tight := _tightened(span, tape.text)) is not None]
    return _measured(tape.text, spans)


def _going_on(before: Line, after: Line) -> list[Style]:
    """What a line end stands in; code within a line ends there."""
    if not (before and after):
        return []
    following = after[0].styles
    return [style for style in before[-1].styles if style in following and style.kind != "code"]


def _tightened(span: _Span, text: str) -> _Span | None:
    """Without spaces at its ends, but for those of code. None if it is blank."""
    covered = text[span.begin : span.end]
    if not covered.strip():
        return None
    if span.style.kind in {"pre", "quote"}:
        return span
    begin = span.begin + len(covered) - len(covered.lstrip())
    return _Span(span.style, begin, span.begin + len(covered.rstrip()))


def _measured(text: str, spans: Sequence[_Span]) -> Formatted:
    """Trimmed as the server does it, which keeps the spaces that code begins with."""
    first = min([len(text) - len(text.lstrip()), *(span.begin for span in spans)])
    last = len(text.rstrip())
    text = text[first:last]
    units = [0, *accumulate(2 if char > "\uffff" else 1 for char in text)]
    entities = [
        _entity(span.style, units[span.begin - first], units[min(span.end, last) - first])
        for span in reversed(spans)
    ]
    return Formatted(text=text, entities=_most_important(entities))


TYPES: dict[Kind, EntityType] = {
    "pre": "pre",
    "link": "text_link",
    "code": "code",
    "quote": "blockquote",
    "bold": "bold",
    "struck": "strikethrough",
    "italic": "italic",
}
IMPORTANCE = ["pre", "text_link", "code", "expandable_blockquote", *TYPES.values()]


def _entity(style: Style, begin: int, end: int) -> Entity:
    length = end - begin
    folded = style.kind == "quote" and length > LONG_QUOTE
    return Entity(
        type="expandable_blockquote" if folded else TYPES[style.kind],
        offset=begin,
        length=length,
        url=style.detail if style.kind == "link" else "",
        language=style.detail if style.kind == "pre" else "",
    )


def _most_important(entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """By where they begin, the outer first."""
    in_order = sorted(entities, key=lambda entity: (entity.offset, -entity.length))
    by_weight = sorted(range(len(in_order)), key=lambda at: IMPORTANCE.index(in_order[at].type))
    return tuple(in_order[at] for at in sorted(by_weight[:ENTITIES_MAX]))


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)
