"""Pictures and speech from bytes. Pure; all raise RelayError."""

from base64 import b64decode
from typing import Any

import msgspec
from msgspec import Struct

from core.errors import PictureTooLarge, PictureUnknown
from core.picture import check_picture
from core.relay.decode import Answer, read_answer, unreadable
from core.relay.failure import UNREADABLE, Origin, complaint_of, refusal
from core.relay.magic import audio_mime
from core.request import TextFormat
from core.response import Image, Segment, Speech, Transcription

LONGEST_S = 10_000_000.0


class _Drawn(Struct):
    url: str | None = None
    b64_json: str | None = None
    revised_prompt: str | None = None


class _ImagesAnswer(Answer):
    data: tuple[_Drawn, ...] = ()


class _Segment(Struct):
    start: float
    end: float
    text: str


class _Heard(Answer):
    text: str | None = None
    language: str | None = None
    duration: float | None = None
    segments: list[_Segment] | None = None
    usage: Any = None


_IMAGES = msgspec.json.Decoder(_ImagesAnswer, strict=False)
_HEARD = msgspec.json.Decoder(_Heard, strict=False)


def decode_images(body: bytes, origin: Origin, most: int = 2**16) -> tuple[list[bytes | str], str]:
    """Each picture as its bytes or as the link to it, and the prompt as the relay revised it.

    More than `most` pictures are none: each is fetched and kept.
    """
    answer = read_answer(body, _IMAGES, origin)
    if len(answer.data) > most:
        raise origin.garbage(f"{len(answer.data)} pictures, where {most} would be many,")
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


def read_image(content: bytes, origin: Origin, url: str = "") -> Image:
    """The picture, its type and size told by its bytes; `url` is where it came from."""
    try:
        mime = check_picture(content)
    except PictureUnknown as error:
        got = origin.excerpt(content)
        raise origin.garbage("a file that is no PNG, JPEG, GIF or WebP", got) from error
    except PictureTooLarge as error:
        raise origin.garbage(f"a picture of {error.params['got']} megapixels") from error
    return Image(content=content, mime=mime, url=url)


def decode_speech(body: bytes, content_type: str, origin: Origin) -> Speech:
    """Audio by its first bytes, else by what the relay calls it (raw PCM has no mark)."""
    told = content_type.partition(";")[0].strip().lower()
    if told == "application/json" or not body:
        raise unreadable(body, origin)
    mime = audio_mime(body) or (told if told.startswith("audio/") else "")
    if not mime:
        raise origin.garbage("no audio", origin.excerpt(body))
    return Speech(content=body, mime=mime)


def decode_transcription(body: bytes, origin: Origin, form: TextFormat = "json") -> Transcription:
    """What was heard. Text and subtitles are plain, but for errors, and for relays that send
    JSON whatever they were asked for."""
    if form in ("json", "verbose_json"):
        return _heard(body, origin)
    if body.lstrip().startswith(b"{"):
        try:
            told = msgspec.json.decode(body)
        except UNREADABLE:
            return _plain(body, origin)
        complaint = complaint_of(told, envelope=origin.envelope)
        if complaint is not None:
            raise refusal(origin, 200, complaint)
        return _heard(body, origin)
    return _plain(body, origin)


def _heard(body: bytes, origin: Origin) -> Transcription:
    answer = read_answer(body, _HEARD, origin)
    if answer.text is None:
        raise unreadable(body, origin)
    segments = answer.segments or ()
    return Transcription(
        text=answer.text,
        language=answer.language or "",
        duration_s=_seconds(answer.duration or _billed_s(answer.usage)),
        segments=tuple(
            Segment(start_s=_seconds(s.start), end_s=_seconds(s.end), text=s.text) for s in segments
        ),
    )


def _billed_s(usage: object) -> float:
    """OpenAI tells the whole seconds that it bills, where it tells no length: usage of type
    "duration" (platform.openai.com/docs/api-reference/audio/json-object, November 2026)."""
    told = usage.get("seconds") if isinstance(usage, dict) else None
    return told if isinstance(told, int | float) else 0.0


def _seconds(told: float) -> float:
    """0.0 for what is no time of a recording's, such as "nan", which reads as a number."""
    return told if 0 <= told <= LONGEST_S else 0.0


def _plain(body: bytes, origin: Origin) -> Transcription:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise origin.garbage("text that is no UTF-8", origin.excerpt(body)) from error
    if text.lstrip()[:14].lower().startswith(("<!doctype html", "<html")):
        raise origin.garbage("a page in place of text", origin.excerpt(body))
    return Transcription(text=text)
