"""What a file is, told by its first bytes. Pure; never trusts a name or a stated type."""

import re

from core.model import MediaKind

HEAD_BYTES = 4096

_FORMATS: tuple[tuple[re.Pattern[bytes], MediaKind, str], ...] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image", "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image", "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image", "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image", "image/webp"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "image", "image/avif"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "audio", "audio/wav"),
    (re.compile(rb"OggS"), "audio", "audio/ogg"),
    (re.compile(rb"fLaC"), "audio", "audio/flac"),
    (re.compile(rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"), "audio", "audio/mpeg"),
    (re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), "audio", "audio/aac"),
    (re.compile(rb"#!AMR"), "audio", "audio/amr"),
    (re.compile(rb"....ftypM4[AB]", re.DOTALL), "audio", "audio/mp4"),
    (re.compile(rb"....ftyp(?!heic|heix|mif1|msf1)", re.DOTALL), "video", "video/mp4"),
    (re.compile(rb"\x1a\x45\xdf\xa3.*V_(?:VP|AV|MPEG)", re.DOTALL), "video", "video/webm"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "audio", "audio/webm"),
    (re.compile(rb"%PDF-"), "file", "application/pdf"),
)

SHOWN_INLINE = frozenset({"image", "audio", "video"})


def kind_of(content: bytes) -> tuple[MediaKind, str]:
    """(kind, MIME type); whatever is not known is a file of octets."""
    head = content[:HEAD_BYTES]
    for pattern, kind, mime in _FORMATS:
        if pattern.match(head):
            return kind, mime
    return "file", "application/octet-stream"


def recording_of(content: bytes) -> tuple[MediaKind, str]:
    """As kind_of, for what a microphone recorded: audio in a film's container is a voice."""
    kind, mime = kind_of(content)
    if kind in {"audio", "video"}:
        return "voice", mime.replace("video/", "audio/")
    return kind, mime
