"""Markdown read into tokens: CommonMark 0.31, tables, strikethrough, formulas.

Two things are otherwise than in CommonMark, as people and models write:

- Emphasis may end or begin at a Chinese letter without a space: `**注意：**请` is bold.
- `$…$`, `$$…$$`, `\\(…\\)` and `\\[…\\]` are formulas: tokens `formula` and
  `formula_block`, their content the LaTeX. Amounts of money are not.
"""

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Surrogates stand alone where they occur in a str; nothing can send them."""

CHINESE = re.compile(r"[\u2e80-\u312f\u31a0-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
"""Letters and punctuation of scripts written without spaces, and Korean, whose particles
follow a word at once."""

BODY = r"(?:[^\\$]|\\[^()\[\]]){1,2000}+"
FORMULAS = {
    "$$": re.compile(rf"\$\$({BODY})\$\$"),
    "$": re.compile(r"\$(?!\s)((?:[^\\$\n]|\\.){1,500}+)(?<!\s)\$(?![0-9])"),
    "\\(": re.compile(rf"\\\(({BODY})\\\)"),
    "\\[": re.compile(rf"\\\[({BODY})\\\]"),
}

SURE = re.compile(r"\\[A-Za-z]|[\^_{]")
"""What is in formulas and not in prose about money."""

PROSE = re.compile(r"[a-z]{2,}\s|\s[a-z]{2,}|^[A-Za-z]{3,}$|[^\x00-\u03ff\u2000-\u22ff]")
SIGN = re.compile(r"[=<>+*/]")

OPENING = re.compile(r"\$\$|\\\[")
CLOSING = {
    "$$": re.compile(r"\$\$[ \t]*+([.,;。，；]?)[ \t]*+$"),
    "\\[": re.compile(r"\\\][ \t]*+([.,;。，；]?)[ \t]*+$"),
}
"""Possessive, so that no line takes quadratic time."""
BLOCK_LINES = 60
BLOCK_CHARS = 4000
"""A display formula that is longer is none."""


def parse(markdown: str) -> list[Token]:
    """Control characters must have been left out (`CONTROLS`)."""
    return _parser().parse(markdown)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    inline = _Inline()
    inline.ruler, inline.ruler2 = parser.inline.ruler, parser.inline.ruler2
    parser.inline = inline
    parser.inline.ruler.before("escape", "formula", _formula)
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("fence", "formula_block", _formula_block, interrupts)
    return parser


class _State(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803
        found = super().scanDelims(start, canSplitWord)
        if not canSplitWord:
            return found
        before = self.src[start - 1 : start]
        after = self.src[start + found.length : start + found.length + 1]
        return found._replace(
            can_open=found.can_open or bool(CHINESE.match(before) and after.strip()),
            can_close=found.can_close or bool(CHINESE.match(after) and before.strip()),
        )


class _Inline(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def _formula(state: StateInline, silent: bool) -> bool:
    mark = state.src[state.pos : state.pos + 2]
    mark = mark if mark in FORMULAS else mark[:1]
    if mark not in FORMULAS:
        return False
    found = FORMULAS[mark].match(state.src, state.pos, state.posMax)
    if found is None or not _is_formula(found[1], mark):
        return False
    if mark == "$" and _touches_word(state.src, found):
        return False
    if not silent:
        state.push("formula", "", 0).content = found[1]
    state.pos = found.end()
    return True


def _is_formula(content: str, mark: str) -> bool:
    """What `$5, not 6$`, `\\[1\\]` and `\\(as it is\\)` are not."""
    if not content.strip():
        return False
    if mark == "$$" or SURE.search(content):
        return True
    return not PROSE.search(content) and bool(mark != "\\[" or SIGN.search(content))


def _touches_word(text: str, found: re.Match[str]) -> bool:
    """As `US$5` and `$HOME/bin:$PATH` do; 25 $^\\circ$C does too, and is one."""
    before, after = (
        text[max(found.start() - 1, 0) : found.start()],
        text[found.end() : found.end() + 1],
    )
    if before.isascii() and before.isalnum():
        return True
    return after.isascii() and after.isalpha() and not re.search(r"\\[A-Za-z]|\^", found[1])


def _formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    opening = OPENING.match(state.src, state.bMarks[start] + state.tShift[start])
    if opening is None or state.is_code_block(start):
        return False
    found = _to_closing(state, start, end, opening[0])
    if found is None or not _is_formula(found[0], opening[0]):
        return False
    content, state_line = found
    if not silent:
        token = state.push("formula_block", "", 0)
        token.block, token.content, token.map = True, content, [start, state_line]
        state.line = state_line
    return True


def _to_closing(state: StateBlock, start: int, end: int, mark: str) -> tuple[str, int] | None:
    """What stands up to the mark that ends a line, and the line after it."""
    lines: list[str] = []
    room = BLOCK_CHARS
    for number in range(start, min(end, start + BLOCK_LINES)):
        if number > start and state.sCount[number] < state.blkIndent and not state.isEmpty(number):
            return None
        line = state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
        line = line[2:] if number == start else line
        room -= len(line)
        if room < 0:
            return None
        closing = CLOSING[mark].search(line)
        if closing is not None:
            content = "\n".join([*lines, line[: closing.start()] + closing[1]])
            return None if mark in content else (content, number + 1)
        lines.append(line)
    return None
