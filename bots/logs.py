"""Structured logs on standard error: one line an event, and never a secret."""

import logging
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal

import msgspec

from core.secret import Secret

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

QUIET = ("uvicorn", "apscheduler", "asyncio", "aiohttp", "websockets", "alembic", "httpx")
"""Libraries that speak only up from warnings: below, they may print addresses with tokens."""


def set_up(level: Level, form: Format, secrets: Iterable[Secret]) -> None:
    """Log to standard error from now on. Secrets are struck out wherever they turn up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(form, [s.reveal() for s in secrets if s]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def secrets_in(value: object) -> Iterator[Secret]:
    """Every secret in a configuration, however deep."""
    match value:
        case Secret():
            yield value
        case msgspec.Struct():
            for name in value.__struct_fields__:
                yield from secrets_in(getattr(value, name))
        case tuple() | list():
            for item in value:
                yield from secrets_in(item)


class LineFormatter(logging.Formatter):
    """`fields` given with `extra=` become keys of the line."""

    def __init__(self, form: Format, secrets: Iterable[str]) -> None:
        super().__init__()
        self._json = form == "json"
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, object] = getattr(record, "fields", {})
        error = self.formatException(record.exc_info) if record.exc_info else ""
        if self._json:
            line = self._as_json(record, at, fields, error)
        else:
            told = " ".join(f"{name}={value}" for name, value in fields.items())
            line = f"{at} {record.levelname:7} {record.getMessage()} {told}".rstrip()
            line = f"{line}\n{error}" if error else line
        for secret in self._secrets:
            line = line.replace(secret, "…")
        return line

    def _as_json(
        self, record: logging.LogRecord, at: str, fields: dict[str, object], error: str
    ) -> str:
        line: dict[str, object] = {
            "at": at,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "from": record.name,
            **fields,
        }
        if error:
            line["error"] = error
        return msgspec.json.encode(line, enc_hook=str).decode()
