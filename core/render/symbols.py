"""What LaTeX's commands are called in Unicode.

Most have the name that they have in HTML, for both took them from the same sets
(ISO 9573-13; `html.entities`, 2,000 names). Here stand those that HTML calls
otherwise or lacks, found by comparing with LaTeX's own tables.
"""

import re

SYMBOLS: dict[str, str] = dict(
    re.findall(
        r"(\S+):(\S+)",
        r"cdot:· circ:∘ star:⋆ ast:* cdots:⋯ ldots:… dots:… dotsc:… dotsb:… vdots:⋮ ddots:⋱ to:→ "
        r"gets:← infty:∞ neq:≠ exists:∃ partial:∂ implies:⇒ impliedby:⇐ longrightarrow:→ "
        r"longleftarrow:← Longrightarrow:⇒ Longleftarrow:⇐ Longleftrightarrow:⇔ "
        r"longleftrightarrow:↔ longmapsto:↦ iint:∬ iiint:∭ land:∧ lor:∨ lnot:¬ neg:¬ owns:∋ "
        r"triangle:△ epsilon:ε varepsilon:ε phi:φ varphi:φ leqslant:≤ geqslant:≥ preceq:≼ succeq:≽ "
        r"asymp:≍ oslash:⊘ Box:□ surd:√ Join:⋈ lhd:⊲ rhd:⊳ mid:| lvert:| rvert:| vert:| lVert:‖ "
        r"rVert:‖ Vert:‖ degree:° pounds:£ S:§ P:¶ R:ℝ N:ℕ Z:ℤ Q:ℚ C:ℂ bigcup:∪ bigcap:∩ "
        r"bigoplus:⊕ bigotimes:⊗ textdegree:° backslash:\ lbrace:{ rbrace:} leadsto:⇝",
    )
)

SPACES = {
    "quad", "qquad", "enspace", "space", "thinspace", ",", ";", ":", ">", " ", "\n", "\t",
}  # fmt: skip

SILENT = {
    "!", "displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle", "limits", "nolimits",
    "nonumber", "notag", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr",
    "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr", "hline", "centering", "rm", "bf", "it",
}  # fmt: skip
"""Commands about how things look."""

GROUPS = {
    "text", "textbf", "textit", "textrm", "textsf", "texttt", "mathrm", "mathbf", "mathit",
    "mathsf", "mathtt", "mathnormal", "boldsymbol", "bm", "mbox", "hbox", "boxed", "mathop",
    "mathbin", "mathrel", "mathord", "overbrace", "underbrace", "cancel", "bcancel", "xcancel",
    "underline", "substack", "pmb", "emph", "ensuremath", "fbox", "mathstrut", "smash",
}  # fmt: skip
"""Commands of which only the argument is shown."""

DROPPED = {"color", "label", "hspace", "vspace", "phantom", "hphantom", "vphantom"}
"""Commands whose argument is for the typesetter."""

NAMES = {"sup", "Pr", "lg", "deg", "min", "max", "inf", "lim", "arg"}
"""Functions whose names are something else in HTML, or take what is below them in brackets.
All commands that are not known are taken for functions, as \\sin and \\log are."""

ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303",
    "bar": "\u0304", "overline": "\u0305", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7",
    "overrightarrow": "\u20d7", "check": "\u030c", "breve": "\u0306", "acute": "\u0301",
    "grave": "\u0300", "mathring": "\u030a",
}  # fmt: skip

ALPHABETS = {
    "mathbb": "DOUBLE-STRUCK",
    "mathcal": "SCRIPT",
    "mathscr": "SCRIPT",
    "mathfrak": "FRAKTUR",
}
"""Letters with names of their own in Unicode."""

SUPERSCRIPTS = str.maketrans(
    "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθ∘′*⊤†",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿ°′*ᵀ†",
)
SUBSCRIPTS = str.maketrans(
    "0123456789+-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ"
)

FRACTIONS = {
    ("1", "2"): "½", ("1", "3"): "⅓", ("2", "3"): "⅔", ("1", "4"): "¼", ("3", "4"): "¾",
}  # fmt: skip

BRACKETS = {
    "matrix": "  ", "smallmatrix": "  ", "pmatrix": "()", "bmatrix": "[]", "Bmatrix": "{}",
    "vmatrix": "||", "Vmatrix": "‖‖", "array": "  ", "cases": "{}", "rcases": "{}",
}  # fmt: skip
"""Environments that are one thing, shown in one line; of all others each row is a line."""
