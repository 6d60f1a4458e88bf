"""A Markdown text as lines of runs: what to show, and how each bit of it looks.

A run is text of one look, without line ends. What platforms differ in is a `Look`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple
from urllib.parse import unquote

from markdown_it.token import Token

from core.render.formula import to_unicode
from core.render.parser import CONTROLS, parse

Kind = Literal["bold", "italic", "struck", "code", "pre", "link", "quote"]


class Style(NamedTuple):
    """`detail`: a link's address, or the language of `pre` (a block of code)."""

    kind: Kind
    detail: str = ""


class Run(NamedTuple):
    """The outermost style first."""

    text: str
    styles: tuple[Style, ...] = ()


Line = list[Run]
Lines = list[Line]
Table = list[list[Lines]]
"""Rows of cells, the head first."""


class Look(NamedTuple):
    """How a platform shows what is not text.

    `quote` and `code` go before each line. `has_blocks`: quotes and code are styles of
    whole blocks, so that only quotes within quotes have the sign, and code stands at the
    margin. `is_link`: which addresses may be a style; others are shown behind the text.
    `heading`: what is made of one.
    """

    table: Callable[[Table], Lines]
    quote: str = "> "
    code: str = ""
    has_blocks: bool = False
    is_link: Callable[[str], bool] = lambda _: False
    heading: Callable[[Lines], Lines] = lambda lines: lines


BOLD, CODE, QUOTE = Style("bold"), Style("code"), Style("quote")
SPANS = {"strong": BOLD, "em": Style("italic"), "s": Style("struck")}
LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
"""The only HTML that is not shown as it was written: models use it in tables."""

BOXES = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}


def clean(markdown: str) -> str:
    """Without what could steer a terminal, break a platform's XML or JSON."""
    return CONTROLS.sub("", markdown.replace("\r\n", "\n"))


def lines_of(markdown: str, look: Look) -> Lines:
    """`markdown` must be clean. Blank where it has nothing to show, as link definitions."""
    return _spaced(_blocks(iter(parse(markdown)), look))


def text_of(lines: Lines) -> str:
    return "\n".join("".join(run.text for run in line) for line in lines)


def restyled(lines: Lines, style: Style) -> Lines:
    """`style` put about everything; code bears no other than quotes and links do."""
    return [[_about(run, style) for run in line] for line in lines]


def _about(run: Run, style: Style) -> Run:
    is_code = any(inner.kind in {"code", "pre"} for inner in run.styles)
    if style in run.styles or (is_code and style.kind != "quote"):
        return run
    return Run(run.text, (style, *run.styles))


def hang(lines: Lines, first: str, others: str) -> Lines:
    """`first` before the first line and `others` before the rest, but for blocks of code."""
    head, *rest = lines
    if _is_pre(head):
        return [[Run(first.rstrip())], head, *rest] if first.strip() else lines
    return [[Run(first), *head], *(_after(others, line) for line in rest)]


def _after(prefix: str, line: Line) -> Line:
    if _is_pre(line):
        return line
    return [Run(prefix if any(run.text for run in line) else prefix.rstrip()), *line]


def _is_pre(line: Line) -> bool:
    return any(style.kind == "pre" for run in line for style in run.styles)


def _spaced(blocks: Sequence[Lines]) -> Lines:
    """A blank line between each two."""
    lines: Lines = []
    for place, block in enumerate(blocks):
        lines += [[], *block] if place else block
    return lines


def _blocks(tokens: Iterator[Token], look: Look) -> list[Lines]:
    """The blocks up to the end of the one that was opened last. Depth: the parser's, 20."""
    blocks: list[Lines] = []
    for token in tokens:
        if token.nesting < 0:
            break
        blocks.append(_block(token, tokens, look))
    return [block for block in blocks if text_of(block).strip()]


def _block(token: Token, tokens: Iterator[Token], look: Look) -> Lines:
    match token.type:
        case "inline":
            return _inline(token.children or (), look)
        case "fence" | "code_block":
            return _code(token, look)
        case "formula_block":
            return [[Run(line)] for line in to_unicode(token.content).split("\n")]
        case "hr":
            return [[Run("———")]]
        case "table_open":
            return look.table(_table(tokens, look))
        case _:
            return _container(token, _blocks(tokens, look), look)


def _container(token: Token, blocks: list[Lines], look: Look) -> Lines:
    match token.type:
        case "heading_open":
            return look.heading(_together(blocks))
        case "blockquote_open":
            return _quote(_spaced(blocks), look)
        case "bullet_list_open" | "ordered_list_open":
            return _list(token, blocks)
        case _:  # a paragraph or a list item
            return _together(blocks)


