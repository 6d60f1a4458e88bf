"""A batch's file, line by line: what is asked, and what is answered."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from bots.sandbox.failure import Refusal, decode
from bots.sandbox.jsonlines import split_lines
from bots.sandbox.usage import Reply

LINES_AT_MOST = 50_000
ERRORS_TOLD = 100

Answerer: TypeAlias = Callable[[bytes, datetime], Reply]
"""Answers one request's body, at a time. Raises Refusal."""


class BatchLine(Struct, frozen=True, kw_only=True):
    """One request; `body` is its JSON as it came."""

    custom_id: Annotated[str, Meta(min_length=1)]
    method: Literal["POST"]
    url: str
    body: msgspec.Raw


class Outcome(Struct, frozen=True, kw_only=True):
    """One line's answer as its file tells it; `refused` ones go to the error file."""

    row: dict[str, object]
    refused: bool
    units: int = 0


def read_batch(
    content: bytes, endpoint: str
) -> tuple[Sequence[BatchLine], Sequence[dict[str, object]]]:
    """The lines, and what is wrong with them as a batch's `errors` tell it."""
    lines = split_lines(content)
    if len(lines) > LINES_AT_MOST:
        told = f"Expected at most {LINES_AT_MOST} lines, got {len(lines)}."
        return (), [_error("too_many_tasks", told)]
    decoder = msgspec.json.Decoder(BatchLine)
    seen: set[str] = set()
    read: list[BatchLine] = []
    errors: list[dict[str, object]] = []
    for number, content_of_line in lines:
        try:
            line = decode(content_of_line, decoder)
        except Refusal as refusal:
            told = refusal.message
            errors.append(_error(refusal.code or "invalid_value", told, number, refusal.param))
            continue
        errors.extend(_wrongs(line, number, endpoint, seen))
        seen.add(line.custom_id)
        read.append(line)
    return read, errors[:ERRORS_TOLD]


def _wrongs(
    line: BatchLine, number: int, endpoint: str, seen: set[str]
) -> Iterator[dict[str, object]]:
    if line.custom_id in seen:
        told = f"The custom_id '{line.custom_id}' is already in use by an earlier line."
        yield _error("duplicate_custom_id", told, number, "custom_id")
    if line.url != endpoint:
        told = f"Expected the batch's endpoint '{endpoint}', got '{line.url}'."
        yield _error("url_mismatch", told, number, "url")


def _error(
    code: str, message: str, line: int | None = None, param: str | None = None
) -> dict[str, object]:
    return {"code": code, "message": message, "line": line, "param": param}


def answer_line(line: BatchLine, name: str, answerer: Answerer, at: datetime) -> Outcome:
    """`name` makes the answer's ids."""
    units, status = 0, 200
    try:
        reply = answerer(bytes(line.body), at)
    except Refusal as refusal:
        status, body = refusal.status, refusal.body()
    else:
        body, units = reply.content, reply.units
    row: dict[str, object] = {
        "id": f"batch_req_{name}",
        "custom_id": line.custom_id,
        "response": {"status_code": status, "request_id": f"req_{name}", "body": body},
        "error": None,
    }
    return Outcome(row=row, refused=status >= 400, units=units)
