"""Whole answers of text from bytes. Pure; all raise RelayError."""

from collections.abc import Sequence
from math import isfinite
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from core.errors import RelayError
from core.relay.failure import UNREADABLE, Complaint, Origin, complaint_of, refusal
from core.request import ChatRequest, CompletionRequest, EditRequest, EmbeddingRequest
from core.response import Chat, Completion, Embeddings, Model, Models, Usage
from core.tokens import estimate_tokens, estimated_usage

Wire = TypeVar("Wire", bound="Answer")

COMPLAINT_BYTES = 2**16
"""No complaint is longer. Read without a form, JSON takes thirty times its size."""

Whole: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""What a row can hold."""

MOST_TOKENS = 2**40
"""A count of more, or below zero, is none."""


class Answer(Struct):
    """What any JSON answer may hold in place of what was asked for."""

    error: Any = None
    success: bool = True
    code: Any = None


class TokenCount(Struct, gc=False):
    """The `usage` object. `completion_tokens` may be missing or null; of zeros alone it is none."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    def __bool__(self) -> bool:
        asked, answered = self.prompt_tokens or 0, self.completion_tokens or 0
        possible = 0 <= asked <= MOST_TOKENS and 0 <= answered <= MOST_TOKENS
        return possible and bool(asked or answered)

    def usage(self) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens or 0, completion_tokens=self.completion_tokens or 0
        )


class _Said(Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None


class _Choice(Struct, gc=False):
    """A chat tells its text in `message`, completions and edits in `text`."""

    message: _Said | None = None
    text: str | None = None
    finish_reason: str | None = None
    usage: TokenCount | None = None
    index: int | None = None


class _TextAnswer(Answer):
    choices: list[_Choice] = []
    model: str | None = None
    usage: TokenCount | None = None


class _Vector(Struct):
    embedding: tuple[float, ...]
    index: int | None = None


class _VectorsAnswer(Answer):
    data: list[_Vector] | None = None
    model: str | None = None
    usage: TokenCount | None = None


class _Listed(Struct):
    id: str
    owned_by: str | None = None


class _ModelsAnswer(Answer):
    data: list[_Listed] | None = None


_SILENT = _Said()
_TEXTS = msgspec.json.Decoder(_TextAnswer, strict=False)
_VECTORS = msgspec.json.Decoder(_VectorsAnswer, strict=False)
_MODELS = msgspec.json.Decoder(_ModelsAnswer, strict=False)


def read_answer(body: bytes, decoder: msgspec.json.Decoder[Wire], origin: Origin) -> Wire:
    """The typed answer, unless it is an error in disguise or not JSON of this shape."""
    try:
        answer = decoder.decode(body)
    except UNREADABLE as error:
        raise unreadable(body, origin) from error
    if answer.error or answer.code or not answer.success:
        complaint = _complaint_in(body, origin)
        if complaint is not None or answer.error or not answer.success:
            raise refusal(origin, 200, complaint or Complaint())
    return answer


def _complaint_in(body: bytes, origin: Origin) -> Complaint | None:
    """None also where more of it is broken than its typed fields showed."""
    if len(body) > COMPLAINT_BYTES:
        return None
    try:
        return complaint_of(msgspec.json.decode(body), envelope=origin.envelope)
    except UNREADABLE:
        return None


def unreadable(body: bytes, origin: Origin) -> RelayError:
    """A complaint where the body is one, garbage otherwise."""
    if len(body) > COMPLAINT_BYTES:
        return origin.garbage("JSON of an unknown form", origin.excerpt(body))
    try:
        complaint = complaint_of(msgspec.json.decode(body), envelope=origin.envelope)
    except UNREADABLE:
        return origin.garbage("no JSON", origin.excerpt(body))
    if complaint:
        return refusal(origin, 200, complaint)
    return origin.garbage("JSON of an unknown form", origin.excerpt(body))


def decode_chat(body: bytes, request: ChatRequest, origin: Origin) -> Chat:
    """The first choice, and the others' texts. Its usage is estimated where none is told."""
    answer = read_answer(body, _TEXTS, origin)
    choices = _in_order(answer.choices)
    if not choices:
        raise unreadable(body, origin)
    choice = choices[0]
    said = choice.message or _SILENT
    text = said.content or choice.text or ""
    count = answer.usage or choice.usage
    others: tuple[str, ...] = ()
    if len(choices) > 1:
        others = tuple((other.message or _SILENT).content or "" for other in choices[1:])
    return Chat(
        text=text,
        alternatives=others,
        model=answer.model or "",
        finish_reason=choice.finish_reason or "",
        reasoning=said.reasoning_content or "",
        usage=count.usage() if count else estimated_usage(request, " ".join((text, *others))),
    )


def decode_completion(body: bytes, request: CompletionRequest, origin: Origin) -> Completion:
    return _completion(body, request.prompt, origin)


def decode_edit(body: bytes, request: EditRequest, origin: Origin) -> Completion:
    return _completion(body, f"{request.input} {request.instruction}", origin)


def _completion(body: bytes, asked: str, origin: Origin) -> Completion:
    answer = read_answer(body, _TEXTS, origin)
    choices = _in_order(answer.choices)
    texts = tuple(choice.text for choice in choices if choice.text is not None)
    if not texts or len(texts) < len(choices):
        raise unreadable(body, origin)
    count = answer.usage or choices[0].usage
    return Completion(
        texts=texts,
        model=answer.model or "",
        finish_reason=choices[0].finish_reason or "",
        usage=count.usage() if count else _estimated(asked, texts),
    )


def decode_embeddings(body: bytes, request: EmbeddingRequest, origin: Origin) -> Embeddings:
    """A vector an input, in the inputs' order whatever the answer's."""
    answer = read_answer(body, _VECTORS, origin)
    if answer.data is None:
        raise unreadable(body, origin)
    wanted = len(request.inputs)
    vectors = sorted(answer.data, key=lambda vector: vector.index or 0)
    numbered = [vector.index or 0 for vector in vectors]
    if len(vectors) != wanted or (any(numbered) and numbered != list(range(wanted))):
        raise origin.garbage(f"{len(vectors)} vectors, numbered otherwise than {wanted} inputs,")
    if not all(vector.embedding and all(map(isfinite, vector.embedding)) for vector in vectors):
        raise origin.garbage("a vector without numbers")
    return Embeddings(
        vectors=tuple(vector.embedding for vector in vectors),
        model=answer.model or "",
        usage=answer.usage.usage() if answer.usage else _estimated(" ".join(request.inputs), ()),
    )


def decode_models(body: bytes, origin: Origin) -> Models:
    answer = read_answer(body, _MODELS, origin)
    if answer.data is None:
        raise unreadable(body, origin)
    return Models(
        models=tuple(Model(id=row.id, owned_by=row.owned_by or "") for row in answer.data)
    )


def _in_order(choices: list[_Choice]) -> list[_Choice]:
    """Relays that number their choices may send them in any order."""
    return choices if len(choices) < 2 else sorted(choices, key=lambda choice: choice.index or 0)


def _estimated(asked: str, texts: Sequence[str]) -> Usage:
    return Usage(
        prompt_tokens=estimate_tokens(asked),
        completion_tokens=sum(map(estimate_tokens, texts)),
        estimated=True,
    )
