"""What a relay's profile says a request may hold, checked before anything is sent. Pure."""

from math import ceil

import msgspec
from msgspec import structs

from core.errors import RelayInvalid, RelayTooLarge
from core.model import Limit
from core.relay.dialect import Limits
from core.request import (
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
    FileUploadRequest,
    FineTuneCreateRequest,
    ImageRequest,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from core.tokens import estimate_tokens

LEAST_ANSWER_TOKENS = 256
"""A shorter answer is not worth a call."""

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def check_limits(request: Request, limits: Limits, relay: str) -> None:
    """Raises RelayTooLarge with limit, value and remedy; params `got` and `limit`.

    RelayInvalid for a file that is no JSON Lines, or for nothing to draw, speak or embed.
    """
    match request:
        case ChatRequest():
            _check(relay, "bytes of pictures", upload_bytes(request), limits.pictures_bytes)
        case EmbeddingRequest(inputs=inputs):
            _check_inputs(inputs, limits, relay)
        case ImageRequest(prompt=prompt, n=n):
            _check_text(relay, "a picture's prompt", prompt)
            _check(
                relay, "characters of a picture's prompt", len(prompt), limits.image_prompt_chars
            )
            _check(relay, "pictures at once", n, limits.images)
        case SpeechRequest(text=text):
            _check_text(relay, "a text to speak", text)
            _check(relay, "characters to speak", len(text), limits.speech_chars)
        case TranscriptionRequest(audio=audio) | TranslationRequest(audio=audio):
            _check(relay, "bytes of audio", len(audio), limits.audio_bytes)
        case FileUploadRequest():
            _check_file(request, limits, relay)
        case FineTuneCreateRequest(suffix=suffix):
            _check(relay, "characters of suffix", len(suffix), limits.suffix_chars)
        case _:
            return


def check_count(n: int, relay: str) -> None:
    """Raises RelayInvalid."""
    if n < 1:
        raise RelayInvalid(f'relay "{relay}": n: expected 1 or more, got {n}. Ask for one.')


def _check_text(relay: str, what: str, text: str) -> None:
    if not text.strip():
        raise RelayInvalid(f'relay "{relay}": expected {what}, got no words. Add some.')


def fit_window(request: ChatRequest, window_tokens: Limit) -> ChatRequest:
    """With as many `max_tokens` as the model's window leaves room for, where they may be lower.

    A prompt may take half as much again as it is estimated; what is left for the answer is
    LEAST_ANSWER at least, and `check_window` has the last word.
    """
    if not request.lower or request.max_tokens is None or window_tokens == "unlimited":
        return request
    prompt = sum(map(estimate_tokens, _texts(request)))
    room = max(LEAST_ANSWER_TOKENS, window_tokens - ceil(prompt * 1.5))
    return structs.replace(request, max_tokens=min(request.max_tokens, room))


def check_window(
    request: ChatRequest | CompletionRequest, window_tokens: Limit, relay: str
) -> None:
    """Raises RelayTooLarge where prompt and answer do not fit the model's window together."""
    if window_tokens == "unlimited":
        return
    texts = _texts(request)
    asked = request.max_tokens or 0
    if asked + sum(map(_most_tokens, texts)) <= window_tokens:
        return
    prompt = sum(map(estimate_tokens, texts))
    if prompt + asked > window_tokens:
        raise RelayTooLarge(
            f'relay "{relay}": {request.model}: expected at most {window_tokens} tokens of prompt '
            f"and answer, got {prompt} (estimated) and {asked} of max_tokens. "
            "Shorten the prompt, lower max_tokens, or choose another model.",
            got=prompt + asked,
            limit=window_tokens,
        )


def check_best(request: CompletionRequest, relay: str, *, stream: bool) -> None:
    """Raises RelayInvalid. Source: OpenAI's API reference and zhizengzeng's, November 2026."""
    if request.best_of is None:
        return
    begin = f'relay "{relay}": completion: best_of: expected'
    if request.best_of <= request.n:
        raise RelayInvalid(
            f"{begin} more than n, which is {request.n}, got {request.best_of}. "
            "Raise it, or leave it out."
        )
    if stream:
        raise RelayInvalid(
            f"{begin} none in a stream, got {request.best_of}. "
            "Leave it out, or ask for the whole answer."
        )


def check_language(language: str, relay: str) -> None:
    """Raises RelayInvalid for what is no ISO-639-1 code, or "" for none."""
    if language and not (len(language) == 2 and language.isascii() and language.islower()):
        raise RelayInvalid(
            f'relay "{relay}": language: expected two letters of ISO-639-1, as in "zh", '
            f'got "{language}". Leave it out to have it found out.'
        )


def upload_bytes(request: Request) -> int:
    """How much of a request are files."""
    match request:
        case ChatRequest(messages=messages):
            seen = [picture for message in messages for picture in message.pictures]
            return sum(len(picture.content) for picture in seen) if seen else 0
        case TranscriptionRequest(audio=audio) | TranslationRequest(audio=audio):
            return len(audio)
        case FileUploadRequest(content=content):
            return len(content)
        case _:
            return 0


def _check_inputs(inputs: tuple[str, ...], limits: Limits, relay: str) -> None:
    if not inputs:
        raise RelayInvalid(
            f'relay "{relay}": embedding: expected at least one input, got none. Give one.'
        )
    _check(relay, "inputs to embed", len(inputs), limits.embedding_inputs)
    most = limits.embedding_tokens
    if most == "unlimited":
        return
    for text in inputs:
        if _most_tokens(text) > most:
            _check(relay, "tokens (estimated) in each input", estimate_tokens(text), most)


def _check_file(request: FileUploadRequest, limits: Limits, relay: str) -> None:
    size = len(request.content)
    if request.purpose == "batch":
        _check(relay, "bytes of a batch's file", size, limits.batch_bytes)
    _check(relay, "bytes of a file", size, limits.file_bytes)
    wrong = wrong_line(request.content)
    if wrong:
        raise RelayInvalid(
            f'relay "{relay}": {request.filename}: expected JSON Lines in UTF-8, an object a line; '
            f"got something else in line {wrong}. Correct that line."
        )


def wrong_line(content: bytes) -> int:
    """The first line, from 1, that is no JSON object; 0 if all are. A last one may be empty."""
    lines = content.split(b"\n")
    if len(lines) > 1 and not lines[-1].strip():
        lines.pop()
    for place, line in enumerate(lines, 1):
        try:
            line.decode()
            _OBJECT.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return place
    return 0


def _texts(request: ChatRequest | CompletionRequest) -> list[str]:
    if isinstance(request, CompletionRequest):
        return [request.prompt, request.suffix]
    return [message.content for message in request.messages]


def _most_tokens(text: str) -> float:
    """What `estimate_tokens` cannot exceed: each character a word."""
    return len(text) * 1.3 + 1


def _check(relay: str, what: str, got: int, limit: Limit) -> None:
    if limit != "unlimited" and got > limit:
        raise RelayTooLarge(
            f'relay "{relay}": expected at most {limit} {what}, got {got}. Send less.',
            got=got,
            limit=limit,
        )
