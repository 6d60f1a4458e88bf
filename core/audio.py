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

TAKEN = frozenset({*ENDINGS.values(), "amr", "mp4", "mpeg", "mpga", "oga", "opus", "silk"})


def audio_filename(media: Media) -> str:
    """A name of our own, whose ending tells the format: the sender's goes nowhere."""
    told = media.name.rpartition(".")[2].lower()
    if told not in TAKEN:
        told = ENDINGS.get(media.mime.partition(";")[0].strip(), "ogg")
    return f"voice.{told}"
