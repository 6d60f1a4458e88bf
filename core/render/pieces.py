"""Cuts text into pieces that a platform accepts.

Graphemes (Unicode TR29) are never cut; wcwidth knows them. It is imported only
when something must be cut, since nearly no reply is that long.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from core.model import Capabilities

Measure = Callable[[str], int]


def _utf8_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


MEASURES: dict[str, Measure] = {
    "characters": len,
    "utf8_bytes": _utf8_bytes,
    "utf16_units": _utf16_units,
}

BREAKS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\n[ \t\r]*\n(?![ \t])",  # blank lines, but those within an item of a list
        r"\n(?![ \t])",  # lines that begin at the margin
        r"\n",  # lines
        r"[.!?…][\"'”’)\]]*\s+|[。！？…][”’」』）]*\s*",  # sentences
        r"\s+|[，、；：]",  # words
    )
)
"""Where to cut, best first."""

FENCE_LINE = re.compile(r"^([ \t]*+)(`{3,}+|~{3,}+)[ \t]*+([^\s`]*+)([^`\n]*+)$", re.MULTILINE)
"""Indent, mark, language, the rest. Possessive, so that no line takes quadratic time."""

MORE = "\n…"
"""On a line of its own, for a fence's closing line bears nothing behind it."""


TABLE = re.compile(
    r"^[^\n|]*+\|[^\n]*+\n[ \t]*+[|:-][|:\- \t]*+\n(?:[^\n|]*+\|[^\n]*+(?:\n|\Z))*+",
    re.MULTILINE,
)
"""A line with a bar, the rule below it, and all lines with bars that follow."""

FORMULA = re.compile(
    r"^[ \t]*+(?:\$\$(?:[^$]|\$(?!\$)){1,2000}+\$\$"
    r"|\\\[(?:[^\\]|\\(?![\[\]])){1,2000}+\\\])[^\n]*\n?",
    re.MULTILINE,
)
"""A formula with lines of its own."""


class Span(NamedTuple):
    """Offsets of what stands from `start` to `end`."""

    start: int
    end: int


class Fence(NamedTuple):
    """A fenced code block's offsets: start, body, close (its closing line), end."""

    start: int
    body: int
    close: int
    end: int
    reopening: str
    closing: str


def split(text: str, caps: Capabilities) -> Iterator[str]:
    """Cut text into pieces the platform accepts, preferring blank lines.

    Each piece measures 1..caps.text_limit in caps.text_unit. Joining the
    pieces gives `text` back, but for code fences closed and reopened at a cut
    (in Markdown only). Never cuts a grapheme. Raises ValueError if one grapheme
    exceeds the limit.
    """
    limit, measure = caps.text_limit, MEASURES[caps.text_unit]
    if limit == "unlimited" or measure(text) <= limit:
        if text:
            yield text
        return
    ruler = _Ruler(text, measure)
    if ruler.largest > limit:
        raise ValueError(
            f"text_limit: expected room for each grapheme, got {limit} {caps.text_unit} "
            f"for one of {ruler.largest}; raise the limit"
        )
    fences = fences_of(text) if caps.markup == "markdown" else []
    if max((_dress(fence, measure) for fence in fences), default=0) + ruler.largest > limit:
        fences = []  # too narrow to repeat fences in every piece
    wholes = wholes_of(text, fences) if caps.markup == "markdown" else []
    wholes = [s for s in wholes if ruler.size_to(s.end) - ruler.size_to(s.start) <= limit]
    yield from _pieces(ruler, limit, fences, wholes)


def clip(text: str, caps: Capabilities) -> str:
    """The beginning of `text`, and a sign that more was left out, within the limit."""
    limit, measure = caps.text_limit, MEASURES[caps.text_unit]
    if limit == "unlimited" or measure(text + MORE) <= limit:
        return text + MORE
    ruler = _Ruler(text, measure)
    count = bisect_right(ruler.sizes, limit - measure(MORE))
    return text[: ruler.ends[count - 1]] + MORE if count else text


def thin(text: str, caps: Capabilities) -> str:
    """`text` with marks left out of each grapheme that exceeds the limit by itself."""
    limit, measure = caps.text_limit, MEASURES[caps.text_unit]
    if limit == "unlimited":
        return text

    def beginning(cluster: str) -> str:
        sizes = list(accumulate(measure(char) for char in cluster))
        return cluster[: bisect_right(sizes, limit)]

    thinner = "".join(map(beginning, graphemes(text)))
    # What is left may have joined its neighbour to a new grapheme.
    return text if thinner == text else thin(thinner, caps)


