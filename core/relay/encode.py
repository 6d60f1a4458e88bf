"""Requests as bytes for the wire. Pure."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Struct, structs

from core.relay.dialect import Call, Dialect, Kind
from core.relay.magic import image_mime
from core.relay.multipart import encode_multipart, safe_filename
from core.request import (
    ChatMessage,
    ChatRequest,
    ImageRequest,
    ModelsRequest,
    Picture,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
    UserStatRequest,
)

RoutedRequest: TypeAlias = (
    ChatRequest | ImageRequest | SpeechRequest | TranscriptionRequest | TranslationRequest
)
"""The requests that name a model, and so go by a route."""

Routed = TypeVar("Routed", bound=RoutedRequest)


@dataclass(frozen=True, slots=True)
class Outbound:
    """One HTTP request, but for address and key."""

    call: Call
    method: Literal["GET", "POST"]
    content_type: str = ""
    body: bytes = b""


class _ImageUrl(Struct):
    url: str


class _ImagePart(Struct, tag="image_url", tag_field="type"):
    image_url: _ImageUrl


class _TextPart(Struct, tag="text", tag_field="type"):
    text: str


class _Message(Struct):
    role: str
    content: str | list[_TextPart | _ImagePart]


class _StreamOptions(Struct):
    include_usage: bool = True


class _ChatBody(Struct, omit_defaults=True):
    model: str
    messages: list[_Message]
    temperature: float | None = None
    max_tokens: int | None = None
    user: str = ""
    stream: bool = False
    stream_options: _StreamOptions | None = None


class _ImageBody(Struct, omit_defaults=True):
    model: str
    prompt: str
    n: int
    size: str = ""
    response_format: str = ""
    user: str = ""


class _SpeechBody(Struct, omit_defaults=True):
    model: str
    input: str
    voice: str
    response_format: str = "mp3"
    speed: float | None = None


_KINDS: dict[type[RoutedRequest], Kind] = {
    ChatRequest: "chat",
    ImageRequest: "image",
    SpeechRequest: "speech",
    TranscriptionRequest: "transcription",
    TranslationRequest: "translation",
}


def kind_of(request: RoutedRequest) -> Kind:
    return _KINDS[type(request)]


def with_model(request: Routed, model: str) -> Routed:
    """The request with `model`, if it names none itself."""
    return request if request.model else structs.replace(request, model=model)


def encode(
    request: Request, dialect: Dialect, *, stream: bool = False, boundary: str = ""
) -> Outbound:
    """`boundary` parts the fields of an upload; `stream` is for chat alone."""
    match request:
        case ChatRequest():
            return _json("chat", encode_chat(request, dialect, stream=stream))
        case ImageRequest():
            return _json("image", encode_image(request, dialect))
        case SpeechRequest():
            return _json("speech", encode_speech(request, dialect))
        case TranscriptionRequest() | TranslationRequest():
            return _upload(request, dialect, boundary)
        case ModelsRequest():
            return Outbound("models", "GET")
        case UserStatRequest():
            return Outbound("user_stat", "GET")


def _json(call: Call, body: bytes) -> Outbound:
    return Outbound(call, "POST", "application/json", body)


def encode_chat(request: ChatRequest, dialect: Dialect, *, stream: bool = False) -> bytes:
    messages = request.messages
    if dialect.persona == "fold":
        messages = fold_persona(messages)
    body = _ChatBody(
        model=request.model or dialect.models.chat,
        messages=[_Message(message.role, _content(message)) for message in messages],
        temperature=request.temperature,
        max_tokens=request.max_tokens,
        user=request.user,
        stream=stream,
        stream_options=_StreamOptions() if stream and dialect.stream_usage else None,
    )
    return msgspec.json.encode(body)


def fold_persona(messages: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
    """A leading system message put before the first user message, as the two stand.

    Nothing is added between them: the caller counted the characters of both.
    """
    match messages:
        case (
            ChatMessage(role="system", content=persona),
            ChatMessage(role="user", content=text) as first,
            *rest,
        ):
            return (structs.replace(first, content=persona + text), *rest)
        case _:
            return messages


def _content(message: ChatMessage) -> str | list[_TextPart | _ImagePart]:
    if not message.pictures:
        return message.content
    text = [_TextPart(message.content)] if message.content else []
    return [*text, *(_ImagePart(_ImageUrl(_data_url(picture))) for picture in message.pictures)]


def _data_url(picture: Picture) -> str:
    """Platforms name a picture's type wrongly, or not at all: its bytes are asked first."""
    mime = image_mime(picture.content) or picture.mime or "image/jpeg"
    return f"data:{mime};base64,{b64encode(picture.content).decode()}"


def encode_image(request: ImageRequest, dialect: Dialect) -> bytes:
    body = _ImageBody(
        model=request.model or dialect.models.image,
        prompt=request.prompt,
        n=request.n,
        size=request.size,
        response_format=request.response_format,
        user=request.user,
    )
    return msgspec.json.encode(body)


def encode_speech(request: SpeechRequest, dialect: Dialect) -> bytes:
    model = request.model or dialect.models.speech
    body = _SpeechBody(
        model=model,
        input=request.text,
        voice=request.voice or dialect.overlay(model).voice or dialect.voice,
        response_format=request.response_format,
        speed=request.speed,
    )
    return msgspec.json.encode(body)


def _upload(
    request: TranscriptionRequest | TranslationRequest, dialect: Dialect, boundary: str
) -> Outbound:
    kind = kind_of(request)
    fields = {
        "model": request.model or dialect.default_model(kind),
        "language": request.language if isinstance(request, TranscriptionRequest) else "",
        "prompt": request.prompt,
        "response_format": "json",
    }
    given = {name: value for name, value in fields.items() if value}
    name = safe_filename(request.filename)
    body = encode_multipart(given, name, request.audio, boundary)
    return Outbound(kind, "POST", f"multipart/form-data; boundary={boundary}", body)
