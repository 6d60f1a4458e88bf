"""What a shared page, mini programme or place says, as words. Pure; never raises."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

CARD_CHARS = 600
TITLES = ("title", "name", "nickname")
WORDS = ("desc", "summary", "address", "contact")
LINKS = ("qqdocurl", "jumpUrl", "url", "musicUrl")
ATTRIBUTE = re.compile(r'\b(brief|url)="([^"<>]{1,400})"')
ELEMENT = re.compile(r"<(title|summary)\b[^>]{0,200}>([^<]{1,400})<")


def card_text(data: object) -> str:
    """A `json` segment's card: its title, description and link, a line each."""
    card = _decoded(data)
    if not isinstance(card, Mapping):
        return "[卡片]"
    told = (*_inner(card.get("meta")), card)
    lines = (_first(told, TITLES), _first(told, WORDS), _first(told, LINKS))
    return _shown("卡片", [_text(card.get("prompt")), *lines])


def forward_in_card(data: object) -> str:
    """The id of the merged forward that some implementations give as a card; "" for none."""
    card = _decoded(data)
    if not isinstance(card, Mapping) or card.get("app") != "com.tencent.multimsg":
        return ""
    return _first((*_inner(card.get("meta")),), ("resid",))


def xml_text(data: object) -> str:
    """An `xml` segment's. It is looked through, not parsed: there is nothing to expand."""
    source = _text(data)[:20_000]
    found = {name: html.unescape(value) for name, value in ATTRIBUTE.findall(source)}
    found |= {name: html.unescape(value) for name, value in ELEMENT.findall(source)}
    return _shown("卡片", [found.get(name, "") for name in ("brief", "title", "summary", "url")])


def _decoded(data: object) -> object:
    if not isinstance(data, str | bytes):
        return data
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _inner(meta: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(meta, Mapping):
        yield from (value for value in meta.values() if isinstance(value, Mapping))


def _first(told: tuple[Mapping[str, Any], ...], names: tuple[str, ...]) -> str:
    values = (_text(one.get(name)) for one in told for name in names)
    return next(filter(None, values), "")


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _shown(kind: str, lines: list[str]) -> str:
    different = dict.fromkeys(line for line in lines if line)
    return "\n".join([f"[{kind}]", *different])[:CARD_CHARS]
