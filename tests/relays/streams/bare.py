"""Streams of completions, and ai-whistle's reduced ones of chats and completions."""

from core.errors import RelayCut, RelayGarbage, RelayUnavailable
from tests.relays.stage import DONE, event, payload
from tests.relays.streams.case import (
    CHAT,
    COMPLETION,
    TOLD,
    USAGE,
    Case,
    Heard,
    completion,
    failed,
    line,
    said,
)

CHAT_SSE = payload("aiwhistle_chat_reduced.sse")
COMPLETION_SSE = payload("aiwhistle_completion_reduced.sse")
NIGHT = "闪光的夜晚，"
HALF = line([{"role": "assistant"}]) + line([{"content": "half"}])


def whole(stream: bytes, heard: Heard) -> Case:
    return Case(stream=stream, heard=heard, request=COMPLETION)


def reduced(stream: bytes, heard: Heard) -> Case:
    return Case(stream=stream, heard=heard, request=CHAT, form="reduced")


def texts(stream: bytes, heard: Heard) -> Case:
    return Case(stream=stream, heard=heard, request=COMPLETION, form="reduced")


COMPLETIONS = {
    "completion": whole(
        completion("你") + completion("好") + completion("", "length") + DONE,
        said("你好", 2, reason="length"),
    ),
    "completion with usage": whole(
        completion("ab", usage=None)
        + completion("", "stop", usage=None)
        + line({"choices": [], "usage": USAGE}),
        said("ab", usage=TOLD),
    ),
    "completion with null text": whole(completion(None) + completion("ab", "stop"), said("ab", 2)),
    "completion answered as a chat": whole(event("ab") + event("", "stop") + DONE, said("ab", 2)),
    "completion with [DONE] alone": whole(
        completion("ab") + DONE, failed(RelayCut, "finish_reason", after="ab")
    ),
}

REDUCED_CHATS = {
    "chat": reduced(CHAT_SSE, said(NIGHT, 7, model="")),
    "chat and CRLF": reduced(CHAT_SSE.replace(b"\n", b"\r\n"), said(NIGHT, 7, model="")),
    "chat without [DONE]": reduced(CHAT_SSE.replace(DONE, b""), said(NIGHT, 7, model="")),
    "chat whose end has no line end": reduced(HALF + b"data: [{}]", said("half", 2, model="")),
    "chat whose end has spaces": reduced(HALF + b"data: [ { } ]\n\n", said("half", 2, model="")),
    "chat with keep-alives": reduced(
        b": hello\n\n" + CHAT_SSE.replace(b"\n\n", b"\n\n:\n\n"), said(NIGHT, 7, model="")
    ),
    "chat of several deltas a line": reduced(
        line([{"role": "assistant"}, {"content": "a"}, {"content": "b"}]) + b"data: [{}]\n\n",
        said("ab", 2, model=""),
    ),
    "chat with null content, an empty array and unknown fields": reduced(
        line([{"content": None}])
        + line([])
        + line([{"tool_calls": []}])
        + line([{"content": "ab"}])
        + line([{}]),
        said("ab", 2, model=""),
    ),
    "chat with [DONE] alone": reduced(HALF + DONE, failed(RelayCut, "[{}]", after="half")),
    "chat cut": reduced(HALF, failed(RelayCut, "[{}]", after="half")),
    "chat cut inside a line": reduced(
        HALF + b'data: [{"content":"\xe9\x97', failed(RelayCut, "[{}]", after="half")
    ),
    "chat cut inside its end": reduced(HALF + b"data: [{", failed(RelayCut, "[{}]", after="half")),
    "chat with an error object": reduced(
        HALF + line({"error": {"message": "broken"}}),
        failed(RelayUnavailable, "broken", after="half"),
    ),
    "chat with an error in its array": reduced(
        HALF + line([{"error": {"message": "broken"}}]),
        failed(RelayUnavailable, "broken", after="half"),
    ),
    "chat with an envelope": reduced(
        HALF + line([{"code": 1, "msg": "broken"}]),
        failed(RelayUnavailable, "broken", after="half"),
    ),
    "chat with garbage": reduced(HALF + line([1]), failed(RelayGarbage, "[1]", after="half")),
    "chat that came unreduced": reduced(
        event("a") + event("b", "length") + DONE, said("ab", 2, reason="length")
    ),
    "chat that came unreduced, [DONE] alone": reduced(
        event("ab") + DONE, failed(RelayCut, "finish_reason", after="ab")
    ),
}

REDUCED_COMPLETIONS = {
    "completion": texts(COMPLETION_SSE, said("\n\n清", 1, model="")),
    "completion without a last line end": texts(
        COMPLETION_SSE.strip(), said("\n\n清", 1, model="")
    ),
    "completion of several texts a line": texts(line(["a", "b"]) + DONE, said("ab", 2, model="")),
    "completion of nothing": texts(DONE, said("", 0, model="")),
    "completion cut": texts(line(["half"]), failed(RelayCut, "[DONE]", after="half")),
    "completion cut inside [DONE]": texts(
        line(["half"]) + b"data: [DON", failed(RelayCut, "[DONE]", after="half")
    ),
    "completion with an error": texts(
        line(["half"]) + line({"error": "broken"}) + DONE,
        failed(RelayUnavailable, "broken", after="half"),
    ),
    "completion that came unreduced": texts(
        completion("a") + completion("b", "stop") + DONE, said("ab", 2)
    ),
    "completion that came unreduced, [DONE] alone": texts(
        completion("ab") + DONE, failed(RelayCut, "finish_reason", after="ab")
    ),
}


def _named(prefix: str, cases: dict[str, Case]) -> dict[str, Case]:
    return {f"{prefix} {name}": case for name, case in cases.items()}


CASES = COMPLETIONS | _named("reduced", REDUCED_CHATS) | _named("reduced", REDUCED_COMPLETIONS)
