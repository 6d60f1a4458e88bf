"""A batch's output, matched to what was asked by custom_id alone. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from core.jobs.lines import Line, numbered
from core.relay.decode import TokenCount
from core.response import Usage
from core.tokens import estimate_tokens


class BatchAnswer(Struct, frozen=True, kw_only=True):
    """What one request got: a text, or the reason why there is none. Its line in the output."""

    custom_id: str
    text: str = ""
    usage: Usage | None = None
    error: str | None = None


class Matched(Struct, frozen=True, kw_only=True):
    """An answer for each line of the input, in its order.

    `missing` have none in the output; `strange` lines of it answer nothing that was asked,
    and `unreadable` ones are not of the form.
    """

    answers: tuple[BatchAnswer, ...]
    missing: tuple[str, ...] = ()
    strange: int = 0
    unreadable: int = 0

    @property
    def refused(self) -> int:
        return sum(answer.error is not None for answer in self.answers) - len(self.missing)


class _Message(Struct):
    content: str | None = None


class _Choice(Struct):
    message: _Message


class _Body(Struct):
    choices: list[_Choice] | None = None
    usage: TokenCount | None = None
    error: Any = None


class _Response(Struct):
    status_code: int = 200
    body: _Body | None = None


class _Row(Struct):
    custom_id: str
    response: _Response | None = None
    error: Any = None


_ROW = msgspec.json.Decoder(_Row, strict=False)
MISSING = "missing from the output"


def match(lines: Sequence[Line], *outputs: bytes) -> Matched:
    """Output and error file together. Of two answers to one line the first good one counts."""
    asked = {line.custom_id: line for line in lines}
    found: dict[str, BatchAnswer] = {}
    strange = unreadable = 0
    for _, raw in (row for output in outputs for row in numbered(output)):
        try:
            row = _ROW.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            unreadable += 1
            continue
        if row.custom_id not in asked:
            strange += 1
        elif row.custom_id not in found or found[row.custom_id].error is not None:
            found[row.custom_id] = _answer(row, asked[row.custom_id])
    missing = tuple(name for name in asked if name not in found)
    gaps = {name: BatchAnswer(custom_id=name, error=MISSING) for name in missing}
    return Matched(
        answers=tuple((found | gaps)[name] for name in asked),
        missing=missing,
        strange=strange,
        unreadable=unreadable,
    )


def _answer(row: _Row, line: Line) -> BatchAnswer:
    response = row.response or _Response()
    body = response.body or _Body()
    complaint = row.error or body.error
    if complaint or response.status_code >= 400 or not body.choices:
        words = _words(complaint) or f"status {response.status_code} and no answer"
        return BatchAnswer(custom_id=row.custom_id, error=words)
    text = body.choices[0].message.content or ""
    return BatchAnswer(custom_id=row.custom_id, text=text, usage=_usage(body.usage, line, text))


def _words(complaint: Any) -> str:
    match complaint:
        case {"message": str(message)} if message:
            return message
        case str():
            return complaint
        case None:
            return ""
        case _:
            return msgspec.json.encode(complaint).decode()


def _usage(told: TokenCount | None, line: Line, text: str) -> Usage:
    if told:
        return told.usage()
    body = msgspec.json.decode(line.raw)["body"]
    contents = (m.get("content") for m in body["messages"] if isinstance(m, dict))
    said = sum(estimate_tokens(content) for content in contents if isinstance(content, str))
    return Usage(prompt_tokens=said, completion_tokens=estimate_tokens(text), estimated=True)


def as_jsonl(answers: Iterable[BatchAnswer]) -> bytes:
    """{"custom_id", "text", "usage", "error"} a line."""
    return b"".join(msgspec.json.encode(answer) + b"\n" for answer in answers)
