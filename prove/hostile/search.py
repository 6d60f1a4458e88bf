"""Searches all that came out for secrets, in any spelling."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

LAST_CHARS = 8
"""So much of a secret's end is as bad as all of it."""


def spellings(secret: str) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each form in which it may be shown."""
    raw = secret.encode()
    yield "plain", raw
    yield "its last characters", secret[-LAST_CHARS:].encode()
    yield "URL-quoted", quote(secret, safe="").encode()
    yield "URL-quoted for a form", quote_plus(secret).encode()
    yield "JSON", json.dumps(secret)[1:-1].encode()
    yield "JSON twice", json.dumps(json.dumps(secret))[3:-3].encode()
    yield "Python", ascii(secret)[1:-1].encode()
    yield "hexadecimal", raw.hex().encode()
    yield "HEXADECIMAL", raw.hex().upper().encode()
    yield "UTF-16", secret.encode("utf-16-le")
    yield from _base64(raw)


def _base64(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """At each place that it may have within what is encoded; its edges depend on what is beside."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw)
        first, last = (0, 2, 3)[before], 4 if (before + len(raw)) % 3 else 0
        core = whole[first : len(whole) - last]
        yield "base64", core
        yield "base64 for URLs", core.replace(b"+", b"-").replace(b"/", b"_")


@dataclass
class Search:
    """`secrets` by the setting that holds them. `found` are leaks, with where and how."""

    secrets: Mapping[str, str]
    found: list[str] = field(default_factory=list)
    searched_bytes: int = 0
    places: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._forms = [
            (name, how, form)
            for name, secret in self.secrets.items()
            for form, how in {form: how for how, form in spellings(secret)}.items()
        ]

    def look(self, where: str, content: bytes | str) -> None:
        raw = content.encode(errors="surrogateescape") if isinstance(content, str) else content
        self.searched_bytes += len(raw)
        self.places.add(where.partition(":")[0])
        for name, how, form in self._forms:
            if form in raw:
                at = raw.index(form)
                beside = raw[max(0, at - 60) : at].decode(errors="replace")
                self.found.append(f"{name} ({how}) in {where}, after {beside!r}")

    def look_through(self, folder: Path) -> None:
        """Every file's name and content."""
        for path in sorted(folder.rglob("*")):
            self.look("data folder: a name", str(path.relative_to(folder)))
            if path.is_file():
                self.look(f"data folder: {path.relative_to(folder)}", path.read_bytes())
