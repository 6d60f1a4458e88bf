"""The JSON bodies of requests, field by field as OpenAI names them. Pure."""

from base64 import b64encode
from collections.abc import Mapping, Sequence

from msgspec import Struct

from core.picture import picture_mime
from core.request import (
    BatchCreateRequest,
    ChatMessage,
    ChatRequest,
    CompletionRequest,
    EditRequest,
    EmbeddingRequest,
    FineTuneCreateRequest,
    ImageRequest,
    Picture,
    SpeechRequest,
)


class _ImageUrl(Struct):
    url: str


class _ImagePart(Struct, tag="image_url", tag_field="type"):
    image_url: _ImageUrl


class _TextPart(Struct, tag="text", tag_field="type"):
    text: str


class _Message(Struct, omit_defaults=True):
    role: str
    content: str | list[_TextPart | _ImagePart]
    name: str = ""


class StreamOptions(Struct):
    include_usage: bool = True


class Body(Struct, omit_defaults=True):
    """What is left at its default stays unsaid."""

    model: str = ""


class _ChatBody(Body, kw_only=True):
    messages: list[_Message]
    temperature: float | None = None
    top_p: float | None = None
    n: int = 1
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    user: str = ""
    stream: bool = False
    stream_options: StreamOptions | None = None


class _CompletionBody(Body, kw_only=True):
    prompt: str
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
    stream: bool = False
    stream_options: StreamOptions | None = None


class _EditBody(Body, kw_only=True):
    instruction: str
    input: str = ""
    n: int = 1
    temperature: float | None = None
    top_p: float | None = None


class _EmbeddingBody(Body, kw_only=True):
    input: str | tuple[str, ...]
    dimensions: int | None = None
    user: str = ""


class _ImageBody(Body, kw_only=True):
    prompt: str
    n: int = 1
    size: str = ""
    response_format: str = ""
    user: str = ""


class _SpeechBody(Body, kw_only=True):
    input: str
    voice: str
    response_format: str = "mp3"
    speed: float | None = None


class _BatchBody(Struct):
    input_file_id: str
    endpoint: str
    completion_window: str


class _FineTuneBody(Body, kw_only=True):
    training_file: str
    validation_file: str = ""
    hyperparameters: Mapping[str, int | float | str] = {}
    suffix: str = ""


def chat_body(request: ChatRequest, options: StreamOptions | None, *, stream: bool) -> Body:
    return _ChatBody(
        model=request.model,
        messages=[_message(message) for message in request.messages],
        temperature=request.temperature,
        top_p=request.top_p,
        n=request.n,
        stop=request.stop,
        max_tokens=request.max_tokens,
        presence_penalty=request.presence_penalty,
        frequency_penalty=request.frequency_penalty,
        user=request.user,
        stream=stream,
        stream_options=options,
    )


def completion_body(
    request: CompletionRequest, options: StreamOptions | None, *, stream: bool
) -> Body:
    return _CompletionBody(
        model=request.model,
        prompt=request.prompt,
        suffix=request.suffix,
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        n=request.n,
        best_of=request.best_of,
        logprobs=request.logprobs,
        echo=request.echo,
        stop=request.stop,
        presence_penalty=request.presence_penalty,
        frequency_penalty=request.frequency_penalty,
        user=request.user,
        stream=stream,
        stream_options=options,
    )


def edit_body(request: EditRequest) -> Body:
    return _EditBody(
        model=request.model,
        instruction=request.instruction,
        input=request.input,
        n=request.n,
        temperature=request.temperature,
        top_p=request.top_p,
    )


def embedding_body(request: EmbeddingRequest) -> Body:
    """One input goes as a string, as every relay's page shows it."""
    return _EmbeddingBody(
        model=request.model,
        input=request.inputs[0] if len(request.inputs) == 1 else request.inputs,
        dimensions=request.dimensions,
        user=request.user,
    )


def image_body(request: ImageRequest) -> Body:
    return _ImageBody(
        model=request.model,
        prompt=request.prompt,
        n=request.n,
        size=request.size,
        response_format=request.response_format,
        user=request.user,
    )


def speech_body(request: SpeechRequest, voice: str) -> Body:
    """`voice` is spoken with where the request names none."""
    return _SpeechBody(
        model=request.model,
        input=request.text,
        voice=request.voice or voice,
        response_format=request.response_format,
        speed=request.speed,
    )


def batch_body(request: BatchCreateRequest) -> Struct:
    return _BatchBody(request.input_file_id, request.endpoint, request.completion_window)


def fine_tune_body(request: FineTuneCreateRequest) -> Body:
    return _FineTuneBody(
        model=request.model,
        training_file=request.training_file,
        validation_file=request.validation_file,
        hyperparameters=request.hyperparameters,
        suffix=request.suffix,
    )


def _message(message: ChatMessage) -> _Message:
    if message.pictures:
        return _Message(message.role, _parts(message.content, message.pictures), message.name)
    return _Message(message.role, message.content, message.name)


def _parts(text: str, pictures: Sequence[Picture]) -> list[_TextPart | _ImagePart]:
    said = [_TextPart(text)] if text else []
    return [*said, *(_ImagePart(_ImageUrl(_data_url(picture))) for picture in pictures)]


def _data_url(picture: Picture) -> str:
    """Platforms name a picture's type wrongly, or not at all: its bytes are asked first."""
    mime = picture_mime(picture.content) or picture.mime or "image/jpeg"
    return f"data:{mime};base64,{b64encode(picture.content).decode()}"
