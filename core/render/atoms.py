"""What rows of a formula are made of, and how they read beside each other."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple
from unicodedata import category, lookup, normalize

from core.render import symbols

Kind = Literal["plain", "space", "ratio", "name", "operator", "letter", "script"]


class Atom(NamedTuple):
    """Something indivisible of a row.

    A space behind a command only ends the command's name, in LaTeX. So none is shown
    behind a letter, and about an operator there is one on both sides or on none.
    """

    text: str
    kind: Kind = "plain"


END = Atom("")

APART = re.compile(r"[\s+\-±∓=<>,;/·×÷≤≥≠≈→⇒∈|]")
"""What keeps a numerator from being one thing."""

BRACKETS = re.compile(r"[(\[{][^()\[\]{}]*[)\]}]")

ONE = re.compile(
    r"[\d.]+%?|[d∂Δ√]?[^\W\d_][\u0300-\u036f\u20d7]*[⁰-₟²³¹ᵃ-ᵿᴬ-ᵪⱼⱽ′°]*|√?\d+|∞"
    r"|[^\W\d_]{3,}|[\u3400-\u9fff]+|[A-Zfgh√∛∜]?\([^()]*\)"
)
"""A number, a variable with its scripts, a word, f(x): needs no brackets below a slash."""

LETTERLIKE = "∂∇∞∀∃¬√∠△□°"

SAFE_AFTER = " =+-<>,.;:)]}|≤≥≠≈→⇒·×⋅÷±\n，。；：、"
"""What may follow a/b at once without seeming part of b."""


def join(atoms: Sequence[Atom]) -> str:
    row = [atom for atom in atoms if atom.text]
    text = ""
    for place, atom in enumerate(row):
        following = row[place + 1] if place + 1 < len(row) else END
        match atom.kind:
            case "space":
                text += _gap(row[max(0, place - 2) : place], atom.text, following)
            case "ratio" if _touches(text, row[place + 1 : place + 4]):
                text += f"({atom.text})"
            case "name":
                text += " " * text[-1:].isalnum() + atom.text
                text += " " * (following.kind != "script" and following.text[:1].isalpha())
            case "operator" if text.endswith(" ") and following.kind not in {"space", "script"}:
                text += f"{atom.text} "
            case _:
                text += atom.text
    return re.sub(r"(?<=[(\[{]) +|(?<! ) +(?=[)\]}])", "", text)


def _gap(before: Sequence[Atom], space: str, following: Atom) -> str:
    match [atom.kind for atom in before]:
        case [*_, "letter"] if following.text[:1].isalnum():
            return ""
        case [kind, "operator"] if kind != "space":
            return ""
        case _:
            return space


def _touches(before: str, after: Sequence[Atom]) -> bool:
    """Whether a/b beside it would be read as another fraction."""
    following = "".join(atom.text for atom in after).strip()
    return before[-1:].isalnum() or before[-1:] == ")" or following[:1] not in SAFE_AFTER


def symbol(char: str) -> Atom:
    if char.isalpha() or char in LETTERLIKE:
        return Atom(char, "letter")
    if char == "·" or (category(char[0]) in {"Sm", "So"} and char not in "⋯|‖"):
        return Atom(char, "operator")
    return Atom(char)


def raised(text: str) -> str:
    return _scripted(text, symbols.SUPERSCRIPTS, "^")


def lowered(text: str) -> str:
    return _scripted(text, symbols.SUBSCRIPTS, "_")


def _scripted(text: str, table: dict[int, int], mark: str) -> str:
    """In small letters where Unicode has all of them."""
    tight = "".join(text.split())
    if all(ord(char) in table for char in tight):
        return tight.translate(table)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


def ratio(above: str, below: str) -> Atom:
    if (above, below) in symbols.FRACTIONS:
        return Atom(symbols.FRACTIONS[above, below])
    return Atom(f"{_numerator(above)}/{_single(below)}" if above or below else "", "ratio")


def _numerator(text: str) -> str:
    """In brackets only where something outside of other brackets would fall apart."""
    outside = text.lstrip("-")
    while (inner := BRACKETS.sub("", outside)) != outside:
        outside = inner
    return f"({text})" if APART.search(outside) else text


def _single(text: str) -> str:
    return text if ONE.fullmatch(text) else f"({text})"


def root(index: str, radicand: str) -> Atom:
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(index) or f"{raised(index)}√"
    return Atom(sign + (_single(radicand) if radicand else ""))


def accented(text: str, mark: str) -> Atom:
    marked = "".join(char + mark if char.isalnum() else char for char in text)
    return Atom(normalize("NFC", marked))


def negated(text: str) -> Atom:
    return Atom(normalize("NFC", text + "\u0338"), "operator")


def lettered(text: str, alphabet: str) -> Atom:
    return Atom("".join(_letter(char, alphabet) for char in text))


def _letter(char: str, alphabet: str) -> str:
    """ℝ is called DOUBLE-STRUCK CAPITAL R, but 𝔼 MATHEMATICAL DOUBLE-STRUCK CAPITAL E."""
    if not (char.isascii() and char.isalpha()):
        return char
    case = "CAPITAL" if char.isupper() else "SMALL"
    for name in (alphabet.replace("FRAKTUR", "BLACK-LETTER"), f"MATHEMATICAL {alphabet}"):
        try:
            return lookup(f"{name} {case} {char.upper()}")
        except KeyError:
            continue
    return char


def chemistry(text: str) -> Atom:
    """mhchem's \\ce{2H2 + O2 -> 2H2O}: counts behind a letter or bracket are lowered."""
    text = text.replace("<=>", "⇌").replace("->", "→")
    return Atom(re.sub(r"(?<=[A-Za-z)\]])\d+", lambda count: lowered(count[0]), text))


def framed(rows: Sequence[Sequence[str]], environment: str) -> Atom:
    """A matrix or a choice of cases in one line; of anything else a line for each row."""
    full = [row for row in rows if any(row)]
    brackets = symbols.BRACKETS.get(environment)
    if brackets is None:
        return Atom("\n".join(" ".join(filter(None, row)) for row in full))
    return Atom(f"{brackets[0]}{'; '.join(map(', '.join, full))}{brackets[1]}".strip())
