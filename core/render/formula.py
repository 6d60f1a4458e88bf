"""LaTeX read as Unicode: x², √(b²-4ac), α ≤ ∞, (a + b)/2.

For places that can show no formula. What is typeset in two dimensions goes on one
line: fractions with a slash, matrices as (a, b; c, d). A command that nobody knows is
shown by its name, as functions are. No text is too broken: what cannot be read is
shown as it was written.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from html.entities import html5

from core.render import atoms, symbols
from core.render.atoms import Atom

WORD = re.compile(r"\\(?:[A-Za-z]+\*?|.)|\s+|.", re.DOTALL)
"""A command, spaces, or a character."""

DEPTH = 40
"""How deep groups may stand in each other."""


class _TooDeep(Exception):
    """Shown as written."""


def to_unicode(latex: str) -> str:
    """The formula as a line of text; as several only where it has rows of its own."""
    try:
        text = _Reader(latex).everything()
    except _TooDeep:
        return latex.strip()
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line) or latex.strip()


class _Reader:
    """Recursive descent. What a command takes is read by the methods without underscore."""

    def __init__(self, latex: str) -> None:
        self._words = WORD.findall(latex)
        self._at = 0
        self._depth = 0

    def everything(self) -> str:
        """All of it; a brace too many ends nothing."""
        row: list[Atom] = []
        while self._peek():
            row += self._row(frozenset())
        return atoms.join(row)

    def argument(self) -> str:
        """A group in braces, or one word, as in \\frac12."""
        while self._peek().isspace():
            self._at += 1
        word = self._peek()
        if word in {"", "}", "&"}:
            return ""
        self._at += 1
        self._deeper()
        text = word if word in "^_" else self._atom(word).text
        self._depth -= 1
        return text.strip()

    def wide_argument(self) -> str:
        """With the spaces at its ends: \\text{ if }."""
        if self._peek() != "{":
            return self.argument()
        self._at += 1
        return self._group("}")

    def option(self) -> str:
        """What stands in [brackets], if anything."""
        if self._peek() != "[":
            return ""
        self._at += 1
        return self._group("]").strip()

    def delimiter(self) -> Atom:
        """Behind \\left and \\right, where a dot is nothing."""
        if self._peek() == ".":
            self._at += 1
        return Atom("")

    def environment(self) -> Atom:
        name = self.argument().rstrip("*")
        if name == "array":
            self.argument()
        rows = [[""]]
        while (word := self._peek()) and word != "\\end":
            match word:
                case "&":
                    self._at += 1
                    rows[-1].append("")
                case "\\\\":
                    self._at += 1
                    self.option()
                    rows.append([""])
                case _:
                    rows[-1][-1] = atoms.join(self._row(CELL_ENDS)).strip()
        self._at += 1
        self.argument()
        return atoms.framed(rows, name)

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEPTH:
            raise _TooDeep

    def _row(self, ends: frozenset[str]) -> list[Atom]:
        """Up to a word of `ends`, which is left."""
        self._deeper()
        row: list[Atom] = []
        while (word := self._peek()) and word not in ends:
            self._at += 1
            row.append(self._script(word, row) if word in "^_" else self._atom(word))
        self._depth -= 1
        return row

    def _group(self, end: str) -> str:
        text = atoms.join(self._row(frozenset({end})))
        self._at += 1
        return text

    def _script(self, mark: str, row: Sequence[Atom]) -> Atom:
        script = (atoms.raised if mark == "^" else atoms.lowered)(self.argument())
        below_name = script.startswith("_(") and row and row[-1].kind == "name"
        return Atom(script.removeprefix("_") if below_name else script, "script")

    def _atom(self, word: str) -> Atom:
        match word:
            case "{":
                return Atom(self._group("}"))
            case "}" | "&":
                return Atom("")
            case "'":
                return Atom("′")
            case "~" | " ":
                return Atom(" ", "space")
            case _ if word[0] == "\\" and len(word) > 1:
                return self._command(word[1:].rstrip("*") or "*")
            case _:
                return Atom(" ", "space") if word.isspace() else Atom(word)

    def _command(self, name: str) -> Atom:
        if name in FORMS:
            return FORMS[name](self)
        found = symbols.SYMBOLS.get(name) or html5.get(f"{name};")
        if found is not None and name not in symbols.NAMES:
            return atoms.symbol(found)
        if not name.isalpha():
            return Atom(name)
        called_with = f"({self.argument()})" if self._peek() == "{" else ""
        return Atom(name + called_with, "name")


def _silently(reader: _Reader) -> Atom:
    reader.argument()
    return Atom("")


def _line_end(reader: _Reader) -> Atom:
    reader.option()
    return Atom("\n", "space")


def _colored(reader: _Reader) -> Atom:
    reader.argument()
    return Atom(reader.wide_argument())


def _scripted(script: Callable[[str], str], reader: _Reader) -> Atom:
    """\\overset{above}{base}."""
    text = script(reader.argument())
    return Atom(reader.argument() + text)


def _accented(mark: str, reader: _Reader) -> Atom:
    return atoms.accented(reader.argument(), mark)


def _lettered(alphabet: str, reader: _Reader) -> Atom:
    return atoms.lettered(reader.argument(), alphabet)


CELL_ENDS = frozenset({"&", "\\\\", "\\end"})

FORMS: dict[str, Callable[[_Reader], Atom]] = {
    **dict.fromkeys(symbols.SPACES, lambda _: Atom(" ")),
    **dict.fromkeys(symbols.SILENT, lambda _: Atom("")),
    **dict.fromkeys(symbols.DROPPED, _silently),
    **dict.fromkeys(symbols.GROUPS, lambda reader: Atom(reader.wide_argument())),
    **{name: partial(_accented, mark) for name, mark in symbols.ACCENTS.items()},
    **{name: partial(_lettered, alphabet) for name, alphabet in symbols.ALPHABETS.items()},
    **dict.fromkeys(
        ("frac", "dfrac", "tfrac", "cfrac"),
        lambda reader: atoms.ratio(reader.argument(), reader.argument()),
    ),
    **dict.fromkeys(
        ("binom", "dbinom", "tbinom"),
        lambda reader: Atom(f"C({reader.argument()}, {reader.argument()})"),
    ),
    **dict.fromkeys(("left", "right"), _Reader.delimiter),
    **dict.fromkeys(("overset", "stackrel"), partial(_scripted, atoms.raised)),
    **dict.fromkeys(("\\", "newline", "cr"), _line_end),
    **dict.fromkeys(("mod", "bmod"), lambda _: Atom("mod", "name")),
    **dict.fromkeys(("textcolor", "colorbox"), _colored),
    "sqrt": lambda reader: atoms.root(reader.option(), reader.argument()),
    "begin": _Reader.environment,
    "end": _silently,
    "not": lambda reader: atoms.negated(reader.argument()),
    "underset": partial(_scripted, atoms.lowered),
    "xrightarrow": lambda reader: Atom(f" —{reader.argument()}→ "),
    "xleftarrow": lambda reader: Atom(f" ←{reader.argument()}— "),
    "pmod": lambda reader: Atom(f" (mod {reader.argument()})"),
    "tag": lambda reader: Atom(f"  ({reader.argument()})"),
    "ce": lambda reader: atoms.chemistry(reader.wide_argument()),
    "operatorname": lambda reader: Atom(reader.argument(), "name"),
}
"""Commands that take something, or are more than a sign."""
