"""An answer told at a terminal: text on standard output, the rest on standard error."""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from core.amounts import dollars, nano_of
from core.errors import ConfigError
from core.quota.balance import NANO_PER_QUOTA
from core.response import (
    AccountStat,
    Batch,
    Chat,
    Completion,
    Embeddings,
    File,
    FileContent,
    FineTune,
    Images,
    KeyQuota,
    Models,
    Speech,
    TokenStat,
    Transcription,
    UserStat,
)

SECRET_FIELDS = ("key_hash",)
STDOUT = Path("-")
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}


def tell(answer: Struct, options: argparse.Namespace) -> None:
    """Print the answer, save its files. Raises ConfigError for a place that takes none."""
    save(answer, options)
    if options.json or getattr(options, "format", "") == "verbose_json":
        say(json.dumps(plain(answer), ensure_ascii=False, indent=2))
        return
    match answer:
        case Chat(text=text, alternatives=others):
            say("\n\n".join((text, *others)))
        case Completion(texts=texts):
            say("\n\n".join(texts))
        case Embeddings(vectors=vectors):
            say("\n".join(json.dumps(vector) for vector in vectors))
        case Transcription(text=text):
            say(text)
        case Models(models=models):
            fitting = (one.id for one in models if options.match.lower() in one.id.lower())
            say("\n".join(fitting))
        case UserStat(account=account, tokens=tokens):
            say("\n".join((*account_lines(account), *map(token_line, tokens))))
        case KeyQuota():
            say("\n".join(quota_lines(answer)))
        case File() | Batch() | FineTune():
            say("\n".join(field_lines(answer)))


def say(text: str) -> None:
    if text:
        sys.stdout.write(f"{text}\n")


def field_lines(answer: Struct) -> Iterator[str]:
    for name, value in plain(answer).items():
        if value not in ("", None, []):
            yield f"{name}: {', '.join(value) if isinstance(value, list) else value}"


def account_lines(account: AccountStat) -> Iterator[str]:
    for name in ("free", "bonus", "paid", "total", "used"):
        yield f"{name}: {quota_dollars(getattr(account, f'{name}_quota'))}"
    yield f"requests: {account.request_count}"


def token_line(token: TokenStat) -> str:
    """A remainder means nothing while the token is unlimited."""
    left = "unlimited" if token.unlimited else f"{quota_dollars(token.remain_quota)} left"
    own = ", the key of these calls" if token.own else ""
    return (
        f"token {token.name}: {token.status}, {quota_dollars(token.used_quota)} used, {left}{own}"
    )


def quota_lines(quota: KeyQuota) -> Iterator[str]:
    for name in ("granted", "used", "remaining"):
        yield f"{name}: {quota_figure(quota, name)}"
    yield f"expires: {'never' if quota.expires_at is None else quota.expires_at.isoformat()}"
    yield f"told by: {quota.source}"


def quota_figure(quota: KeyQuota, name: str) -> str:
    """Of granted, used or remaining: dollars where the relay's unit is known."""
    told, usd = getattr(quota, name), getattr(quota, f"{name}_usd")
    if told is None:
        return "unlimited"
    return f"{told:g} of an unknown unit" if usd is None else dollars(nano_of(usd))


def quota_dollars(quota: int) -> str:
    return dollars(quota * NANO_PER_QUOTA)


def tell_figures(answer: Struct, took_s: float) -> None:
    """Model, tokens and time, on standard error."""
    told = [f"{took_s:.2f} s"]
    usage = getattr(answer, "usage", None)
    if usage is not None:
        about = " (estimated)" if usage.estimated else ""
        told.insert(0, f"{usage.prompt_tokens} + {usage.completion_tokens} tokens{about}")
    if model := getattr(answer, "model", ""):
        told.insert(0, str(model))
    if revised := getattr(answer, "revised_prompt", ""):
        sys.stderr.write(f"drawn as: {revised}\n")
    sys.stderr.write(f"{', '.join(told)}\n")


def plain(value: object) -> Any:
    """As JSON has it: bytes as their number, times in ISO 8601; no secret, nor its hash."""
    match value:
        case Struct():
            return {
                f"{name}_bytes" if isinstance(inner, bytes) else name: plain(inner)
                for name in value.__struct_fields__
                if name not in SECRET_FIELDS
                for inner in [getattr(value, name)]
            }
        case bytes():
            return len(value)
        case tuple():
            return [plain(inner) for inner in value]
        case datetime():
            return value.isoformat()
        case _:
            return value


# -- files ------------------------------------------------------------------------


def save(answer: Struct, options: argparse.Namespace) -> None:
    match answer:
        case Images(images=images):
            for number, image in enumerate(images):
                usual = f"picture.{ENDINGS.get(image.mime, 'png')}"
                keep(place_of(options.output, usual, number), image.content)
        case Speech(content=content):
            keep(place_of(options.output, f"speech.{options.format}"), content)
        case FileContent(content=content) if not options.json or options.output:
            keep(options.output or STDOUT, content)


def place_of(given: Path | None, usual: str, number: int = 0) -> Path:
    """A file that is named may be written over; the usual one may not."""
    if given is None:
        return unused(Path(usual))
    if given.is_dir():
        return unused(given / usual)
    return given if number == 0 else numbered(given, number + 1)


def unused(place: Path) -> Path:
    number, free = 1, place
    while free.exists():
        number += 1
        free = numbered(place, number)
    return free


def numbered(place: Path, number: int) -> Path:
    return place.with_name(f"{place.stem}-{number}{place.suffix}")


def keep(place: Path, content: bytes) -> None:
    if place == STDOUT:
        sys.stdout.buffer.write(content)
        return
    try:
        place.write_bytes(content)
    except OSError as error:
        raise ConfigError(
            f"{place}: expected a file to write, got: {error.strerror}. Choose another, -o PATH."
        ) from error
    sys.stderr.write(f"{place}: {len(content)} bytes\n")
