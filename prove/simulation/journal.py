"""What was seen from outside, in its order, and told as a story."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SHOWN_CHARS = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """`life` is the process that ran then, 0 for none; `what` are the particulars."""

    at_s: float
    life: int
    kind: str
    what: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.what[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(slots=True)
class Journal:
    """Platforms and the relay write it; so does whoever kills."""

    entries: list[Entry] = field(default_factory=list)

    def note(self, at_s: float, life: int, kind: str, **what: Any) -> None:
        self.entries.append(Entry(at_s, life, kind, what))

    def of(self, *kinds: str) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.kind in kinds)

    def story(self) -> str:
        """A line for each event."""
        return "\n".join(map(_line, self.entries))


def _line(entry: Entry) -> str:
    told = "  ".join(
        f"{name} {_value(value)}" for name, value in entry.what.items() if name != "place"
    )
    process = f"process {entry.life}" if entry.life else "no process"
    return f"{entry.at_s:9.3f} s  {process:<11} {entry.kind:<12}  {told}".rstrip()


def _value(value: Any) -> str:
    match value:
        case float():
            return f"{value:.3f}"
        case list() | tuple():
            return "".join(map(str, value)) or "nothing"
        case str() if " " in value or len(value) > SHOWN_CHARS:
            line = " ".join(value.split())
            return repr(line if len(line) <= SHOWN_CHARS else f"{line[:SHOWN_CHARS]}…")
        case _:
            return str(value)
