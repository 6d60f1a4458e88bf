"""Pictures as their first bytes tell them: type and size, without decoding anything. Pure."""

import struct
from collections.abc import Callable, Iterator

from core.errors import PictureTooLarge, PictureUnknown

PIXELS = 50_000_000
"""More than a phone's camera makes by default; decoded, four bytes each. Some relays' models
take less and say so themselves."""

MIMES = {"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}


def picture_mime(content: bytes) -> str:
    """The type of a PNG, JPEG, GIF or WebP, which all models take; "" for anything else."""
    return MIMES.get(_form(content), "")


def check_picture(content: bytes) -> str:
    """Its type. Raises PictureUnknown and PictureTooLarge: before anything decodes it."""
    mime = picture_mime(content)
    if not mime:
        raise PictureUnknown("expected a PNG, JPEG, GIF or WebP, got something else")
    width, height = picture_size(content)
    if width * height > PIXELS:
        got, limit = width * height // 10**6, PIXELS // 10**6
        raise PictureTooLarge(
            f"expected a picture of at most {limit} megapixels, got {got}", got=got, limit=limit
        )
    return mime


def picture_size(content: bytes) -> tuple[int, int]:
    """(width, height) in pixels, the largest where several are told; (0, 0) where none is."""
    read = _READERS.get(_form(content))
    try:
        return read(content) if read else (0, 0)
    except (struct.error, IndexError):
        return 0, 0


def _form(content: bytes) -> str:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    return ""


def _png(content: bytes) -> tuple[int, int]:
    """IHDR comes first (W3C PNG, 5.6)."""
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _gif(content: bytes) -> tuple[int, int]:
    """The logical screen (GIF89a, 18), which browsers widen to each picture in it (20).

    The first picture alone is looked at: to the others the data in between would have to be read.
    """
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    at = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    while content[at] == 0x21:  # extensions, in blocks of a length each
        at += 2
        while content[at]:
            at += content[at] + 1
        at += 1
    if content[at] == 0x2C:
        left, top, own_width, own_height = struct.unpack_from("<HHHH", content, at + 1)
        width, height = max(width, left + own_width), max(height, top + own_height)
    return width, height


def _webp(content: bytes) -> tuple[int, int]:
    """RFC 9649, 2.7, 3.4 (lossless); RFC 6386, 9.1 (VP8)."""
    match content[12:16]:
        case b"VP8X":
            wide, high = content[24:27], content[27:30]
            return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", content, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", content, 26)
            return width & 0x3FFF, height & 0x3FFF
        case _:
            return 0, 0


def _jpeg(content: bytes) -> tuple[int, int]:
    """The largest frame of all: decoders differ in which of several they take (T.81, B.2.2)."""
    frames = [struct.unpack_from(">HH", content, at + 5) for at in _frames(content)]
    height, width = max(frames, key=lambda frame: frame[0] * frame[1], default=(0, 0))
    return width, height


def _frames(content: bytes) -> Iterator[int]:
    """Where SOF markers stand before the first scan (T.81, B.1.1)."""
    at = 2
    while at + 9 < len(content):
        if content[at] != 0xFF:
            at = content.find(b"\xff", at)  # what decoders skip, too
            if at < 0:
                return
        marker = content[at + 1]
        if marker == 0xDA:
            return
        if marker in _SOF:
            yield at
        if marker == 0xFF or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")


_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x00, 0x01, *range(0xD0, 0xDA)}) - {0xDA}
_READERS: dict[str, Callable[[bytes], tuple[int, int]]] = {
    "png": _png,
    "jpeg": _jpeg,
    "gif": _gif,
    "webp": _webp,
}
