"""A line of the terminal, told apart. Pure."""

import mimetypes
import re
from dataclasses import dataclass
from pathlib import PurePath

from core.model import MediaKind

ATTACHED = re.compile(r'@(?:"([^"]+)"|(\S+))(?:\s+|$)')

KINDS: dict[str, MediaKind] = {"image": "image", "audio": "voice", "video": "video"}
"""By the first half of the type. Sound counts as voice: it is what one wants understood."""

FORMATS = {
    ".amr": "audio/amr",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".webp": "image/webp",
}
"""What Python knows on some machines only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`paths` are the files to send before `text`. Both may be empty."""

    text: str
    paths: tuple[str, ...] = ()


def parse_line(line: str) -> Line:
    """Leading `@path` or `@"a path"` words name files: `@cat.png What is this?`"""
    line = line.encode(errors="replace").decode()  # a terminal may send broken UTF-8
    paths: list[str] = []
    while attached := ATTACHED.match(line):
        paths.append(attached[1] or attached[2])
        line = line[attached.end() :]
    return Line(text=line.strip(), paths=tuple(paths))


def kind_of(name: str) -> tuple[MediaKind, str]:
    """(kind, MIME type) by a file name's ending."""
    ending = PurePath(name).suffix.lower()
    mime = FORMATS.get(ending) or mimetypes.types_map.get(ending, "application/octet-stream")
    return KINDS.get(mime.partition("/")[0], "file"), mime


def ending_of(mime: str) -> str:
    """The usual ending of a type's file names, with its dot; "" where none is known."""
    mime = mime.partition(";")[0].strip()
    known = (ending for ending, of in reversed(FORMATS.items()) if of == mime)
    return next(known, None) or mimetypes.guess_extension(mime) or ""
