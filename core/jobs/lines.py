"""The lines that a batch and a fine-tuning job are made of. Pure; all raise RelayInvalid."""

from collections.abc import Container, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

import msgspec
from msgspec import Struct

from core.errors import RelayInvalid, RelayTooLarge
from core.model import Limit

ENDPOINT = "/v1/chat/completions"
PROBLEMS_TOLD = 10


class Line(Struct, frozen=True, kw_only=True):
    """One request of a batch. `raw` is the line itself, without its end."""

    custom_id: str
    model: str
    raw: bytes


class _Request(Struct):
    """A line as it must be (burn.hair's API page and OpenAI's API reference, November 2026)."""

    custom_id: str
    method: str
    url: str
    body: Mapping[str, Any]


_REQUEST = msgspec.json.Decoder(_Request)
_EXAMPLE = msgspec.json.Decoder(dict[str, Any])
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


def read_batch(content: bytes, file: str) -> tuple[Line, ...]:
    """The requests of a batch's input; `file` is its name, for what is said of problems."""
    problems: list[str] = []
    lines: dict[str, Line] = {}
    for number, raw in numbered(content):
        try:
            line = _line(raw, lines)
        except UNREADABLE as error:
            problems.append(f"{file}, line {number}: {error}")
        else:
            lines[line.custom_id] = line
    _tell(problems)
    if not lines:
        raise RelayInvalid(f"{file}: expected a request a line, got none. Write at least one.")
    return tuple(lines.values())


def _line(raw: bytes, earlier: Container[str]) -> Line:
    request = _REQUEST.decode(raw)
    if not request.custom_id:
        raise ValueError("expected a custom_id, got an empty one")
    if request.custom_id in earlier:
        raise ValueError(f'expected a custom_id of its own, got "{request.custom_id}" again')
    if request.method != "POST":
        raise ValueError(f'method: expected "POST", got "{request.method}"')
    if request.url != ENDPOINT:
        raise ValueError(f'url: expected "{ENDPOINT}", got "{request.url}"')
    messages = request.body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ValueError("body.messages: expected a list of messages, got none")
    model = request.body.get("model", "")
    if not isinstance(model, str) or not model:
        raise ValueError("body.model: expected a model's name, got none")
    return Line(custom_id=request.custom_id, model=model, raw=raw)


def read_examples(content: bytes, file: str) -> bytes:
    """A fine-tuning file as it is sent: one JSON object a line, blank lines left out."""
    problems: list[str] = []
    rows: list[bytes] = []
    for number, raw in numbered(content):
        try:
            _EXAMPLE.decode(raw)
        except UNREADABLE as error:
            problems.append(f"{file}, line {number}: {error}")
        rows.append(raw)
    _tell(problems)
    if not rows:
        raise RelayInvalid(f"{file}: expected an example a line, got none. Write at least one.")
    return joined(rows)


def _tell(problems: Sequence[str]) -> None:
    """Raise RelayInvalid with all problems, or the first of very many."""
    if not problems:
        return
    more = len(problems) - PROBLEMS_TOLD
    rest = [f"and {more} more lines"] if more > 0 else []
    raise RelayInvalid("\n".join([*problems[:PROBLEMS_TOLD], *rest, "Correct these lines."]))


def numbered(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each line that is not blank, with its number from 1. A byte order mark is left out."""
    for number, raw in enumerate(BytesIO(content.removeprefix(b"\xef\xbb\xbf")), 1):
        if line := raw.strip():
            yield number, line


def joined(rows: Sequence[bytes]) -> bytes:
    return b"\n".join(rows) + b"\n"


def batch_of(prompts: bytes, file: str, *, model: str, system: str = "") -> bytes:
    """A batch's input that asks each line of a text; custom_ids are line-1, line-2, …

    It is written as it is made: a line of two bytes becomes one of a hundred.
    """
    first = [{"role": "system", "content": system}] if system else []
    made = BytesIO()
    for number, raw in numbered(prompts):
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise RelayInvalid(
                f"{file}, line {number}: expected UTF-8, got other bytes. Save it as UTF-8."
            ) from error
        body = {"model": model, "messages": [*first, {"role": "user", "content": text}]}
        row = {"custom_id": f"line-{number}", "method": "POST", "url": ENDPOINT, "body": body}
        made.write(msgspec.json.encode(row))
        made.write(b"\n")
    if not made.tell():
        raise RelayInvalid(f"{file}: expected a prompt a line, got none. Write at least one.")
    return made.getvalue()


def parts(lines: Sequence[Line], limit: Limit, file: str) -> list[tuple[Line, ...]]:
    """The lines in as few batches as hold `limit` bytes each, in order. Raises RelayTooLarge."""
    made: list[list[Line]] = [[]]
    size = 0
    for line in lines:
        bytes_ = len(line.raw) + 1
        if limit != "unlimited" and bytes_ > limit:
            raise RelayTooLarge(
                f'{file}, "{line.custom_id}": expected at most {limit} bytes a batch, '
                f"got {bytes_} in one line. Shorten it.",
                got=bytes_,
                limit=limit,
            )
        if limit != "unlimited" and size + bytes_ > limit:
            made.append([])
            size = 0
        made[-1].append(line)
        size += bytes_
    return [tuple(part) for part in made]
