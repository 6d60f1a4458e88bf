"""Whole answers from bytes. Pure; all raise RelayError."""

from base64 import b64decode
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from core.errors import RelayError
from core.relay.failure import UNREADABLE, Origin, complaint_of, read_complaint, refusal
from core.relay.magic import audio_mime, image_mime
from core.request import ChatRequest
from core.response import Chat, Image, Model, Models, Speech, Transcription, Usage
from core.tokens import estimated_usage

Wire = TypeVar("Wire", bound="Answer")


class Answer(Struct):
    """What any JSON answer may hold in place of what was asked for."""

    error: Any = None
    success: bool = True


class TokenCount(Struct):
    """The `usage` object. `completion_tokens` may be missing or null."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    def usage(self) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens or 0, completion_tokens=self.completion_tokens or 0
        )


class _Said(Struct):
    content: str | None = None
    reasoning_content: str | None = None


class _Choice(Struct):
    message: _Said = msgspec.field(default_factory=_Said)
    finish_reason: str | None = None
    usage: TokenCount | None = None


class _ChatAnswer(Answer):
    choices: list[_Choice] = []
    model: str | None = None
    usage: TokenCount | None = None


class _Drawn(Struct):
    url: str | None = None
    b64_json: str | None = None
    revised_prompt: str | None = None


class _ImagesAnswer(Answer):
    data: list[_Drawn] = []


class _Heard(Answer):
    text: str | None = None
    language: str | None = None
    duration: float | None = None


class _Listed(Struct):
    id: str
    owned_by: str | None = None


class _ModelsAnswer(Answer):
    data: list[_Listed] | None = None


_CHAT = msgspec.json.Decoder(_ChatAnswer, strict=False)
_IMAGES = msgspec.json.Decoder(_ImagesAnswer, strict=False)
_HEARD = msgspec.json.Decoder(_Heard, strict=False)
_MODELS = msgspec.json.Decoder(_ModelsAnswer, strict=False)


def read_answer(body: bytes, decoder: msgspec.json.Decoder[Wire], origin: Origin) -> Wire:
    """The typed answer, unless it is an error in disguise or not JSON of this shape."""
    try:
        answer = decoder.decode(body)
    except UNREADABLE as error:
        raise _unreadable(body, origin) from error
    if answer.error or not answer.success:
        raise refusal(origin, 200, read_complaint(body))
    return answer


def _unreadable(body: bytes, origin: Origin) -> RelayError:
    """A complaint where the body is one, garbage otherwise."""
    try:
        complaint = complaint_of(msgspec.json.decode(body))
    except UNREADABLE:
        return origin.garbage("no JSON", origin.excerpt(body))
    if complaint:
        return refusal(origin, 200, complaint)
    return origin.garbage("JSON of an unknown form", origin.excerpt(body))


def decode_chat(body: bytes, request: ChatRequest, origin: Origin) -> Chat:
    """The first choice. Its usage is estimated where none is told."""
    answer = read_answer(body, _CHAT, origin)
    if not answer.choices:
        raise _unreadable(body, origin)
    choice = answer.choices[0]
    text = choice.message.content or ""
    count = answer.usage or choice.usage
    return Chat(
        text=text,
        model=answer.model or "",
        finish_reason=choice.finish_reason or "",
        reasoning=choice.message.reasoning_content or "",
        usage=count.usage() if count else estimated_usage(request, text),
    )


def decode_images(body: bytes, origin: Origin) -> tuple[list[bytes | str], str]:
    """Each picture as its bytes or as the link to it, and the prompt as the relay revised it."""
    answer = read_answer(body, _IMAGES, origin)
    pictures = [_picture(drawn, origin) for drawn in answer.data]
    if not pictures:
        raise origin.garbage("an answer without pictures")
    return pictures, answer.data[0].revised_prompt or ""


def _picture(drawn: _Drawn, origin: Origin) -> bytes | str:
    inline = drawn.b64_json or ""
    if not inline and drawn.url:
        if not drawn.url.startswith("data:"):
            return drawn.url
        inline = drawn.url
    try:
        return b64decode(inline.rpartition(",")[2], validate=True)
    except ValueError as error:
        raise origin.garbage("a picture in broken base64") from error


def read_image(content: bytes, origin: Origin) -> Image:
    """The picture, its type told by its first bytes."""
    mime = image_mime(content)
    if not mime:
        got = origin.excerpt(content)
        raise origin.garbage("a file that is no PNG, JPEG, GIF or WebP", got)
    return Image(content=content, mime=mime)


def decode_speech(body: bytes, content_type: str, origin: Origin) -> Speech:
    """Audio by its first bytes, else by what the relay calls it (raw PCM has no mark)."""
    told = content_type.partition(";")[0].strip().lower()
    if told == "application/json" or not body:
        raise _unreadable(body, origin)
    mime = audio_mime(body) or (told if told.startswith("audio/") else "")
    if not mime:
        raise origin.garbage("no audio", origin.excerpt(body))
    return Speech(content=body, mime=mime)


def decode_transcription(body: bytes, origin: Origin) -> Transcription:
    answer = read_answer(body, _HEARD, origin)
    if answer.text is None:
        raise _unreadable(body, origin)
    return Transcription(
        text=answer.text, language=answer.language or "", duration_s=answer.duration or 0.0
    )


def decode_models(body: bytes, origin: Origin) -> Models:
    answer = read_answer(body, _MODELS, origin)
    if answer.data is None:
        raise _unreadable(body, origin)
    return Models(
        models=tuple(Model(id=row.id, owned_by=row.owned_by or "") for row in answer.data)
    )
