"""What a relay answers: each kind of call, streams, errors, and what is done with them."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import msgspec

from core.errors import RelayError
from core.relay import decode, decode_jobs, decode_media
from core.relay.dialect import Paths
from core.relay.encode import Outbound
from core.relay.failure import Origin, read_complaint, refusal, retry_after
from core.relay.key_quota import KeyQuotas
from core.relay.stat import decode_user_stat
from core.relay.stream import StreamDecoder, Streamed
from core.relay.transcript import join, words_of
from core.request import (
    ChatMessage,
    ChatRequest,
    CompletionRequest,
    EditRequest,
    EmbeddingRequest,
    KeyQuotaRequest,
    TextFormat,
)
from core.response import Chunk, Usage
from core.sound.split import Piece
from prove.fuzz.loop import run
from prove.fuzz.target import Broken, Target, recorded

ORIGIN = Origin(relay="main", call="chat", path="/v1/chat/completions", secrets=("sk-canary123",))
ENVELOPED = Origin(relay="main", call="chat", path="/v1/chat/completions", envelope=True)
CHAT = ChatRequest(model="m", messages=(ChatMessage(role="user", content="a question"),))
COMPLETION = CompletionRequest(model="m", prompt="a beginning")
EDIT = EditRequest(model="m", input="teh", instruction="spell")
EMBEDDING = EmbeddingRequest(model="m", inputs=("one",))
NOW = datetime(2026, 11, 21, tzinfo=UTC)
LARGEST = 2**63 - 1


def _sound(answer: object) -> None:
    """Its numbers can be stored and reckoned with, whatever the relay told."""
    for value in _values(answer):
        if isinstance(value, Usage):
            _countable(value)
        if isinstance(value, float) and not math.isfinite(value):
            raise Broken(f"a number that is {value}")
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
            raise Broken("an integer that no row can hold")


def _countable(usage: Usage) -> None:
    if usage.prompt_tokens < 0 or usage.completion_tokens < 0:
        raise Broken("fewer tokens than none")


def _values(answer: object) -> Iterable[object]:
    yield answer
    match answer:
        case msgspec.Struct():
            for name in answer.__struct_fields__:
                yield from _values(getattr(answer, name))
        case tuple() | list():
            for one in answer:
                yield from _values(one)


def _answer(read: Callable[[bytes], object], data: bytes) -> None:
    _sound(read(data))


def _chat(data: bytes) -> None:
    for origin in (ORIGIN, ENVELOPED):
        _sound(decode.decode_chat(data, CHAT, origin))


def _transcription(form: TextFormat, data: bytes) -> None:
    heard = decode_media.decode_transcription(data, ORIGIN, form)
    _sound(heard)
    piece = Piece(content=b"", form="wav", start_s=0.0, duration_s=5.0)
    whole = join((piece, piece), (heard, heard), form)
    _sound(whole)
    words_of(whole, form)


def _images(data: bytes) -> None:
    pictures, _ = decode_media.decode_images(data, ORIGIN)
    for picture in pictures:
        if isinstance(picture, bytes):
            decode_media.read_image(picture, ORIGIN)


def _stream(request: Streamed, form: Any, data: bytes) -> None:
    """In three ways of being cut; each tells the same, or breaks off."""
    told = {_streamed(request, form, data, step) for step in (len(data) or 1, 7, 1)}
    if len(data) < STEPWISE_BYTES and len(told) > 1:
        raise Broken("it reads otherwise where it is cut otherwise")


STEPWISE_BYTES = 4096


def _streamed(request: Streamed, form: Any, data: bytes, step: int) -> tuple[str, str]:
    if len(data) >= STEPWISE_BYTES:
        step = max(step, 512)
    decoder = StreamDecoder(request, ORIGIN, form=form)
    chunks: list[Chunk] = []
    error = ""
    try:
        for at in range(0, len(data), step):
            chunks.extend(decoder.feed(data[at : at + step]))
        chunks.extend(decoder.finish())
    except RelayError as problem:
        error = type(problem).__name__
    for chunk in chunks:
        _sound(chunk)
    return "".join(chunk.text for chunk in chunks), error


def _error(data: bytes) -> None:
    for status in (200, 400, 404, 429, 500):
        for envelope in (False, True):
            str(refusal(ORIGIN, status, read_complaint(data, envelope=envelope)))


def _waiting(data: bytes) -> None:
    wait_s = retry_after(data.decode("latin-1"), NOW)
    if wait_s is not None and not 0 <= wait_s <= 86_400:
        raise Broken(f"a wait of {wait_s} s")


def _user_stat(data: bytes) -> None:
    _sound(decode_user_stat(data, ("sk-own",), b"key", ORIGIN))


class _Echo:
    """A relay that gives the same bytes to whatever is asked."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def ask(self, asked: object, key: int) -> tuple[None, bytes]:
        del asked, key
        return None, self._body

    def origin_of(self, asked: object, key: int) -> Origin:
        del asked, key
        return ORIGIN