def graphemes(text: str) -> Iterator[str]:
    from wcwidth import iter_graphemes  # noqa: PLC0415 - takes 50 ms

    return iter_graphemes(text)


def fences_of(text: str) -> list[Fence]:
    """The fenced code blocks of a Markdown text; an open one reaches to the end."""
    fences: list[Fence] = []
    opening: re.Match[str] | None = None
    for line in FENCE_LINE.finditer(text):
        if opening is None:
            opening = line
        elif _closes(line, opening):
            fences.append(_fence(opening, line.start(), _after(line, text)))
            opening = None
    if opening is not None:
        fences.append(_fence(opening, len(text), len(text)))
    return fences


def wholes_of(text: str, fences: Sequence[Fence]) -> list[Span]:
    """Tables and formulas, half of which is no use to anybody."""
    found = [Span(*match.span()) for kind in (TABLE, FORMULA) for match in kind.finditer(text)]
    return [s for s in found if not any(f.start < s.end and s.start < f.end for f in fences)]


def _closes(line: re.Match[str], opening: re.Match[str]) -> bool:
    """CommonMark 4.5: the same character, as many or more, and nothing after."""
    return line[2].startswith(opening[2]) and not (line[3] or line[4].strip())


def _after(line: re.Match[str], text: str) -> int:
    return min(line.end() + 1, len(text))


def _fence(opening: re.Match[str], close: int, end: int) -> Fence:
    indent, mark, language = opening[1], opening[2], opening[3]
    return Fence(
        start=opening.start(),
        body=min(opening.end() + 1, end),
        close=close,
        end=end,
        reopening=f"{indent}{mark}{language}\n",
        closing=f"{indent}{mark}",
    )


def _dress(fence: Fence, measure: Measure) -> int:
    """What a piece inside a fence spends on it at most: both lines and a newline."""
    return measure(fence.reopening) + measure(fence.closing) + 1


class _Ruler:
    """A text with the end and the running size of each of its graphemes."""

    def __init__(self, text: str, measure: Measure) -> None:
        clusters = list(graphemes(text))
        sizes = [measure(cluster) for cluster in clusters]
        self.text = text
        self.measure = measure
        self.largest = max(sizes, default=0)
        self.ends = list(accumulate(len(cluster) for cluster in clusters))
        self.sizes = list(accumulate(sizes))

    def size_to(self, offset: int) -> int:
        """Size of the text before `offset`, which is a grapheme's end."""
        return self.sizes[bisect_right(self.ends, offset) - 1] if offset else 0

    def boundaries(self, begin: int, room: int) -> list[int]:
        """The ends of all graphemes from `begin` that fit into `room`."""
        first = bisect_right(self.ends, begin)
        last = bisect_right(self.sizes, self.size_to(begin) + room)
        return self.ends[first:last]


def _pieces(
    ruler: _Ruler, limit: int, fences: Sequence[Fence], wholes: Sequence[Span]
) -> Iterator[str]:
    text, measure = ruler.text, ruler.measure
    tail_room = max((measure(fence.closing) + 1 for fence in fences), default=0)
    begin, head = 0, ""
    while measure(head) + ruler.sizes[-1] - ruler.size_to(begin) > limit:
        ends = ruler.boundaries(begin, limit - measure(head) - tail_room)
        end = _best_cut(text, begin, ends, [*_kept(fences), *wholes])
        fence = next((f for f in fences if f.start < end < f.end), None)
        piece = head + text[begin:end]
        yield piece if fence is None else _closed(piece, fence)
        begin, head = end, "" if fence is None else fence.reopening
    yield head + text[begin:]


def _closed(piece: str, fence: Fence) -> str:
    return piece + fence.closing if piece.endswith("\n") else f"{piece}\n{fence.closing}"


def _best_cut(text: str, begin: int, ends: list[int], whole: Sequence[Span]) -> int:
    """The last good place of the best kind, unless it would waste half of the piece."""
    near = [span for span in whole if span.start < ends[-1] and begin < span.end]
    torn = {end for span in near for end in range(max(span.start, begin) + 1, span.end)}
    allowed = [end for end in ends if end not in torn] or ends
    last, places = allowed[-1], set(allowed)
    middle = begin + (last - begin) // 2
    for pattern in BREAKS:
        cuts = [m.end() for m in pattern.finditer(text, middle, last) if m.end() in places]
        if cuts:
            return cuts[-1]
    return last


def _kept(fences: Sequence[Fence]) -> list[Span]:
    """A fence's own lines: cut there, they would be torn, or stand about an empty block."""
    return [
        span
        for fence in fences
        for span in (Span(fence.start, fence.body + 1), Span(fence.close - 1, fence.end))
    ]
