"""POST /v1/chat/completions, whole and streamed."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from starlette.types import ASGIApp

from bots.sandbox.answer import Answer, compose
from bots.sandbox.call import Call, Desk
from bots.sandbox.failure import decode, json_response
from bots.sandbox.models import REASONER, check_model
from bots.sandbox.prompt import ChatRequest, view
from bots.sandbox.stream import DONE, EventStream, event, script

UNITS_PER_COMPLETION_TOKEN = 3
"""A prompt token costs one quota unit."""


class Usage(Struct, frozen=True, kw_only=True):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    completion_tokens_details: dict[str, int]


class Chat:
    """Answers chat calls; `pace_s` is the pause before each piece of a stream."""

    def __init__(self, desk: Desk, pace_s: float) -> None:
        self._desk = desk
        self._pace_s = pace_s
        self._numbers = itertools.count(1)
        self._decoder = msgspec.json.Decoder(ChatRequest)

    async def __call__(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        request = decode(call.body, self._decoder)
        check_model(request.model, "chat")
        seen = view(request)
        answer = compose(
            seen,
            reasons=request.model == REASONER,
            limit=request.token_limit,
            stops=request.stops,
        )
        usage = _usage(seen.tokens, answer, request.n or 1)
        call.units = usage.prompt_tokens + UNITS_PER_COMPLETION_TOKEN * usage.completion_tokens
        frame = self._frame(request, call.entry.at)
        if request.stream:
            return self._streamed(request, answer, usage, frame)
        choice = {"message": _message(answer), "finish_reason": answer.finish_reason}
        return json_response({**frame, "choices": _choices(request.n or 1, choice), "usage": usage})

    def _frame(self, request: ChatRequest, at: datetime) -> dict[str, object]:
        return {
            "id": f"chatcmpl-sandbox-{next(self._numbers)}",
            "object": "chat.completion.chunk" if request.stream else "chat.completion",
            "created": int(at.timestamp()),
            "model": request.model,
        }

    def _streamed(
        self, request: ChatRequest, answer: Answer, usage: Usage, frame: dict[str, object]
    ) -> EventStream:
        n = request.n or 1
        with_usage = request.stream_options is not None and request.stream_options.include_usage
        if with_usage:
            frame["usage"] = None

        def chunk(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
            choices = _choices(n, {"delta": delta, "finish_reason": finish_reason})
            return b"".join(event({**frame, "choices": [choice]}) for choice in choices)

        tail = [chunk({}, answer.finish_reason)]
        if with_usage:
            tail.append(event({**frame, "choices": [], "usage": usage}))
        armed = self._desk.faults.take("chat", streaming=True)
        steps = script(
            chunk({"role": "assistant", "content": ""}),
            [chunk(delta) for delta in _deltas(answer)],
            b"".join((*tail, DONE)),
            pace_s=self._pace_s,
            armed=armed,
        )
        return EventStream(steps, armed)


def _usage(prompt_tokens: int, answer: Answer, n: int) -> Usage:
    completion_tokens = n * (len(answer.pieces) + len(answer.reasoning))
    return Usage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        total_tokens=prompt_tokens + completion_tokens,
        completion_tokens_details={"reasoning_tokens": n * len(answer.reasoning)},
    )


def _message(answer: Answer) -> dict[str, str]:
    message = {"role": "assistant", "content": answer.text}
    if answer.reasoning:
        message["reasoning_content"] = "".join(answer.reasoning)
    return message


def _deltas(answer: Answer) -> Sequence[dict[str, str]]:
    """The reasoning first, as DeepSeek's API streams it."""
    thoughts = [{"reasoning_content": piece} for piece in answer.reasoning]
    return thoughts + [{"content": piece} for piece in answer.pieces]


def _choices(n: int, choice: Mapping[str, object]) -> list[dict[str, object]]:
    return [{"index": index, **choice} for index in range(n)]
