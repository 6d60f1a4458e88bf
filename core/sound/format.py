"""What a recording is, told by its first bytes: names and types that platforms give are wrong."""

from typing import Literal, TypeAlias

Format: TypeAlias = Literal[
    "silk", "amr", "ogg", "mp3", "wav", "m4a", "aac", "flac", "webm", "speex", ""
]

MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\x02#!SILK_V3", "silk"),  # Tencent's, with a byte in front
    (b"#!SILK_V3", "silk"),
    (b"#!AMR", "amr"),  # RFC 4867, section 5; "#!AMR-WB" too
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"ID3", "mp3"),
    (b"\x1a\x45\xdf\xa3", "webm"),  # EBML
)


def sniff(content: bytes) -> Format:
    """The format, or "" for one that is not known here."""
    for magic, name in MAGIC:
        if content.startswith(magic):
            return name
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return "wav"
    if content[4:8] == b"ftyp":  # ISO/IEC 14496-12, 4.3
        return "m4a"
    if len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0:
        # MPEG's sync word; layer 00 is ADTS (ISO/IEC 13818-7, 6.2)
        return "mp3" if content[1] & 0x06 else "aac"
    return ""
