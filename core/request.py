"""What can be asked of a relay. An empty `model` means the route's or the relay's own.

Each field goes out under its own name unless a relay's profile says otherwise; what is
left at its default stays unsaid. Ranges are the profile's business (core/relay/dialect.py).
Source of names and units: https://platform.openai.com/docs/api-reference, November 2026.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct


class Picture(Struct, frozen=True, kw_only=True):
    """A picture sent with a question; goes out as a base64 data URL."""

    content: bytes
    mime: str


class ChatMessage(Struct, frozen=True, kw_only=True):
    """`name` tells speakers of one role apart: a-z, A-Z, 0-9 and `_`, at most 64."""

    role: Literal["system", "user", "assistant"]
    content: str
    pictures: tuple[Picture, ...] = ()
    name: str = ""


class ChatRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/chat/completions. `user` is an opaque keyed hash, never a platform id.

    `conversation` is not sent: by it a route keeps to the relay that answered last. With `lower`
    fewer `max_tokens` are asked for where a model has no room for as many.
    """

    messages: tuple[ChatMessage, ...]
    model: str = ""
    temperature: float | None = None
    top_p: float | None = None
    n: int = 1
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    lower: bool = False
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    user: str = ""
    conversation: str = ""


class CompletionRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/completions: text goes on from `prompt`. Relays take 16 `max_tokens` unless told."""

    prompt: str
    model: str = ""
    suffix: str = ""
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int = 1
    best_of: int | None = None
    logprobs: int | None = None
    echo: bool = False
    stop: tuple[str, ...] = ()
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    user: str = ""


class EditRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/edits: `input` changed as `instruction` says (retired by OpenAI, January 2024)."""

    instruction: str
    input: str = ""
    model: str = ""
    n: int = 1
    temperature: float | None = None
    top_p: float | None = None


class EmbeddingRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/embeddings: a vector for each of `inputs`, `dimensions` floats where it says so."""

    inputs: tuple[str, ...]
    model: str = ""
    dimensions: int | None = None
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


TextFormat: TypeAlias = Literal["json", "text", "srt", "verbose_json", "vtt"]
"""`srt` and `vtt` are subtitles as one text; `verbose_json` tells language, length and segments."""


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
    response_format: TextFormat = "json"
    temperature: float | None = None
    duration_s: float = 0.0


class TranslationRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/audio/translations: speech of any language to English text.

    `duration_s` as in TranscriptionRequest.
    """

    audio: bytes
    filename: str
    model: str = ""
    prompt: str = ""
    response_format: TextFormat = "json"
    temperature: float | None = None
    duration_s: float = 0.0


class FileUploadRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/files: JSON Lines in UTF-8 for a batch or a fine-tuning job."""

    content: bytes
    filename: str
    purpose: Literal["batch", "fine-tune"]


class FileContentRequest(Struct, frozen=True, kw_only=True):
    """GET /v1/files/{id}/content."""

    file_id: str


class BatchCreateRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/batches over an uploaded file, a request a line."""

    input_file_id: str
    endpoint: str = "/v1/chat/completions"
    completion_window: str = "24h"


class BatchStatusRequest(Struct, frozen=True, kw_only=True):
    """GET /v1/batches/{id}."""

    batch_id: str


class FineTuneCreateRequest(Struct, frozen=True, kw_only=True):
    """POST /v1/fine_tuning/jobs. `suffix` goes into the new model's name.

    `hyperparameters` as in {"n_epochs": 3}; a value may be "auto".
    """

    training_file: str
    model: str
    validation_file: str = ""
    hyperparameters: Mapping[str, int | float | str] = {}
    suffix: str = ""


class FineTuneStatusRequest(Struct, frozen=True, kw_only=True):
    """GET /v1/fine_tuning/jobs/{id}. Not documented by every relay that takes jobs."""

    job_id: str


class ModelsRequest(Struct, frozen=True, kw_only=True):
    """GET /v1/models."""


class UserStatRequest(Struct, frozen=True, kw_only=True):
    """GET /api/user/stat, with the system access token instead of the key (burn.hair)."""


class KeyQuotaRequest(Struct, frozen=True, kw_only=True):
    """What the key itself may still spend, at relays that run one-api or new-api.

    GET /api/usage/token/, else /v1/dashboard/billing/subscription and /usage; besides them
    /api/status, for the unit (core/relay/key_quota.py).
    """


Request: TypeAlias = (
    ChatRequest
    | CompletionRequest
    | EditRequest
    | EmbeddingRequest
    | ImageRequest
    | SpeechRequest
    | TranscriptionRequest
    | TranslationRequest
    | FileUploadRequest
    | FileContentRequest
    | BatchCreateRequest
    | BatchStatusRequest
    | FineTuneCreateRequest
    | FineTuneStatusRequest
    | ModelsRequest
    | UserStatRequest
    | KeyQuotaRequest
)
