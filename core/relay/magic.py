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


def audio_mime(content: bytes) -> str:
    """The type of an MP3, Ogg, WAV, FLAC or AAC (ADTS); "" for anything else, raw PCM too."""
    return AUDIO.get(sniff(content), "")
