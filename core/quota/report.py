"""What was spent between two days: by person, model and kind. Pure."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from msgspec import Struct

from core.model import SpendKind

TOP = 10


class Figures(Struct, frozen=True, kw_only=True):
    """Sums over calls. `unpriced` of them have no known price, and are not in `nano_usd`;
    of `unsure` ones it is unknown whether they were billed, and they are in it."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    characters: int = 0
    images: int = 0
    audio_s: float = 0.0
    nano_usd: int = 0
    unpriced: int = 0
    unsure: int = 0

    def plus(self, other: "Figures") -> "Figures":
        return Figures(**{name: getattr(self, name) + getattr(other, name) for name in FIGURES})


FIGURES = Figures.__struct_fields__


class Line(Struct, frozen=True, kw_only=True):
    """What one person spent on one model in one way. `identity` is "" in rows from before
    people had one; `relay` and `model` are "" where a call's end is not known."""

    identity: str
    kind: SpendKind
    relay: str
    model: str
    figures: Figures


Part: TypeAlias = tuple[str, Figures]


class Report(Struct, frozen=True, kw_only=True):
    """Of the accounting days from `since` to `until`, both in it. Parts come dearest first."""

    since: str
    until: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> Figures:
        return summed(line.figures for line in self.lines)

    def by_person(self) -> list[Part]:
        """By identity."""
        return self._by(lambda line: line.identity)

    def by_model(self) -> list[Part]:
        """By "relay:model"; "" where it is not known."""
        return self._by(lambda line: f"{line.relay}:{line.model}" if line.relay else "")

    def by_kind(self) -> list[Part]:
        return self._by(lambda line: line.kind)

    def top(self, count: int = TOP) -> list[Part]:
        """The people who spent most."""
        return self.by_person()[:count]

    def _by(self, name_of: Callable[[Line], str]) -> list[Part]:
        found: dict[str, Figures] = {}
        for line in self.lines:
            name = name_of(line)
            found[name] = found.get(name, Figures()).plus(line.figures)
        return sorted(found.items(), key=lambda part: (-part[1].nano_usd, -part[1].calls, part[0]))


def summed(figures: Iterable[Figures]) -> Figures:
    result = Figures()
    for one in figures:
        result = result.plus(one)
    return result
