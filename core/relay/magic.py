"""What a file is, told by its first bytes rather than by what its sender says. Pure."""


def image_mime(content: bytes) -> str:
    """The type of a PNG, JPEG, GIF or WebP; "" for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return ""


def audio_mime(content: bytes) -> str:
    """The type of an MP3, Ogg, WAV, FLAC or AAC (ADTS); "" for anything else, raw PCM too."""
    if content.startswith(b"OggS"):
        return "audio/ogg"
    if content.startswith(b"RIFF") and content[8:12] == b"WAVE":
        return "audio/wav"
    if content.startswith(b"fLaC"):
        return "audio/flac"
    if content.startswith(b"ID3"):
        return "audio/mpeg"
    if len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0:
        # MPEG's sync word; layer 00 is ADTS (ISO/IEC 13818-7, 6.2).
        return "audio/mpeg" if content[1] & 0x06 else "audio/aac"
    return ""
