"""What can be asked of a relay. An empty `model` means the route's or the relay's own."""

from typing import Literal, TypeAlias

from msgspec import Struct


class Picture(Struct, frozen=True, kw_only=True):
    """A picture sent with a question; goes out as a base64 data URL."""

    content: bytes
    mime: str


class ChatMessage(Struct, frozen=True, kw_only=True):
    role: Literal["system", "user", "assistant"]
    content: str
    pictures: tuple[Picture, ...] = ()


class ChatRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/chat/completions. `user` is an opaque keyed hash, never a platform id."""

    messages: tuple[ChatMessage, ...]
    model: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    user: str = ""


class ImageRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/images/generations."""

    prompt: str
    model: str = ""
    n: int = 1
    size: str = ""
    response_format: Literal["", "url", "b64_json"] = ""
    user: str = ""


class SpeechRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/audio/speech. At most 4,096 characters (OpenAI's API reference)."""

    text: str
    model: str = ""
    voice: str = ""
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float | None = None


class TranscriptionRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/audio/transcriptions. `language` is ISO-639-1 or "".

    `filename` carries the format by its ending: the relay goes by it. `duration_s`
    is what the platform tells, if it does; it is not sent.
    """

    audio: bytes
    filename: str
    model: str = ""
    language: str = ""
    prompt: str = ""
    duration_s: float = 0.0


class TranslationRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/audio/translations: speech of any language to English text.

    `duration_s` as in TranscriptionRequest.
    """

    audio: bytes
    filename: str
    model: str = ""
    prompt: str = ""
    duration_s: float = 0.0


class ModelsRequest(Struct, frozen=True, kw_only=True):
    """GET /v1/models."""


class UserStatRequest(Struct, frozen=True, kw_only=True):
    """GET /api/user/stat, with the system access token instead of the key (burn.hair)."""


Request: TypeAlias = (
    ChatRequest
    | ImageRequest
    | SpeechRequest
    | TranscriptionRequest
    | TranslationRequest
    | ModelsRequest
    | UserStatRequest
)