def _key_quota(data: bytes) -> None:
    wire: Any = _Echo(data)
    asked = Outbound(call="key_quota", method="GET", request=KeyQuotaRequest())
    _sound(run(KeyQuotas(wire, time.monotonic).of(asked, 0, Paths())))


def _file_content(data: bytes) -> None:
    decode_jobs.decode_file_content(data, "application/octet-stream", ORIGIN)


def _speech(data: bytes) -> None:
    for kind in ("application/json", ""):
        with suppress(RelayError):
            decode_media.decode_speech(data, kind, ORIGIN)
    decode_media.decode_speech(data, "audio/mpeg", ORIGIN)


def _files(call: str) -> Sequence[bytes]:
    return recorded(f"relays/payloads/*/{call}*.json")


@cache
def _errors() -> Sequence[bytes]:
    return [
        b'{"error":{"message":"too many","type":"requests","code":"rate_limit_exceeded"}}',
        b'{"code":401,"msg":"access token"}',
        b'{"success":false,"message":"no"}',
        b'{"detail":"Not Found"}',
        b"<html><title>502 Bad Gateway</title></html>",
        b"upstream sk-canary123 bearer abc",
    ]


def _target(name: str, read: Callable[[bytes], object], *calls: str) -> Target:
    seeds = [seed for call in calls for seed in _files(call)]
    return Target(
        name=f"relay-{name}",
        run=read,
        seeds=lambda: [*seeds, *_errors()[:2]],
        raises=(RelayError,),
    )


def _streams() -> Sequence[bytes]:
    return recorded("relays/payloads/*/*.sse")


def _texts(form: str) -> Target:
    ending = {"text": "txt", "srt": "srt", "vtt": "vtt"}[form]
    return Target(
        name=f"relay-transcription-{form}",
        run=partial(_transcription, form),
        seeds=lambda: [*recorded(f"relays/payloads/*/*.{ending}"), *_files("transcription")],
        form="text",
        raises=(RelayError,),
    )


def _stream_target(name: str, request: Streamed, form: str) -> Target:
    return Target(
        name=f"relay-stream-{name}",
        run=partial(_stream, request, form),
        seeds=_streams,
        form="text",
        raises=(RelayError,),
    )


def _read(function: Callable[..., object], *more: Any) -> Callable[[bytes], object]:
    return lambda data: _answer(lambda body: function(body, *more, ORIGIN), data)


TARGETS = (
    _target("chat", _chat, "chat"),
    _target("completion", _read(decode.decode_completion, COMPLETION), "completion"),
    _target("edit", _read(decode.decode_edit, EDIT), "edit"),
    _target("embeddings", _read(decode.decode_embeddings, EMBEDDING), "embedding"),
    _target("models", _read(decode.decode_models), "models"),
    _target("images", _images, "images"),
    Target(
        name="relay-speech",
        run=_speech,
        seeds=lambda: recorded("relays/payloads/*/*.wav"),
        form="binary",
        raises=(RelayError,),
    ),
    _target("transcription", partial(_transcription, "verbose_json"), "transcription"),
    *map(_texts, ("text", "srt", "vtt")),
    _target("file", _read(decode_jobs.decode_file), "file"),
    _target("batch", _read(decode_jobs.decode_batch), "batch"),
    _target("fine-tune", _read(decode_jobs.decode_fine_tune), "fine_tuning"),
    Target(
        name="relay-file-content",
        run=_file_content,
        seeds=lambda: [*recorded("relays/payloads/*/*.jsonl"), *_errors()],
        raises=(RelayError,),
    ),
    _stream_target("chat", CHAT, "events"),
    _stream_target("reduced", CHAT, "reduced"),
    _stream_target("completion", COMPLETION, "reduced"),
    Target(name="relay-error", run=_error, seeds=_errors),
    Target(
        name="relay-retry-after",
        run=_waiting,
        seeds=lambda: [
            b"120",
            b"Fri, 31 Dec 1999 23:59:59 GMT",
            b"Sat, 01 Jan 2000 00:00:00 -0000",
        ],
        form="text",
    ),
    Target(
        name="relay-user-stat",
        run=_user_stat,
        seeds=lambda: recorded("relays/payloads/*/user_stat.json", "sandbox/wire/*.json"),
        raises=(RelayError,),
    ),
    Target(
        name="relay-key-quota",
        run=_key_quota,
        seeds=lambda: recorded("relays/payloads/oneapi/*.json"),
        raises=(RelayError,),
    ),
)
