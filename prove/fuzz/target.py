"""One parser, as a fuzzer sees it."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"

Form: TypeAlias = Literal["json", "xml", "text", "binary"]
"""How its inputs are written: what a mutator goes by."""


class Broken(Exception):
    """It returned, but with something that what comes after it cannot take."""


class Target(Struct, frozen=True, kw_only=True):
    """`run` reads an input to the end of what is done with it before it is stored or sent.

    It returns, or raises one of `raises`: anything else is a defect. `seeds` are inputs
    that are right, recorded ones where there are any.
    """

    name: str
    run: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]
    form: Form = "json"
    raises: tuple[type[Exception], ...] = ()
    most_bytes: int = 2**20
    """What comes before it lets no more through."""

    def try_on(self, data: bytes) -> None:
        """Raises what is a defect."""
        try:
            self.run(data)
        except self.raises:
            return


def recorded(*patterns: str) -> list[bytes]:
    """Files of the tests, by patterns from `tests/`; in the same order everywhere."""
    found: Iterable[Path] = (path for one in patterns for path in sorted(TESTS.glob(one)))
    return [path.read_bytes() for path in found]
