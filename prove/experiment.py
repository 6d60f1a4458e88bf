"""What an experiment is, and what it finds."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct


class Scale(Struct, frozen=True, kw_only=True):
    """How far an experiment goes. All its chance comes from `seed`; `folder` is empty, its own."""

    long: bool
    seed: int
    folder: Path

    def pick(self, short: int, long: int) -> int:
        return long if self.long else short


class Finding(Struct, frozen=True, kw_only=True):
    """What came of it. A count of None is nothing that this experiment looks at.

    `wrong` are the marks that were missed, in words; `figures` is what was measured besides.
    """

    load: str
    faults: str
    lost: int | None = None
    repeated: int | None = None
    misordered: int | None = None
    leaked: int | None = None
    wrong: tuple[str, ...] = ()
    figures: str = ""

    @property
    def passed(self) -> bool:
        return not (self.wrong or self.lost or self.repeated or self.misordered or self.leaked)


Run: TypeAlias = Callable[[Scale], Awaitable[Finding]]


class Experiment(Struct, frozen=True, kw_only=True):
    """`promises` are rows of docs/promises.md. `alone`: others beside it would falsify its times.

    The short form takes some seconds, 20 at most.
    """

    promises: tuple[int, ...]
    title: str
    run: Run
    alone: bool = False
