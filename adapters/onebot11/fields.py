"""A segment's fields, as far as they can be read: every implementation has its own. Pure."""

from collections.abc import Mapping, Sequence
from mimetypes import guess_type
from typing import Any, TypeAlias

from core.model import MediaKind

Data: TypeAlias = Mapping[str, Any]

NAME_CHARS = 120
ID_CHARS = 500
SPEECH_ENDINGS = (".amr", ".silk", ".slk")


def id_of(value: object) -> str:
    """ "" also for what is longer than any id."""
    written = str(value) if isinstance(value, int | str) else ""
    return written if len(written) <= ID_CHARS else ""


def text_of(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def list_of(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def size_of(data: Data) -> int:
    size = str(data.get("file_size") or data.get("size") or "")
    return int(size) if size.isdecimal() and len(size) < 16 else 0


def name_of(data: Data, *fields: str) -> str:
    """The first field that looks like a file's name."""
    names = (text_of(data.get(name)) for name in fields)
    return next((n for n in names if n and "/" not in n and len(n) <= NAME_CHARS), "")


def mime_of(name: str) -> str:
    return guess_type(name)[0] or ""


def kind_of(name: str) -> tuple[MediaKind, str]:
    if name.lower().endswith(SPEECH_ENDINGS):
        return "voice", ""
    mime = mime_of(name)
    match mime.partition("/")[0]:
        case "image":
            return "image", mime
        case "audio":
            return "audio", mime
        case _:
            return "file", mime or "application/octet-stream"
