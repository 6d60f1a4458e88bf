"""A PNG writer: 8-bit RGB, one zlib stream (PNG specification, third edition)."""

import struct
import zlib
from collections.abc import Iterable


def encode_png(width: int, height: int, rows: Iterable[bytes]) -> bytes:
    """The file's bytes. Each row is `width` RGB triples; there are `height` of them."""
    packer = zlib.compressobj(6)
    pixels = b"".join(packer.compress(b"\x00" + row) for row in rows) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", pixels),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
