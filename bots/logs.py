"""Structured logs on standard error: one line an event, and never a secret."""

import base64
import json
import logging
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit

import msgspec

from core.secret import Secret
from core.trace import TRACE

log = logging.getLogger(__name__)

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

QUIET = (
    "uvicorn", "apscheduler", "asyncio", "aiohttp", "websockets", "alembic", "httpx", "telegram",
    "markdown_it", "filelock",
)  # fmt: skip
"""Libraries that speak only up from warnings: below, they may print addresses with tokens
and what people say, or a hundred lines a message."""


def set_up(level: Level, form: Format, secrets: Iterable[Secret]) -> None:
    """Log to standard error from now on. Secrets are struck out wherever they turn up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(form, [s.reveal() for s in secrets if s]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(is_news)


def log_uncaught() -> None:
    """What nobody caught, and warnings, are lines of the log from now on.

    Python itself would print them as they are, with whatever secret an error may hold.
    """
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("an error ends the process", exc_info=(kind, error, trace))


def _uncaught_in_thread(given: threading.ExceptHookArgs) -> None:
    if given.exc_value is None or issubclass(given.exc_type, SystemExit):
        return
    failure = (given.exc_type, given.exc_value, given.exc_traceback)
    name = given.thread.name if given.thread else "?"
    log.error("an error ends the thread %s", name, exc_info=failure)


def _unraisable(given: "sys.UnraisableHookArgs") -> None:
    if given.exc_value is None:
        return
    failure = (given.exc_type, given.exc_value, given.exc_traceback)
    log.error("an error where none can be raised", exc_info=failure)


def is_news(record: logging.LogRecord) -> bool:
    """False for what uvicorn 0.54 says of each WebSocket that was refused with an answer, as if
    there had been none; who refused it has said so."""
    return record.getMessage() != "ASGI callable returned without completing handshake."


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
        case dict():
            for item in value.values():
                yield from secrets_in(item)


class LineFormatter(logging.Formatter):
    """`fields` given with `extra=` become keys of the line.

    Secrets are struck out before anything is encoded, which would hide them. As
    text, only a traceback has lines of its own, and those are indented.
    """

    def __init__(self, form: Format, secrets: Iterable[str]) -> None:
        super().__init__()
        self._json = form == "json"
        spelt = {spelling for secret in secrets for spelling in _spellings(secret)} - {""}
        self._secrets = sorted(spelt, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = self._clean(record.getMessage())
        fields = {name: self._value(value) for name, value in _fields(record).items()}
        error = self._clean(self.formatException(record.exc_info)) if record.exc_info else ""
        if self._json:
            line = {"at": at, "level": record.levelname.lower(), "event": message}
            line |= {"from": record.name, **fields} | ({"error": error} if error else {})
            return msgspec.json.encode(line).decode()
        told = " ".join(f"{name}={value}" for name, value in fields.items())
        text = _on_one_line(f"{at} {record.levelname:7} {message} {told}".rstrip())
        return f"{text}\n{_indented(error)}" if error else text

    def _value(self, value: object) -> Any:
        plain = value is None or isinstance(value, int | float)
        return value if plain else self._clean(str(value))

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    fields: Mapping[str, object] = getattr(record, "fields", {})
    trace = TRACE.get()
    return {"trace": trace, **fields} if trace else fields


def _spellings(secret: str) -> Iterator[str]:
    """As it is, as Python, JSON and addresses quote it; of an address with a login, the
    password too, and the login as a header has it."""
    yield from (secret, repr(secret)[1:-1], ascii(secret)[1:-1], quote(secret, safe=""))
    yield from (json.dumps(secret, ensure_ascii=pure)[1:-1] for pure in (True, False))
    try:
        parts = urlsplit(secret)
    except ValueError:  # no address
        return
    if parts.password:
        password = unquote(parts.password)
        login = f"{unquote(parts.username or '')}:{password}"
        yield from (parts.password, password, quote(password, safe=""))
        yield base64.b64encode(login.encode()).decode()


def _indented(error: str) -> str:
    return "\n".join(f"  {_on_one_line(line)}" for line in error.splitlines())


def _on_one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
