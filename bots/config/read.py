"""Reads one TOML table into frozen structs, noting everything that is wrong with it."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from bots.config.expect import Wrong, expected, mismatch, shown
from bots.config.lines import key_lines, line_of
from core.model import Limit

S = TypeVar("S", bound=Struct)
Place: TypeAlias = tuple[str, ...]
"""The names of the tables and the key: ("relays", "main", "key")."""

Parser: TypeAlias = Callable[[object], object]
"""Makes a field's value from what TOML holds. Raises Wrong."""


CAN_BE_NONE = frozenset({"settle_s", "outage_wait_s"})


UNSHOWN = "something else"
"""Where a section should be, a key may stand."""


class Page:
    """A configuration file being read, with the problems found so far.

    `parsers` serve the field types that TOML has no form for, by type or by
    (type, field name).
    """

    def __init__(self, text: str, name: str, parsers: Mapping[Any, Parser]) -> None:
        self.name = name
        self._lines = key_lines(text)
        self._parsers = parsers
        self._problems: dict[Place, tuple[int, str]] = {}

    @property
    def problems(self) -> list[str]:
        """One sentence each, in the order of their lines."""
        found = sorted(self._problems.values(), key=lambda problem: problem[0])
        return [f"{self.name}, line {line}: {sentence}" for line, sentence in found]

    def wrong(self, place: Place, problem: Wrong) -> None:
        """Note a problem, unless one at the place or around it explains it."""
        if any(place[:length] in self._problems for length in range(1, len(place) + 1)):
            return
        sentence = f"{'.'.join(place)}: {problem}"
        self._problems[place] = (line_of(self._lines, place), sentence)

    def read(self, place: Place, table: object, kind: type[S], **given: object) -> S:
        """One struct from one table. A wrong setting is noted and left at its default."""
        return kind(**self.values(place, table, (kind,), **given)[kind])

    def values(
        self, place: Place, table: object, kinds: tuple[type[Struct], ...], **given: object
    ) -> dict[type[Struct], dict[str, Any]]:
        """The fields of several structs that share one table. `given` fields are no keys."""
        if not isinstance(table, dict):
            self.wrong(place, mismatch("a table", UNSHOWN, f"Write [{'.'.join(place)}]."))
            return {
                kind: {f.name: given.get(f.name, blank(f)) for f in fields(kind)} for kind in kinds
            }
        known = {f.name: f for kind in kinds for f in fields(kind) if f.name not in given}
        for key in table.keys() - known.keys():
            self.unknown((*place, key), known)
        found = {
            name: self._value((*place, name), table[name], field)
            for name, field in known.items()
            if name in table
        }
        found |= {
            name: self._missing((*place, name), f) for name, f in known.items() if needed(f, table)
        }
        found |= given
        return {
            kind: {f.name: found[f.name] for f in fields(kind) if f.name in found} for kind in kinds
        }

    def tables(self, section: str, tree: Mapping[str, object]) -> Iterator[tuple[str, object]]:
        """The named tables of a section such as [relays.NAME]."""
        tables = tree.get(section, {})
        if isinstance(tables, dict):
            yield from tables.items()
        else:
            self.wrong((section,), mismatch(f"sections [{section}.NAME]", UNSHOWN))

    def unknown(self, place: Place, known: Mapping[str, object]) -> None:
        near = get_close_matches(place[-1], known, n=1)
        remedy = f'Did you mean "{near[0]}"?' if near else "Take it out."
        self.wrong(place, mismatch("one of " + ", ".join(known), "an unknown key", remedy))

    def _value(self, place: Place, value: object, field: FieldInfo) -> object:
        try:
            return self._parse(value, field.type, field.name)
        except Wrong as problem:
            self.wrong(place, problem)
            return blank(field)

    def _parse(self, value: object, kind: Any, name: str) -> object:
        parser = self._parsers.get((kind, name)) or self._parsers.get(kind)
        if parser:
            return parser(value)
        try:
            parsed = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise mismatch(expected(kind), shown(value)) from error
        if kind == Limit and isinstance(parsed, int) and parsed < 0:
            raise mismatch(expected(kind), shown(value), "0 means none allowed.")
        if name.endswith("_s") and parsed != "unlimited":
            _check_seconds(parsed, name, value)
        return parsed

    def _missing(self, place: Place, field: FieldInfo) -> object:
        remedy = f"Add a line {field.name} = … to this section."
        self.wrong(place, mismatch("this setting", "none", remedy))
        return blank(field)


def _check_seconds(parsed: float, name: str, value: object) -> None:
    """Raises Wrong. 0 is no time to wait for an answer, but one may wait for nothing."""
    if parsed == 0 and name in CAN_BE_NONE:
        return
    if not 0 < parsed < 1e9:
        what = "a number a second" if name.endswith("_per_s") else "a number of seconds"
        least = ", 0 or more" if name in CAN_BE_NONE else " above 0"
        raise mismatch(f"{what}{least}", shown(value))


def needed(field: FieldInfo, table: Mapping[str, object]) -> bool:
    return field.required and field.name not in table


def blank(field: FieldInfo) -> object:
    """What stands in for a wrong value until all problems are told."""
    if field.default is not msgspec.NODEFAULT:
        return field.default
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return ""