def _together(blocks: Sequence[Lines]) -> Lines:
    return [line for block in blocks for line in block]


def _code(token: Token, look: Look) -> Lines:
    language = token.info.split()[0] if token.info.strip() else ""
    style = Style("pre", language) if look.has_blocks else CODE
    return [[Run(look.code + line, (style,))] for line in token.content.rstrip("\n").split("\n")]


def _quote(lines: Lines, look: Look) -> Lines:
    if not lines:
        return []
    if not look.has_blocks:
        return hang(lines, look.quote, look.quote)
    deeper = [_after(look.quote, line) if _is_quoted(line) else line for line in lines]
    return restyled([line or [Run("")] for line in deeper], QUOTE)


def _is_quoted(line: Line) -> bool:
    return any(style.kind == "quote" for run in line for style in run.styles)


def _list(token: Token, items: Sequence[Lines]) -> Lines:
    number = int(token.attrs.get("start", 1))
    lines: Lines = []
    for place, item in enumerate(items):
        mark = "• " if token.type == "bullet_list_open" else f"{number + place}. "
        lines += _boxed(item) or hang(item, mark, " " * len(mark))
    return lines


def _boxed(item: Lines) -> Lines:
    """A task, with its box in place of the list's mark."""
    text = "".join(run.text for run in item[0])
    box = BOXES.get(text[:4])
    if box is None or len(item[0][0].text) < len(box):
        return []
    first = Run(item[0][0].text[4:], item[0][0].styles)
    return hang([[first, *item[0][1:]], *item[1:]], box, "  ")


def _inline(tokens: Iterable[Token], look: Look) -> Lines:
    """Flat, since emphasis may be nested as deep as the text is long."""
    writer = _Writer(look)
    for token in tokens:
        match token.type:
            case "softbreak" | "hardbreak":
                writer.write("\n")
            case "text":
                writer.write(LINE_BREAK.sub("\n", token.content))
            case "formula":
                writer.write(" ".join(to_unicode(token.content).split()))
            case "code_inline":
                writer.write_code(token.content)
            case "image":
                writer.begin_link(str(token.attrs["src"]))
                writer.write(token.content or "🖼")
                writer.end_link()
            case "link_open":
                writer.begin_link(str(token.attrs["href"]))
            case "link_close":
                writer.end_link()
            case _ if token.nesting > 0:
                writer.styles.append(SPANS[token.tag])
            case _:
                writer.styles.remove(SPANS[token.tag])
    return writer.lines


class _Writer:
    """Lines as they are written, with the styles that are open."""

    def __init__(self, look: Look) -> None:
        self.lines: Lines = [[]]
        self.styles: list[Style] = []
        self._look = look
        self._url = ""
        self._text = ""

    def write(self, text: str) -> None:
        self._text += text
        first, *others = text.split("\n")
        self._run(first)
        for line in others:
            self.lines.append([])
            self._run(line)

    def write_code(self, text: str) -> None:
        """A link that is code is a link: it cannot be both everywhere."""
        self._text += text
        links = [style for style in self.styles if style.kind == "link"]
        self.lines[-1].append(Run(text, (*links,) or (CODE,)))

    def _run(self, text: str) -> None:
        if text:
            styles = dict.fromkeys(self.styles)
            self.lines[-1].append(Run(text, tuple(styles)))

    def begin_link(self, url: str) -> None:
        """Links never stand in each other, images sometimes in links."""
        self._url, self._text = url, ""
        if self._look.is_link(url):
            self.styles.append(Style("link", url))

    def end_link(self) -> None:
        links = [style for style in self.styles if style.kind == "link"]
        if links:
            self.styles.remove(links[-1])
        elif shown := self._address_to_show():
            self._run(f" ({shown})" if self._text else f"({shown})")

    def _address_to_show(self) -> str:
        """Nothing where it is the text, or a place in a page that nobody sees."""
        address = self._url.removeprefix("mailto:")
        is_text = unquote(address) == unquote(self._text)
        return "" if is_text or address.startswith("#") else address


def _table(tokens: Iterator[Token], look: Look) -> Table:
    rows: Table = []
    for token in tokens:
        match token.type:
            case "table_close":
                break
            case "tr_open":
                rows.append([])
            case "inline":
                rows[-1].append(_inline(token.children or (), look))
    return rows
