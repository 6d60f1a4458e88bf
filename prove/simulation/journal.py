"""What was seen from outside, in its order, and told as a story."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


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
    told = "  ".join(f"{name}={value}" for name, value in entry.what.items())
    return f"{entry.at_s:10.3f}  life {entry.life}  {entry.kind:<12}  {told}".rstrip()
