"""POST /v1/completions, whole and streamed."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.types import ASGIApp

from bots.sandbox.answer import Answer, compose
from bots.sandbox.call import Call, Desk
from bots.sandbox.failure import Refusal, decode, json_response
from bots.sandbox.logprobs import logprobs_of
from bots.sandbox.models import Catalog
from bots.sandbox.prompt import StreamOptions, view_of
from bots.sandbox.stream import DONE, EventStream, event, script
from bots.sandbox.tokens import count_tokens, tokens
from bots.sandbox.usage import Reply, Usage

MAX_TOKENS = 16
"""Where a request names none, as in OpenAI's API reference."""

PROMPTS_AT_MOST = 128


class CompletionRequest(Struct, frozen=True, kw_only=True):
    """Ranges as in OpenAI's API reference. The rest is ignored."""

    model: str
    prompt: str | Annotated[list[str | int | list[int]], Meta(max_length=PROMPTS_AT_MOST)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = 1
    best_of: Annotated[int, Meta(ge=1, le=128)] | None = None
    max_tokens: Annotated[int, Meta(ge=0)] | None = MAX_TOKENS
    echo: bool | None = False
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    user: str | None = None

    @property
    def prompts(self) -> list[str]:
        """Raises Refusal (400) for tokens and for a list without prompts."""
        asked = [self.prompt] if isinstance(self.prompt, str) else self.prompt
        prompts = [prompt for prompt in asked if isinstance(prompt, str)]
        if len(prompts) < len(asked) or not asked:
            raise _wrong("prompt", "Expected text or a list of texts; the sandbox has no token ids")
        return prompts

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    def check(self) -> None:
        """Raises Refusal (400) for parameters that do not go together."""
        n, best_of = self.n or 1, self.best_of
        if best_of is not None and best_of < n:
            raise _wrong("best_of", f"Expected 'best_of' to be at least n ({n}), got {best_of}")
        if best_of is not None and best_of > n and self.stream:
            raise _wrong("best_of", "A stream cannot choose: leave out 'best_of' or 'stream'")


class Choice(Struct, frozen=True, kw_only=True):
    """One answer; `echoed` is the prompt in tokens where it was asked back."""

    index: int
    answer: Answer
    echoed: Sequence[str]


class Completions:
    """Answers a prompt as the chat does one question; `pace_s` is a pause in streams."""

    def __init__(self, desk: Desk, catalog: Catalog, pace_s: float) -> None:
        self._desk = desk
        self._catalog = catalog
        self._pace_s = pace_s
        self._numbers = itertools.count(1)
        self._decoder = msgspec.json.Decoder(CompletionRequest)

    async def __call__(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        request = self._checked(call.body)
        if request.stream:
            return self._streamed(call, request)
        reply = self._whole(request, call.entry.at)
        call.units = reply.units
        return json_response(reply.content)

    def answer(self, body: bytes, at: datetime) -> Reply:
        """The whole answer. Raises Refusal, also where a stream is asked for."""
        request = self._checked(body)
        if request.stream:
            raise _wrong("stream", "A stream cannot be had here")
        return self._whole(request, at)

    def _checked(self, body: bytes) -> CompletionRequest:
        request = decode(body, self._decoder)
        self._catalog.check(request.model, "completions")
        request.check()
        return request

    def _whole(self, request: CompletionRequest, at: datetime) -> Reply:
        choices = _choices(request)
        usage = _usage(request, choices)
        told = [_told(choice, request) for choice in choices]
        content = {**self._frame(request, at), "choices": told, "usage": usage}
        return Reply(content=content, units=usage.units)

    def _frame(self, request: CompletionRequest, at: datetime) -> dict[str, object]:
        return {
            "id": f"cmpl-sandbox-{next(self._numbers)}",
            "object": "text_completion",
            "created": int(at.timestamp()),
            "model": request.model,
        }

    def _streamed(self, call: Call, request: CompletionRequest) -> EventStream:
        frame = self._frame(request, call.entry.at)
        choices = _choices(request)
        usage = _usage(request, choices)
        call.units = usage.units
        options = request.stream_options
        tail = [_chunk(frame, _ending(choice)) for choice in choices]
        if options is not None and options.include_usage:
            tail.append(event({**frame, "choices": [], "usage": usage}))
        armed = self._desk.faults.take("completion", streaming=True)
        steps = script(
            b"".join(_chunk(frame, piece) for piece in _echoes(choices, request)),
            [_chunk(frame, piece) for piece in _pieces(choices, request)],
            b"".join((*tail, DONE)),
            pace_s=self._pace_s,
            armed=armed,
        )
        return EventStream(steps, armed)


def _choices(request: CompletionRequest) -> list[Choice]:
    n = request.n or 1
    limit = MAX_TOKENS if request.max_tokens is None else request.max_tokens
    return [
        Choice(
            index=place * n + number,
            answer=compose(view_of(prompt), reasons=False, limit=limit, stops=request.stops),
            echoed=tokens(prompt) if request.echo else (),
        )
        for place, prompt in enumerate(request.prompts)
        for number in range(n)
    ]


def _usage(request: CompletionRequest, choices: Sequence[Choice]) -> Usage:
    """All candidates count, also those that `best_of` drops."""
    n = request.n or 1
    said = sum(len(choice.answer.pieces) for choice in choices)
    asked = sum(map(count_tokens, request.prompts))
    return Usage.of(asked, said * (request.best_of or n) // n)


def _told(choice: Choice, request: CompletionRequest) -> dict[str, object]:
    said = choice.answer.pieces
    return {
        "text": "".join((*choice.echoed, *said)),
        "index": choice.index,
        "logprobs": logprobs_of(said, request.logprobs, before=choice.echoed),
        "finish_reason": choice.answer.finish_reason,
    }


def _echoes(choices: Sequence[Choice], request: CompletionRequest) -> list[dict[str, object]]:
    return [
        _piece(
            choice, "".join(choice.echoed), logprobs_of((), request.logprobs, before=choice.echoed)
        )
        for choice in choices
        if choice.echoed
    ]


def _pieces(choices: Sequence[Choice], request: CompletionRequest) -> list[dict[str, object]]:
    """The choices' pieces in turn: the first of each, the second of each."""
    longest = max(len(choice.answer.pieces) for choice in choices)
    return [
        _piece(choice, text, _logprobs_at(choice, place, request.logprobs))
        for place in range(longest)
        for choice in choices
        for text in choice.answer.pieces[place : place + 1]
    ]


def _logprobs_at(choice: Choice, place: int, wanted: int | None) -> object:
    if wanted is None:
        return None
    said = choice.answer.pieces
    start = sum(map(len, (*choice.echoed, *said[:place])))
    return logprobs_of(said[place : place + 1], wanted, start=start)


def _piece(choice: Choice, text: str, logprobs: object) -> dict[str, object]:
    return {"text": text, "index": choice.index, "logprobs": logprobs, "finish_reason": None}


def _ending(choice: Choice) -> dict[str, object]:
    return {**_piece(choice, "", None), "finish_reason": choice.answer.finish_reason}


def _chunk(frame: dict[str, object], choice: dict[str, object]) -> bytes:
    return event({**frame, "choices": [choice]})


def _wrong(param: str, message: str) -> Refusal:
    return Refusal(400, f"{message}.", code="invalid_value", param=param)
