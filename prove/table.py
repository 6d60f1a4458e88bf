"""Findings as a table, for a terminal and for docs/promises.md."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from msgspec import Struct

from prove.experiment import Finding

WIDTHS = (9, 20, 22, 24, 4, 8, 6, 6, 5)
HEAD = (
    *("promise", "experiment", "load", "faults injected"),
    *("lost", "repeated", "out of order", "leaked", ""),
)


LEGEND = """
Counted by what the platforms showed and the relay was asked; – is not looked at. Repeated: but for
W, one flagged part a kill and conversation that was on its way just then (docs/promises.md)."""


class Result(Struct, frozen=True, kw_only=True):
    """An experiment that was run, or that broke off: then `broke` says how."""

    name: str
    title: str
    promises: tuple[int, ...]
    seed: int
    seconds: float
    finding: Finding | None = None
    broke: str = ""

    @property
    def passed(self) -> bool:
        return self.finding is not None and self.finding.passed

    @property
    def cells(self) -> tuple[str, ...]:
        rows = ", ".join(map(str, self.promises))
        found = self.finding
        if found is None:
            return (rows, self.title, "", "", "", "", "", "", "BROKE")
        counts = (found.lost, found.repeated, found.misordered, found.leaked)
        shown = ("–" if count is None else str(count) for count in counts)
        return (
            rows,
            self.title,
            found.load,
            found.faults,
            *shown,
            "pass" if found.passed else "FAIL",
        )


def plain(results: Sequence[Result]) -> str:
    """At most 120 columns wide; figures and reasons below."""
    rows = [HEAD, *(result.cells for result in results)]
    widths = [min(most, max(len(row[place]) for row in rows)) for place, most in enumerate(WIDTHS)]
    lines = [line for row in rows for line in _lines(row, widths)]
    return "\n".join([*lines, "", *(line for result in results for line in remarks(result))])


def _lines(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """A row as lines, cells wrapped."""
    cells = [wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
    for line in zip_longest(*cells, fillvalue=""):
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def remarks(result: Result) -> Iterator[str]:
    found = result.finding
    if found and found.figures:
        yield f"{result.name}: {found.figures}"
    for words in found.wrong if found else (result.broke,):
        yield f"{result.name}: WRONG: {words}"
    if not result.passed:
        again = f"--only {result.name} --seed {result.seed}"
        yield f"{result.name}: again with: sh script/prove {again}"


def markdown(results: Sequence[Result]) -> str:
    lines = [(*HEAD[:-1], "passed"), ("---",) * len(HEAD), *(result.cells for result in results)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
