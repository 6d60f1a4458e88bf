"""What a picture's first bytes tell, as each format's own specification has it: type, size."""

import struct
from collections.abc import Iterator

from msgspec import Struct

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers (ITU T.81, table B.1)."""


class Seen(Struct, frozen=True, kw_only=True):
    """A picture: `kind` is its type's usual name, or "link" for one that was not fetched."""

    kind: str
    width: int = 0
    height: int = 0


def look(content: bytes) -> Seen | None:
    """None if the content is no picture of a known type, or is cut short."""
    try:
        return _look(content)
    except struct.error:
        return None


def _look(content: bytes) -> Seen | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _seen("PNG", struct.unpack_from(">II", content, 16))
    if content.startswith((b"GIF87a", b"GIF89a")):
        return _seen("GIF", struct.unpack_from("<HH", content, 6))
    if content.startswith(b"\xff\xd8"):
        return _jpeg(content)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _webp(content)
    if content.startswith(b"BM"):
        width, height = struct.unpack_from("<ii", content, 18)
        return _seen("BMP", (width, abs(height)))
    return None


def _seen(kind: str, size: tuple[int, ...]) -> Seen:
    return Seen(kind=kind, width=size[0], height=size[1])


def _jpeg(content: bytes) -> Seen | None:
    for marker, at in _jpeg_segments(content):
        if marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", content, at + 3)
            return _seen("JPEG", (width, height))
    return None


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int]]:
    """(marker, where its length stands) of each segment before the picture data."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        yield marker, at + 2
        at += 2 + struct.unpack_from(">H", content, at + 2)[0]


def _webp(content: bytes) -> Seen | None:
    match content[12:16]:
        case b"VP8X":
            width = int.from_bytes(content[24:27], "little") + 1
            height = int.from_bytes(content[27:30], "little") + 1
            return _seen("WebP", (width, height))
        case b"VP8L":
            bits = struct.unpack_from("<I", content, 21)[0]
            return _seen("WebP", ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", content, 26)
            return _seen("WebP", (width & 0x3FFF, height & 0x3FFF))
        case _:
            return None
