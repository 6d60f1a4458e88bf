"""Errors where an answer was asked for: inside a stream of status 200, or instead of it."""

from core.errors import (
    RelayError,
    RelayGarbage,
    RelayRateLimited,
    RelayUnavailable,
)
from tests.relays.stage import DONE, event
from tests.relays.streams.case import COMPLETION, Case, chat, completion, failed, line, said

HALF = event("half")
OVERLOADED = {"message": "overloaded", "type": "server_error"}
SLOW = {"message": "slow down", "code": "rate_limit_exceeded"}


def case(stream: bytes, error: type[RelayError], told: str = "", after: str = "") -> Case:
    return Case(stream=stream, heard=failed(error, told, after=after))


INSIDE = {
    "error first": case(line({"error": OVERLOADED}), RelayUnavailable, "overloaded"),
    "error after text": case(
        HALF + line({"error": OVERLOADED}), RelayUnavailable, "overloaded", "half"
    ),
    "error after text, then [DONE]": case(
        HALF + line({"error": SLOW}) + DONE, RelayRateLimited, "slow down", "half"
    ),
    "error without a line end": case(
        (HALF + line({"error": SLOW})).strip(), RelayRateLimited, "slow down", "half"
    ),
    "error by number": case(
        line({"error": {"message": "slow down", "code": 429}}), RelayRateLimited, "slow down"
    ),
    "error as a sentence": case(
        HALF + line({"error": "broken"}), RelayUnavailable, "broken", "half"
    ),
    "error of no known form": case(HALF + line({"error": [1]}), RelayUnavailable, "", "half"),
    "error beside a last choice": case(
        HALF + line({"error": OVERLOADED, "choices": [{"delta": {}, "finish_reason": "error"}]}),
        RelayUnavailable,
        "overloaded",
        "half",
    ),
    "error of several lines": case(
        HALF + b'data: {"error":\ndata: {"message": "b\xc3\xa9"}}\n\n',
        RelayUnavailable,
        "bé",
        "half",
    ),
    "event: error": case(
        HALF + b"event: error\n" + line({"message": "broken"}), RelayUnavailable, "broken", "half"
    ),
    "envelope first": case(line({"code": 1, "msg": "坏了"}), RelayUnavailable, "坏了"),
    "envelope after text": case(
        HALF + line({"code": 1, "msg": "broken", "data": None}),
        RelayUnavailable,
        "broken",
        "half",
    ),
    "envelope beside choices": case(
        HALF + line({"code": 5, "msg": "broken", "choices": []}), RelayUnavailable, "broken", "half"
    ),
    "dashboard's": case(line({"success": False, "message": "broken"}), RelayUnavailable, "broken"),
    "in a stream of a completion": Case(
        stream=completion("half") + line({"error": OVERLOADED}),
        heard=failed(RelayUnavailable, "overloaded", after="half"),
        request=COMPLETION,
    ),
    "an event that is no JSON": case(HALF + b"data: <html>\n\n", RelayGarbage, "<html>", "half"),
    "an event of another form": case(HALF + b"data: [1]\n\n", RelayGarbage, "[1]", "half"),
}

INSTEAD = {
    "JSON": case(b'{"error":{"message":"no channel"}}', RelayUnavailable, "no channel"),
    "JSON of several lines": case(
        b'{\n  "error": {\n    "message": "no channel"\n  }\n}\n', RelayUnavailable, "no channel"
    ),
    "an envelope": case(b'{"code": 1, "msg": "no channel"}', RelayUnavailable, "no channel"),
    "an envelope of several lines": case(
        b'{\r\n "code": 1,\r\n "msg": "no channel"\r\n}', RelayUnavailable, "no channel"
    ),
    "a page": case(b"<!doctype html>\n<html>Welcome</html>\n", RelayGarbage, "Welcome"),
    "words": case(b"upstream gone\n\n", RelayGarbage, "upstream gone"),
    "bytes": case(b"\xff\xfe\x00\n\x80", RelayGarbage),
    "nothing": case(b"", RelayGarbage),
    "line ends": case(b"\r\n\n\r", RelayGarbage),
}

NONE = {
    "code 0": Case(
        stream=line({"code": 0, "msg": "", "choices": [{"delta": {"content": "ab"}}]})
        + event("", "stop"),
        heard=said("ab", 2),
    ),
    "error null": Case(
        stream=event("ab", error=None) + event("", "stop", error=None) + DONE, heard=said("ab", 2)
    ),
    "error empty": Case(stream=event("ab", error={}) + event("", "stop"), heard=said("ab", 2)),
    "a refusal that the model itself speaks": Case(
        stream=chat(delta={"content": '{"error": "no"}'}, finish_reason="stop"),
        heard=said('{"error": "no"}', 3),
    ),
}

CASES = INSIDE | INSTEAD | NONE
