"""Rows under each other, as wide as they look: a Chinese character takes two columns. Pure."""

from collections.abc import Iterator, Sequence

from wcwidth import wcswidth

GAP = "  "


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A line for each row. Rows have equally many cells; the last one is not padded."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = [cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True)]
        yield GAP.join((*padded[:-1], row[-1])).rstrip()


def width(text: str) -> int:
    """In columns; with what no terminal can show, in characters."""
    columns = wcswidth(text)
    return columns if columns >= 0 else len(text)
