"""parse_mode HTML (core.telegram.org/bots/api#html-style, read 2026-11)."""

import re
from html import unescape

from msgspec import Struct

from bots.sandbox.telegram.entities import Entity, order
from bots.sandbox.telegram.failure import bad
from bots.sandbox.telegram.utf16 import units

PIECE = re.compile(r"<(?P<close>/?)(?P<name>[a-zA-Z0-9-]*)(?P<rest>[^<>]*)>|(?P<open><)")
ATTRIBUTE = re.compile(r"""([a-zA-Z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
ESCAPE = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|lt|gt|amp|quot);")

PLAIN = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
}


class Open(Struct, kw_only=True):
    """A tag that waits for its end."""

    name: str
    start: int
    entity: Entity


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The text without its tags, and their entities. Raises Refused."""
    text = ""
    size = at = 0
    stack: list[Open] = []
    entities: list[Entity] = []
    for match in PIECE.finditer(source):
        piece = _plain(source[at : match.start()])
        text, size, at = text + piece, size + units(piece), match.end()
        byte = len(source[: match.start()].encode())
        if match["open"]:
            raise bad(f"can't parse entities: Unclosed start tag at byte offset {byte}")
        if match["close"]:
            _close(stack, match["name"].lower(), byte, size, entities)
        else:
            entity = _entity(match["name"].lower(), match["rest"], byte, stack)
            stack.append(Open(name=match["name"].lower(), start=size, entity=entity))
    if stack:
        raise bad(
            f"can't parse entities: Can't find end tag corresponding to start tag {stack[-1].name}"
        )
    entities.sort(key=order)
    return text + _plain(source[at:]), entities


def _close(stack: list[Open], name: str, byte: int, size: int, entities: list[Entity]) -> None:
    if not stack:
        raise bad(f"can't parse entities: Unexpected end tag at byte offset {byte}")
    last = stack.pop()
    if name not in ("", last.name):
        raise bad(
            f"can't parse entities: Unmatched end tag at byte offset {byte}, "
            f'expected "</{last.name}>", found "</{name}>"'
        )
    if last.entity and size > last.start:
        entities.append(last.entity | {"offset": last.start, "length": size - last.start})


def _entity(name: str, rest: str, byte: int, stack: list[Open]) -> Entity:
    """The tag's entity without its place; {} for a tag that only adds to another."""
    told = {key.lower(): unescape(a or b or c or "") for key, a, b, c in ATTRIBUTE.findall(rest)}
    match name:
        case "code" if stack and stack[-1].name == "pre":
            language = told.get("class", "").removeprefix("language-")
            stack[-1].entity |= {"language": language} if language else {}
            return {}
        case _ if name in PLAIN:
            return {"type": PLAIN[name]}
        case "span" if told.get("class") == "tg-spoiler":
            return {"type": "spoiler"}
        case "a":
            return {"type": "text_link", "url": told["href"]} if told.get("href") else {}
        case "blockquote":
            return {"type": "expandable_blockquote" if "expandable" in told else "blockquote"}
        case "tg-emoji":
            return {"type": "custom_emoji", "custom_emoji_id": told.get("emoji-id", "")}
        case _:
            raise bad(
                f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {byte}'
            )


def _plain(piece: str) -> str:
    return ESCAPE.sub(lambda match: unescape(match[0]), piece) if "&" in piece else piece
