"""Tables for places without tables."""

from collections.abc import Sequence

from core.render.document import BOLD, Line, Lines, Run, Style, Table, hang, restyled
from core.render.parser import CHINESE

PHONE_COLUMNS = 40
"""Narrow letters in a line of a phone, roughly; a Chinese one takes two."""


def aligned(table: Table) -> Lines:
    """Columns of equal width by East Asian width, for a terminal: the head is bold."""
    head, rule, *rows = grid(table)
    return [*restyled([head], BOLD), rule, *rows]


def grid(table: Table) -> Lines:
    """Columns of equal width and a rule below the head."""
    from wcwidth import width  # noqa: PLC0415 - takes 50 ms

    rows = [[_one_line(cell) for cell in row] for row in table]
    sizes = [[width(_text(cell)) for cell in row] for row in rows]
    widths = [max(column) for column in zip(*sizes, strict=True)]
    head, *others = [
        _padded(row, [room - size for room, size in zip(widths, of_row, strict=True)])
        for row, of_row in zip(rows, sizes, strict=True)
    ]
    return [head, [Run("  ".join("─" * room for room in widths))], *others]


def framed(table: Table) -> Lines:
    """A block of code where it fits a phone, else one entry a row."""
    lines = grid(table)
    if line_width(lines) > PHONE_COLUMNS:
        return entries(table)
    return [[Run(_text(line), (Style("pre"),))] for line in lines]


def pairs(table: Table) -> Lines:
    """`name | value` lines where they are short, else one entry a row."""
    lines = bars(table)
    fits = len(table[0]) <= 2 and line_width(lines) <= PHONE_COLUMNS
    return lines if fits else entries(table)


def bars(table: Table) -> Lines:
    """The shortest: cells with a bar between them."""
    return [_joined([_one_line(cell) for cell in row], " | ") for row in table]


def entries(table: Table) -> Lines:
    """One entry a row, one line a cell, each with its column's name; empty cells are left out."""
    names, *rows = table
    if not rows:
        return bars(table)
    colon = "：" if any(CHINESE.search(_text(_one_line(name))) for name in names) else ": "
    titles = [_titled(_one_line(name), colon) for name in names]
    return [line for row in rows for line in _entry(titles, row)]


def _entry(names: Sequence[Line], row: Sequence[Lines]) -> Lines:
    lines: Lines = []
    for name, cell in zip(names, row, strict=True):
        first, *others = cell
        if any(run.text.strip() for line in cell for run in line):
            lines += [[*name, *first], *others]
    return hang([*restyled(lines[:1], BOLD), *lines[1:]], "• ", "  ") if lines else []


def _titled(name: Line, colon: str) -> Line:
    return [*name, Run(colon)] if _text(name).strip() else []


def line_width(lines: Lines) -> int:
    from wcwidth import width  # noqa: PLC0415 - takes 50 ms

    return max(width(_text(line)) for line in lines)


def _one_line(cell: Lines) -> Line:
    return _joined(cell, " ")


def _joined(lines: Sequence[Line], between: str) -> Line:
    return [
        run for place, line in enumerate(lines) for run in ([Run(between)] * bool(place) + line)
    ]


def _padded(row: Sequence[Line], missing: Sequence[int]) -> Line:
    """Nothing behind the last cell."""
    cells = [[*cell, Run(" " * room)] for cell, room in zip(row, missing, strict=True)]
    return _joined([*cells[:-1], row[-1]], "  ")


def _text(line: Line) -> str:
    return "".join(run.text for run in line)
