"""What a relay's profile says a request may hold, checked before anything is sent. Pure."""

from core.errors import RelayTooLarge
from core.model import Limit
from core.relay.dialect import Limits
from core.request import (
    ChatRequest,
    ImageRequest,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)


def check_limits(request: Request, limits: Limits, relay: str) -> None:
    """Raises RelayTooLarge with limit, value and remedy; params `got` and `limit`."""
    match request:
        case ChatRequest():
            _check(relay, "bytes of pictures", upload_bytes(request), limits.pictures_bytes)
        case ImageRequest(prompt=prompt, n=n):
            _check(
                relay, "characters of a picture's prompt", len(prompt), limits.image_prompt_chars
            )
            _check(relay, "pictures at once", n, limits.images)
        case SpeechRequest(text=text):
            _check(relay, "characters to speak", len(text), limits.speech_chars)
        case TranscriptionRequest(audio=audio) | TranslationRequest(audio=audio):
            _check(relay, "bytes of audio", len(audio), limits.audio_bytes)
        case _:
            return


def upload_bytes(request: Request) -> int:
    """How much of a request are files."""
    match request:
        case ChatRequest(messages=messages):
            return sum(len(picture.content) for m in messages for picture in m.pictures)
        case TranscriptionRequest(audio=audio) | TranslationRequest(audio=audio):
            return len(audio)
        case _:
            return 0


def _check(relay: str, what: str, got: int, limit: Limit) -> None:
    if limit != "unlimited" and got > limit:
        raise RelayTooLarge(
            f'relay "{relay}": expected at most {limit} {what}, got {got}. Send less.',
            got=got,
            limit=limit,
        )
