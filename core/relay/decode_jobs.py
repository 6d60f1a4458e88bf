"""Files, batches and fine-tuning jobs from bytes. Pure; all raise RelayError."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
from msgspec import Struct

from core.errors import RelayError
from core.relay.decode import COMPLAINT_BYTES, Answer, Whole, read_answer, unreadable
from core.relay.failure import UNREADABLE, Origin, complaint_of, refusal
from core.response import Batch, BatchState, File, FileContent, FineTune

_STATES: dict[str, BatchState] = {state: state for state in get_args(BatchState)} | {
    "complete": "completed"
}


class _FileAnswer(Answer):
    id: str | None = None
    filename: str = ""
    purpose: str = ""
    bytes: Whole = 0
    status: str | None = None
    created_at: int | float | None = None


class _Counts(Struct):
    total: Whole = 0
    completed: Whole = 0
    failed: Whole = 0


class _BatchAnswer(Answer):
    id: str | None = None
    status: str | None = None
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_at: int | float | None = None
    completed_at: int | float | None = None
    expires_at: int | float | None = None
    request_counts: _Counts | None = None
    errors: Any = None


class _FineTuneAnswer(Struct):
    """Without Answer's fields: a job has an `error` of its own."""

    id: str | None = None
    status: str | None = None
    model: str | None = None
    training_file: str | None = None
    fine_tuned_model: str | None = None
    trained_tokens: int | float | None = None
    created_at: int | float | None = None
    finished_at: int | float | None = None
    error: Any = None


MOST_TOKENS = 2**53
"""Beyond it a figure is no count: SQLite and JSON keep no more exactly."""

_FILE = msgspec.json.Decoder(_FileAnswer, strict=False)
_BATCH = msgspec.json.Decoder(_BatchAnswer, strict=False)
_FINE_TUNE = msgspec.json.Decoder(_FineTuneAnswer, strict=False)


def decode_file(body: bytes, origin: Origin) -> File:
    answer = read_answer(body, _FILE, origin)
    if not answer.id:
        raise unreadable(body, origin)
    return File(
        id=answer.id,
        filename=answer.filename,
        purpose=answer.purpose,
        size_bytes=answer.bytes,
        status=answer.status or "",
        created_at=_time(answer.created_at, origin),
    )


def decode_file_content(body: bytes, content_type: str, origin: Origin) -> FileContent:
    """The file as it is. A complaint in its place is one JSON object, which no batch wrote."""
    if content_type == "text/html":
        raise origin.garbage("a page in place of a file", origin.excerpt(body))
    complaint = _only_complaint(body, origin)
    if complaint is not None:
        raise complaint
    return FileContent(content=body)


def _only_complaint(body: bytes, origin: Origin) -> RelayError | None:
    if len(body) > COMPLAINT_BYTES or not body.lstrip().startswith(b"{"):
        return None
    try:
        told = msgspec.json.decode(body)
    except UNREADABLE:
        return None
    if "custom_id" in told:
        return None
    complaint = complaint_of(told, envelope=origin.envelope)
    return refusal(origin, 200, complaint) if complaint else None


def decode_batch(body: bytes, origin: Origin) -> Batch:
    answer = read_answer(body, _BATCH, origin)
    if not answer.id or answer.status is None:
        raise unreadable(body, origin)
    if answer.status not in _STATES:
        raise origin.garbage("a batch in an unknown state", answer.status)
    counts = answer.request_counts or _Counts()
    return Batch(
        id=answer.id,
        state=_STATES[answer.status],
        input_file_id=answer.input_file_id or "",
        output_file_id=answer.output_file_id or "",
        error_file_id=answer.error_file_id or "",
        created_at=_time(answer.created_at, origin),
        completed_at=_time(answer.completed_at, origin),
        expires_at=_time(answer.expires_at, origin),
        total=counts.total,
        completed=counts.completed,
        failed=counts.failed,
        errors=_errors(answer.errors),
    )


def decode_fine_tune(body: bytes, origin: Origin) -> FineTune:
    try:
        answer = _FINE_TUNE.decode(body)
    except UNREADABLE as error:
        raise unreadable(body, origin) from error
    if not answer.id or not answer.status:
        raise unreadable(body, origin)
    return FineTune(
        id=answer.id,
        state=answer.status,
        model=answer.model or "",
        training_file=answer.training_file or "",
        fine_tuned_model=answer.fine_tuned_model or "",
        trained_tokens=_count(answer.trained_tokens),
        created_at=_time(answer.created_at, origin),
        finished_at=_time(answer.finished_at, origin),
        error=_words(answer.error),
    )


def _errors(told: Any) -> tuple[str, ...]:
    """OpenAI's list of a code, a message and a line; relays have null or texts too."""
    rows = told.get("data") if isinstance(told, Mapping) else told
    if not isinstance(rows, list):
        rows = [told]
    return tuple(filter(None, map(_words, rows)))


def _words(told: Any) -> str:
    match told:
        case str():
            return told
        case {"message": str(message), "line": int(line)}:
            return f"line {line}: {message}"
        case {"message": str(message)} if message:
            return message
        case {"code": str(code)} if code:
            return code
    return ""


def _count(told: float | None) -> int | None:
    """None where it is none that could be kept."""
    return int(told) if told is not None and 0 <= told < MOST_TOKENS else None


def _time(seconds: float | None, origin: Origin) -> datetime | None:
    """Seconds since 1970; none for null and for 0."""
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise origin.garbage("a time that is none", str(seconds)) from error
