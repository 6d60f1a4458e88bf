"""parse_mode MarkdownV2 (core.telegram.org/bots/api#markdownv2-style, read 2026-11)."""

import re

from msgspec import Struct

from bots.sandbox.telegram.entities import Entity, order
from bots.sandbox.telegram.failure import bad
from bots.sandbox.telegram.utf16 import units

TOKEN = re.compile(
    r"\\(?P<escaped>[\x01-\x7e])"
    r"|(?P<pre>```)(?:(?P<language>[^\s`]*)\n)?(?P<block>(?:\\.|[^`\\]|`(?!``))*)```"
    r"|`(?P<code>(?:\\.|[^`\\])+)`"
    r"|(?P<mark>__|\|\||[*_~])"
    r"|(?P<link>\[)"
    r"|\]\((?P<url>(?:\\.|[^)\\])*)\)"
    r"|(?P<quote>(?:(?<=\n)|^)>)"
    r"|(?P<newline>\n(?!>))"
    r"|(?P<reserved>[\[\]()~`>#+\-=|{}.!])",
    re.DOTALL,
)
MARKS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler"}
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Open(Struct, kw_only=True):
    """A mark that waits for its partner."""

    mark: str
    start: int


class Parser:
    """One text, read from its start to its end."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._pieces: list[str] = []
        self._size = 0
        self._stack: list[Open] = []
        self._quote: int | None = None
        self.entities: list[Entity] = []

    def parse(self) -> str:
        """Raises Refused."""
        at = 0
        for match in TOKEN.finditer(self._source):
            self._add(self._source[at : match.start()])
            self._take(match)
            at = match.end()
        self._add(self._source[at:])
        self._end_quote()
        if self._stack:
            kind = MARKS.get(self._stack[-1].mark, "text_link")
            raise bad(f"can't parse entities: Can't find end of {kind} entity")
        self.entities.sort(key=order)
        return "".join(self._pieces)

    def _take(self, match: re.Match[str]) -> None:
        match match.lastgroup:
            case "escaped":
                self._add(match["escaped"])
            case "block" | "pre":
                extra = {"language": match["language"]} if match["language"] else {}
                self._whole(ESCAPED.sub(r"\1", match["block"]), {"type": "pre"} | extra)
            case "code":
                self._whole(ESCAPED.sub(r"\1", match["code"]), {"type": "code"})
            case "mark":
                self._mark(match["mark"])
            case "link":
                self._stack.append(Open(mark="[", start=self._size))
            case "url":
                self._link(ESCAPED.sub(r"\1", match["url"]), match)
            case "newline":  # a quotation lasts as long as its lines begin with its mark
                self._end_quote()
                self._add("\n")
            case "quote":
                self._quote = self._size if self._quote is None else self._quote
            case _:
                raise self._reserved(match)

    def _add(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)
            self._size += units(piece)

    def _whole(self, piece: str, entity: Entity) -> None:
        self.entities.append(entity | {"offset": self._size, "length": units(piece)})
        self._add(piece)

    def _mark(self, mark: str) -> None:
        if not any(opened.mark == mark for opened in self._stack):
            self._stack.append(Open(mark=mark, start=self._size))
            return
        opened = self._stack.pop()
        if opened.mark != mark:
            raise bad(f"can't parse entities: Can't find end of {MARKS.get(opened.mark)} entity")
        self._close(opened, {"type": MARKS[mark]})

    def _link(self, url: str, match: re.Match[str]) -> None:
        if not self._stack or self._stack[-1].mark != "[":
            raise self._reserved(match)
        self._close(self._stack.pop(), {"type": "text_link", "url": url})

    def _close(self, opened: Open, entity: Entity) -> None:
        if self._size > opened.start:
            place = {"offset": opened.start, "length": self._size - opened.start}
            self.entities.append(entity | place)

    def _end_quote(self) -> None:
        if self._quote is not None:
            self._close(Open(mark=">", start=self._quote), {"type": "blockquote"})
        self._quote = None

    def _reserved(self, match: re.Match[str]) -> Exception:
        return bad(
            f"can't parse entities: Character '{match[0][0]}' is reserved and must be escaped "
            "with the preceding '\\'"
        )


def parse_markdown(source: str) -> tuple[str, list[Entity]]:
    """The text without its marks, and their entities. Raises Refused."""
    parser = Parser(source)
    return parser.parse(), parser.entities
