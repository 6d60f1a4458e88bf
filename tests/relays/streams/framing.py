"""The same answer, "a é", in every way that its lines may be sent."""

from core.errors import RelayCut, RelayGarbage
from tests.relays.stage import DONE, event
from tests.relays.streams.case import Case, failed, said

A, B, END = event("a "), event("é"), event("", "stop")
STREAM = A + B + END + DONE
SAID = said("a é", 3)

MANY_LINES = (
    b'data: {"model": "m",\ndata: "choices":\n'
    b'data:  [{"delta": {"content": "a \xc3\xa9"}, "finish_reason": "stop"}]}\n\n'
)


def case(stream: bytes) -> Case:
    return Case(stream=stream, heard=SAID)


CASES = {
    "as documented": case(STREAM),
    "no space after data:": case(STREAM.replace(b"data: ", b"data:")),
    "more space after data:": case(STREAM.replace(b"data: ", b"data: \t ")),
    "no blank lines": case(STREAM.replace(b"\n\n", b"\n")),
    "many blank lines": case(b"\n\n" + STREAM.replace(b"\n\n", b"\n\n\n\n")),
    "CRLF": case(STREAM.replace(b"\n", b"\r\n")),
    "CR alone": case(STREAM.replace(b"\n", b"\r")),
    "CR, LF and CRLF mixed": case(A.replace(b"\n", b"\r") + B + END.replace(b"\n", b"\r\n")),
    "byte order mark": case(b"\xef\xbb\xbf" + STREAM),
    "byte order mark and CRLF": case(b"\xef\xbb\xbf" + STREAM.replace(b"\n", b"\r\n")),
    "keep-alives": case(b": OPENROUTER PROCESSING\n\n" + A + b":\n\n:\n" + B + b":\n\n" + END),
    "keep-alives alone, then nothing": Case(
        stream=b": keep-alive\n\n: keep-alive\n\n", heard=failed(RelayGarbage, "no event stream")
    ),
    "event, id and retry lines": case(
        b"event: message\nid: 1\nretry: 3\n" + A + b"event: completion\n" + B + b"id: 2\n" + END
    ),
    "other lines between": case(A + b"data\nnonsense\nfoo: bar\n\n" + B + END),
    "empty data": case(b"data:\n\n" + A + b"data: \n\n" + B + END + DONE),
    "an event of several lines of data": case(MANY_LINES + DONE),
    "several lines of data and CRLF": case(MANY_LINES.replace(b"\n", b"\r\n") + DONE),
    "several lines of data, keep-alives between": case(
        MANY_LINES.replace(b"\ndata:  ", b"\n: hold on\ndata: ")
    ),
    "several lines of data without an end": case(MANY_LINES.strip()),
    "no [DONE]": case(A + B + END),
    "no last line end": case((A + B + END).strip()),
    "no last line end after CR": case((A + B + END).replace(b"\n", b"\r").strip()),
    "[DONE] without a line end": case(STREAM.strip()),
    "after [DONE]": case(STREAM + event("more") + b"data: nonsense\n\n"),
    "[DONE] twice": case(STREAM + DONE),
    "escapes": Case(
        stream=rb'data: {"model":"m","choices":[{"delta":{"content":"\u4f60\ud83c\udf89\n\"\\"},'
        rb'"finish_reason":"stop"}]}' + b"\n\n",
        heard=said('你🎉\n"\\', 4),
    ),
    "characters of two, three and four bytes": Case(
        stream=event("é你好𝄞") + event("👩🏽‍🚀e\u0301", "stop") + DONE,
        heard=said("é你好𝄞👩🏽‍🚀e\u0301", 5),
    ),
    "a line separator inside the text": Case(
        stream=event("a\u2028b\u0085c", "stop"), heard=said("a\u2028b\u0085c", 4)
    ),
    "cut inside a line": Case(stream=A + B[:30], heard=failed(RelayCut, after="a ")),
    "cut inside a character": Case(
        stream=A + B[: B.index(b"\xc3") + 1], heard=failed(RelayCut, after="a ")
    ),
    "cut inside an event of several lines": Case(
        stream=A + b'data: {"model":\n', heard=failed(RelayCut, after="a ")
    ),
    "cut inside a keep-alive": Case(stream=A + b": keep", heard=failed(RelayCut, after="a ")),
    "cut inside [DONE]": case(A + B + END + b"data: [DO"),
    "cut after the reason, inside an event": case(A + B + END + b'data: {"choices":[],"us'),
    "a line past the limit": Case(
        stream=A + event("x" * 4000), heard=failed(RelayGarbage, "a line of over", after="a ")
    ),
    "an event past the limit": Case(
        stream=A + b'data: {"' + b"x" * 900 + b"\n" + (b"data: " + b"x" * 900 + b"\n") * 4,
        heard=failed(RelayGarbage, "an event of over 4000 bytes", after="a "),
    ),
}
