"""What a file is, told by its first bytes rather than by what its sender says. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from core.sound import sniff

AUDIO: Mapping[str, str] = MappingProxyType(
    {
        "ogg": "audio/ogg",
        "wav": "audio/wav",
        "flac": "audio/flac",
        "mp3": "audio/mpeg",
        "aac": "audio/aac",
    }
)


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
    return AUDIO.get(sniff(content), "")
