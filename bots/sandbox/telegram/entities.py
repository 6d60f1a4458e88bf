"""Entities that Telegram finds in a text by itself, and the checks of those that a bot gives.

Sources: tdlib/td MessageEntity.cpp (000da35), core.telegram.org/bots/api#messageentity
(read 2026-11).
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from bots.sandbox.telegram.failure import bad
from bots.sandbox.telegram.utf16 import places, units

Entity: TypeAlias = dict[str, Any]

LIMIT = 100
"""Further entities are dropped without a word (undocumented; seen by many)."""

FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"'，。！？）]+[^\s<>\"'.,;:!?)\]，。！？）])"
    r"|(?P<email>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>]))"
    r"|(?P<mention>(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w))"
    r"|(?P<hashtag>(?<![\w#])#(?=\w*[^\W\d_])\w{1,256}(?![\w#]))"
)
MARKS = ("@", "/", "#")

FORMATS = frozenset(
    {
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    }
)
COMPUTED = frozenset(
    {
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bank_card_number",
    }
)
CLOSED = frozenset(("code", "pre", "text_link", "text_mention"))
"""Nothing is found within these."""


def order(entity: Entity) -> tuple[int, int, bool]:
    """From the front, what holds others before them."""
    return entity["offset"], -entity["length"], "blockquote" not in entity["type"]


def find(text: str) -> list[Entity]:
    """Mentions, commands, addresses and hashtags, in their order."""
    if not any(mark in text for mark in MARKS):
        return []
    at = places(text)
    return [
        {
            "type": match.lastgroup,
            "offset": at[match.start()],
            "length": at[match.end()] - at[match.start()],
        }
        for match in FOUND.finditer(text)
    ]


def check(given: Any, text: str) -> list[Entity]:
    """A bot's own entities of a text, sorted, the ones that Telegram computes left out.

    Raises Refused for unknown types and for what lies outside the text.
    """
    if given is None:
        return []
    if not isinstance(given, list):
        raise bad("can't parse entities: Expected an Array of MessageEntity")
    kept = [entity for entity in map(_read, given) if entity["type"] not in COMPUTED]
    kept.sort(key=order)
    _check_range(kept, text)
    return _untangle(kept)


def combine(own: Sequence[Entity], text: str) -> list[Entity]:
    """A bot's entities and those found by Telegram, at most LIMIT."""
    closed = [entity for entity in own if entity["type"] in CLOSED]
    found = [entity for entity in find(text) if not any(_meet(entity, other) for other in closed)]
    if not found:
        return list(own[:LIMIT])
    return sorted((*own, *found), key=order)[:LIMIT]


def _read(given: Any) -> Entity:
    match given:
        case {"type": str(kind), "offset": int(), "length": int()}:
            if kind not in FORMATS and kind not in COMPUTED:
                raise bad("can't parse MessageEntity: Unsupported type specified")
            if kind == "text_link" and not given.get("url"):
                raise bad("can't parse MessageEntity: Can't find field \"url\"")
            return dict(given)
        case _:
            raise bad("can't parse MessageEntity: Field must be of type Number")


def _check_range(entities: Iterable[Entity], text: str) -> None:
    size = units(text)
    begins = frozenset(places(text)) if not text.isascii() else None
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if start < 0 or entity["length"] <= 0:
            raise bad("receive an entity with incorrect offset or length")
        if start >= size:
            raise bad(f"entity begins after the end of the text at UTF-16 offset {start}")
        if end > size:
            raise bad(
                f"entity beginning at UTF-16 offset {start} ends after the end of the text "
                f"at UTF-16 offset {end}"
            )
        if begins is not None and not {start, end} <= begins:
            raise bad(
                f"entity beginning at UTF-16 offset {start} begins or ends "
                "in a middle of a UTF-16 symbol"
            )


def _untangle(entities: Sequence[Entity]) -> list[Entity]:
    """Code holds no other format, and what only partly overlaps ends where the other does."""
    kept: list[Entity] = []
    for entity in entities:
        over = [other for other in kept if _meet(entity, other)]
        if over and (entity["type"] == "code" or any(o["type"] in ("code", "pre") for o in over)):
            continue
        ends = [other["offset"] + other["length"] for other in over]
        end = min([entity["offset"] + entity["length"], *ends])
        kept.append(entity | {"length": end - entity["offset"]})
    return kept


def _meet(one: Entity, other: Entity) -> bool:
    return bool(
        one["offset"] < other["offset"] + other["length"]
        and other["offset"] < one["offset"] + one["length"]
    )
