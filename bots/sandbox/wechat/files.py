"""Temporary media: what people send and accounts upload, for three days.

developers.weixin.qq.com/doc/subscription/api/material/temporary/api_uploadtempmedia,
read 2026-11. It tells 2 MB and 10 MB for images; the smaller binds here.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from bots.sandbox.wechat.refusal import Denied
from core.errors import MediaError
from core.sound import duration_s, sniff

FileKind: TypeAlias = Literal["image", "voice", "video", "thumb"]

LIFE = timedelta(days=3)
HELD_BYTES = 256 * 2**20
VOICE_S = 60.5
"""60 s, and the last frames that a recorder adds."""


class Rule(Struct, frozen=True, kw_only=True):
    mimes: frozenset[str]
    limit_bytes: int
    too_large: int
    """The error code."""


RULES: Mapping[FileKind, Rule] = {
    "image": Rule(
        mimes=frozenset({"image/png", "image/jpeg", "image/gif"}),
        limit_bytes=2 * 2**20,
        too_large=40009,
    ),
    "voice": Rule(
        mimes=frozenset({"voice/amr", "audio/mpeg"}), limit_bytes=2 * 2**20, too_large=40010
    ),
    "video": Rule(mimes=frozenset({"video/mp4"}), limit_bytes=10 * 2**20, too_large=40011),
    "thumb": Rule(mimes=frozenset({"image/jpeg"}), limit_bytes=64 * 2**10, too_large=40012),
}
SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "voice/amr": "amr",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
}
IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


class File(Struct, frozen=True, kw_only=True):
    media_id: str
    kind: FileKind
    content: bytes
    mime: str
    at: datetime

    @property
    def name(self) -> str:
        return f"{self.media_id[:24]}.{SUFFIXES.get(self.mime, 'bin')}"


class Files:
    """The oldest go when it gets too much for this machine."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._held: OrderedDict[str, File] = OrderedDict()
        self._bytes = 0

    def keep(self, kind: FileKind, content: bytes, mime: str = "") -> File:
        """Take a file without a question, as from a person's own app."""
        file = File(
            media_id=secrets.token_urlsafe(48),
            kind=kind,
            content=content,
            mime=mime or mime_of(content),
            at=self._now(),
        )
        self._held[file.media_id] = file
        self._bytes += len(content)
        while self._bytes > HELD_BYTES and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            self._bytes -= len(dropped.content)
        return file

    def get(self, media_id: str) -> File | None:
        """None for one that never was, and after three days."""
        file = self._held.get(media_id)
        return file if file and self._now() - file.at < LIFE else None


def file_kind(name: str) -> FileKind:
    """Raises Denied."""
    for kind in get_args(FileKind):
        if name == kind:
            return kind  # type: ignore[no-any-return]
    raise Denied(40004)


def check(kind: FileKind, content: bytes) -> str:
    """The type of an uploaded file. Raises Denied. Blocks while it reads sound."""
    rule = RULES[kind]
    if not content:
        raise Denied(44001)
    mime = mime_of(content)
    if mime not in rule.mimes:
        raise Denied(40005, f"{kind} of {mime or 'unknown type'}")
    if len(content) > rule.limit_bytes:
        raise Denied(rule.too_large)
    if kind == "voice" and _length_s(content) > VOICE_S:
        raise Denied(rule.too_large, "over 60 s")
    return mime


def mime_of(content: bytes) -> str:
    """By the first bytes; "" for what is not known."""
    for magic, mime in IMAGES:
        if content.startswith(magic):
            return mime
    match sniff(content):
        case "amr":
            return "voice/amr"
        case "mp3":
            return "audio/mpeg"
        case "m4a":
            return "video/mp4"
        case _:
            return ""


def _length_s(content: bytes) -> float:
    try:
        return duration_s(content)
    except MediaError as error:
        raise Denied(40005, str(error)) from error
