"""A bot's text as Telegram takes it: parsed, trimmed, its entities checked and completed."""

from typing import Any

from msgspec import Struct

from bots.sandbox.telegram.call import Call
from bots.sandbox.telegram.entities import Entity, check, combine
from bots.sandbox.telegram.failure import bad
from bots.sandbox.telegram.html import parse_html
from bots.sandbox.telegram.markdown import parse_markdown
from bots.sandbox.telegram.utf16 import units

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
"""After entities were parsed (core.telegram.org/bots/api, read 2026-11). "Characters" there;
counted here in UTF-16 units, the strict reading."""


class Formatted(Struct, frozen=True, kw_only=True):
    text: str
    entities: list[Entity]


def message_text(call: Call, name: str = "text", *, may_be_empty: bool = False) -> Formatted:
    """Raises Refused."""
    made = format_text(call.text(name), call.text("parse_mode"), call.json("entities"))
    if units(made.text) > TEXT_LIMIT:
        raise bad("message is too long")
    if not made.text and not may_be_empty:
        raise bad("message text is empty")
    return made


def caption(text: str, parse_mode: str, entities: Any) -> Formatted:
    """Raises Refused."""
    made = format_text(text, parse_mode, entities)
    if units(made.text) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return made


def format_text(text: str, parse_mode: str, entities: Any) -> Formatted:
    """Raises Refused. A `parse_mode` makes the given entities void."""
    match parse_mode.lower():
        case "":
            own = check(entities, text)
        case "html":
            text, own = parse_html(text)
        case "markdownv2":
            text, own = parse_markdown(text)
        case _:
            raise bad("unsupported parse_mode")
    text, own = _trim(text, own)
    return Formatted(text=text, entities=combine(own, text))


def _trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """White space goes, but in front only up to the first entity."""
    ended = text.rstrip()
    first = min((entity["offset"] for entity in entities), default=len(ended))
    front = min(len(ended) - len(ended.lstrip()), first)
    kept = ended[front:]
    if len(kept) == len(text):
        return text, entities
    size = units(kept)
    moved = [_move(entity, front, size) for entity in entities]
    return kept, [entity for entity in moved if entity["length"] > 0]


def _move(entity: Entity, by: int, size: int) -> Entity:
    offset = entity["offset"] - by
    return entity | {"offset": offset, "length": min(entity["length"], size - offset)}
