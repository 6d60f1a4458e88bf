"""Files as messages show them: PhotoSize, Voice, Audio, Video, Document and their like."""

import asyncio
from collections.abc import Mapping
from mimetypes import guess_type
from typing import Any, Literal, TypeAlias

from bots.sandbox.header import look
from bots.sandbox.png import encode_png
from bots.sandbox.telegram.chats import Raw
from bots.sandbox.telegram.files import Files, Stored
from bots.sandbox.town.town import Kind
from core.errors import MediaError
from core.sound import duration_s, sniff

MediaKind: TypeAlias = Literal[
    "photo", "voice", "audio", "video", "document", "sticker", "video_note", "animation"
]

LINE_KINDS: Mapping[str, Kind] = {
    "photo": "image",
    "voice": "voice",
    "audio": "audio",
    "video": "video",
    "document": "file",
    "sticker": "image",
    "video_note": "video",
    "animation": "video",
}
"""What each is in the town."""

SOUND_TYPES = {"ogg": "audio/ogg", "mp3": "audio/mpeg", "m4a": "audio/mp4"}
THUMB = 90
"""The longer side of the smallest size of a photo."""


async def show(files: Files, stored: Stored, told: Mapping[str, Any]) -> Any:
    """The value of a message's field of the file's kind. `told` is what the sender says of it."""
    content = files.content(stored)
    if stored.kind == "photo":
        return _sizes(files, stored, content)
    extra: Raw = {}
    match stored.kind:
        case "voice":
            extra = {"duration": await _length_s(content, told)}
        case "audio":
            extra = {name: told[name] for name in ("title", "performer") if told.get(name)}
            extra |= {"duration": await _length_s(content, told)}
        case "video" | "animation":
            extra = _frame(told)
        case "video_note":
            extra = {"length": int(told.get("length") or 240), "duration": _told_s(told)}
        case "sticker":
            extra = _sticker(content)
    return stored.shown() | _named(stored) | extra


def type_of(content: bytes, name: str, told: str = "") -> str:
    """A file's type: by its first bytes, else as its sender or its name says."""
    picture = look(content)
    if picture:
        return f"image/{picture.kind.lower()}"
    known = SOUND_TYPES.get(sniff(content), "")
    generic = told in ("", "application/octet-stream")
    return known or (told if not generic else guess_type(name)[0] or "application/octet-stream")


def is_voice(content: bytes) -> bool:
    """Whether Telegram plays it as a voice message (core.telegram.org/bots/api#sendvoice)."""
    match sniff(content):
        case "ogg":
            return b"OpusHead" in content[:200]
        case "mp3":
            return True
        case "m4a":
            return content[8:11] in (b"M4A", b"mp4", b"iso", b"dash"[:3])
        case _:
            return False


async def _length_s(content: bytes, told: Mapping[str, Any]) -> int:
    """As the sender says; else as the recording has it, 0 if it cannot be read."""
    if told.get("duration"):
        return _told_s(told)
    try:
        return round(await asyncio.to_thread(duration_s, content))
    except MediaError:
        return 0


def _told_s(told: Mapping[str, Any]) -> int:
    return int(float(told.get("duration") or 0))


def _named(stored: Stored) -> Raw:
    match stored.kind:
        case "voice":
            named = {"mime_type": stored.mime}
        case "sticker" | "video_note":
            named = {}
        case _:
            named = {"file_name": stored.name, "mime_type": stored.mime}
    return {name: value for name, value in named.items() if value}


def _frame(told: Mapping[str, Any]) -> Raw:
    width, height = int(told.get("width") or 640), int(told.get("height") or 360)
    return {"width": width, "height": height, "duration": _told_s(told)}


def _sticker(content: bytes) -> Raw:
    seen = look(content)
    return {
        "type": "regular",
        "width": seen.width if seen else 512,
        "height": seen.height if seen else 512,
        "is_animated": False,
        "is_video": False,
        "emoji": "🙂",
    }


def _sizes(files: Files, stored: Stored, content: bytes) -> list[Raw]:
    """The smallest size is another picture, so that nobody takes it for the photo."""
    seen = look(content)
    if seen is None:
        return [stored.shown() | {"width": 0, "height": 0}]
    whole = stored.shown() | {"width": seen.width, "height": seen.height}
    longer = max(seen.width, seen.height)
    if longer <= THUMB:
        return [whole]
    width, height = (max(1, side * THUMB // longer) for side in (seen.width, seen.height))
    thumb = encode_png(width, height, (b"\x99\xaa\xbb" * width for _ in range(height)))
    small = files.put(thumb, "photo", name="thumb.jpg", mime="image/jpeg")
    return [small.shown() | {"width": width, "height": height}, whole]
