"""POST /v1/chat/completions, whole and streamed."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from starlette.types import ASGIApp

from bots.sandbox.answer import Answer, compose
from bots.sandbox.call import Call, Desk
from bots.sandbox.failure import Refusal, decode, json_response
from bots.sandbox.models import REASONER, Catalog
from bots.sandbox.prompt import ChatRequest, View, view
from bots.sandbox.stream import DONE, EventStream, event, script
from bots.sandbox.usage import Reply, Usage


class Chat:
    """Answers chat calls; `pace_s` is the pause before each piece of a stream."""

    def __init__(self, desk: Desk, catalog: Catalog, pace_s: float) -> None:
        self._desk = desk
        self._catalog = catalog
        self._pace_s = pace_s
        self._numbers = itertools.count(1)
        self._decoder = msgspec.json.Decoder(ChatRequest)

    async def __call__(self, call: Call) -> ASGIApp:
        """Raises Refusal."""
        request = self._checked(call.body)
        if request.stream:
            return self._streamed(call, request)
        reply = self._whole(request, call.entry.at)
        call.units, call.entry.tokens = reply.units, reply.tokens
        return json_response(reply.content)

    def answer(self, body: bytes, at: datetime) -> Reply:
        """The whole answer. Raises Refusal, also where a stream is asked for."""
        request = self._checked(body)
        if request.stream:
            raise Refusal(400, "A stream cannot be had here.", code="invalid_value", param="stream")
        return self._whole(request, at)

    def _checked(self, body: bytes) -> ChatRequest:
        request = decode(body, self._decoder)
        self._catalog.check(request.model, "chat")
        return request

    def _composed(self, request: ChatRequest, seen: View) -> Answer:
        lessons = self._catalog.lessons(request.model)
        return compose(
            seen,
            reasons=request.model == REASONER,
            limit=request.token_limit,
            stops=request.stops,
            learned=lessons.recall(seen.question) if lessons else "",
        )

    def _whole(self, request: ChatRequest, at: datetime) -> Reply:
        seen = view(request)
        answer = self._composed(request, seen)
        usage = _usage(seen.tokens, answer, request.n or 1)
        choice = {"message": _message(answer), "finish_reason": answer.finish_reason}
        choices = _choices(request.n or 1, choice)
        content = {**self._frame(request, at), "choices": choices, "usage": usage}
        return Reply(content=content, units=usage.units, tokens=usage.total_tokens)

    def _frame(self, request: ChatRequest, at: datetime) -> dict[str, object]:
        return {
            "id": f"chatcmpl-sandbox-{next(self._numbers)}",
            "object": "chat.completion.chunk" if request.stream else "chat.completion",
            "created": int(at.timestamp()),
            "model": request.model,
        }

    def _streamed(self, call: Call, request: ChatRequest) -> EventStream:
        seen = view(request)
        answer = self._composed(request, seen)
        n = request.n or 1
        usage = _usage(seen.tokens, answer, n)
        call.units, call.entry.tokens = usage.units, usage.total_tokens
        frame = self._frame(request, call.entry.at)
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
