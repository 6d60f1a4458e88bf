"""Audio's formats by name: relays go by the ending."""

from core.model import Media

ENDINGS = {
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/m4a": "m4a",
    "audio/x-m4a": "m4a",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/webm": "webm",
    "video/mp4": "mp4",
    "video/webm": "webm",
}


def audio_filename(media: Media) -> str:
    """A name whose ending tells the format."""
    if "." in media.name:
        return media.name
    return f"voice.{ENDINGS.get(media.mime.partition(';')[0].strip(), 'ogg')}"
