"""What a person says, as their app would send it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from bots.sandbox.header import look
from bots.sandbox.telegram.chats import Raw
from bots.sandbox.telegram.entities import Entity, combine
from bots.sandbox.telegram.files import Files, Stored
from bots.sandbox.telegram.formatted import TEXT_LIMIT
from bots.sandbox.telegram.media import LINE_KINDS, is_voice, show, type_of
from bots.sandbox.telegram.utf16 import places, units
from bots.sandbox.town.town import Kind, Unspoken, Utterance
from core.errors import MediaError
from core.sound import sniff, to_ogg_opus

KINDS: Mapping[str, str] = {
    "image": "photo",
    "voice": "voice",
    "audio": "audio",
    "video": "video",
    "file": "document",
}


class Composed(Struct, frozen=True, kw_only=True):
    """Fields of a Message, and what the town notes of them."""

    fields: Raw
    text: str
    kind: Kind = "text"
    file: str = ""
    mime: str = ""


async def compose(
    said: Utterance, files: Files, username: str, user: Callable[[str], Raw], kind: str = ""
) -> Composed:
    """`kind` is Telegram's own, for what the town has no word for; `user` tells who somebody is.

    Raises Unspoken.
    """
    text = f"@{username} {said.text}".strip() if said.mention else said.text.strip()
    named = _named(text, said.names, user)
    if said.kind == "text":
        return Composed(fields=_text(text, named), text=text)
    kind = kind or KINDS.get(said.kind, "")
    if not kind:
        raise Unspoken(f"nobody can say a {said.kind} on Telegram")
    if not said.content:
        raise Unspoken(f"expected the {said.kind}'s content, got none")
    stored = await _store(said, kind, files)
    fields: dict[str, Any] = {kind: await show(files, stored, {})}
    if text:
        fields["caption"] = text
        fields |= {"caption_entities": found} if (found := combine(named, text)) else {}
    return Composed(
        fields=fields, text=text, kind=LINE_KINDS[kind], file=stored.content, mime=stored.mime
    )


def _named(text: str, names: Mapping[str, str], user: Callable[[str], Raw]) -> list[Entity]:
    at = places(text)
    return [
        {
            "type": "text_mention",
            "offset": at[text.index(words)],
            "length": units(words),
            "user": user(person),
        }
        for words, person in names.items()
    ]


def _text(text: str, named: Sequence[Entity]) -> Raw:
    if not text:
        raise Unspoken("expected some text, got none")
    if units(text) > TEXT_LIMIT:
        raise Unspoken(f"a message on Telegram has at most {TEXT_LIMIT} characters")
    found = combine(named, text)
    return {"text": text, "entities": found} if found else {"text": text}


async def _store(said: Utterance, kind: str, files: Files) -> Stored:
    content, name = said.content, said.name
    match kind:
        case "photo" if look(content) is None:
            raise Unspoken("expected a picture (PNG, JPEG, WebP, GIF or BMP), got something else")
        case "photo":
            name = "photo.jpg"
        case "voice":
            content, name = await _recorded(content), "voice.oga"
        case "audio" if not sniff(content):
            raise Unspoken("expected a recording, got something else")
    mime = "audio/ogg" if kind == "voice" else type_of(content, name)
    return files.put(content, kind, name=name, mime=mime)


async def _recorded(content: bytes) -> bytes:
    """As Telegram's apps record: Opus in OGG."""
    if sniff(content) == "ogg" and is_voice(content):
        return content
    try:
        return await asyncio.to_thread(to_ogg_opus, content)
    except MediaError as error:
        raise Unspoken(str(error)) from error
