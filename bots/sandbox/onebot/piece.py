"""What a QQ message is made of, before any implementation's spelling."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from bots.sandbox.onebot.flavour import MediaKind

EVERYBODY = "all"


class Text(Struct, frozen=True):
    text: str


class At(Struct, frozen=True):
    """`user` is a number as text, or EVERYBODY."""

    user: str


class Reply(Struct, frozen=True):
    message_id: int


class Media(Struct, frozen=True, kw_only=True):
    """`file` names the content in the town, `id` the file for calls. `note`: how QQ took it."""

    kind: MediaKind
    file: str
    id: str
    name: str
    size_bytes: int
    mime: str
    note: str = ""


class Face(Struct, frozen=True):
    """One of QQ's own emoticons."""

    id: str


class Card(Struct, frozen=True):
    """A shared page, a mini programme …: `data` is JSON as text."""

    data: str


class Node(Struct, frozen=True, kw_only=True):
    """One message inside a forward."""

    user: str
    nickname: str
    pieces: "tuple[Piece, ...]"


class Forward(Struct, frozen=True):
    """Messages merged into one. `id` is how to ask for them."""

    id: str
    nodes: tuple[Node, ...]


class Other(Struct, frozen=True):
    """A segment that passes as it stands."""

    type: str
    data: dict[str, Any]


Piece: TypeAlias = Text | At | Reply | Media | Face | Card | Forward | Other

SHOWN: dict[MediaKind, str] = {
    "image": "[image]",
    "record": "[voice]",
    "video": "[video]",
    "file": "[file]",
}


def shown(pieces: Sequence[Piece], names: dict[str, str]) -> str:
    """The words that a person sees; `names` are people's by their number."""
    return "".join(_shown(piece, names) for piece in pieces).strip()


def _shown(piece: Piece, names: dict[str, str]) -> str:
    match piece:
        case Text(text):
            return text
        case At(user):
            return f"@{names.get(user, user)} "
        case Forward(_, nodes):
            return "\n".join(_node_shown(node, names) for node in nodes)
        case Face(id=name) | Other(type=name):
            return f"[{name}]"
        case Card():
            return "[card]"
        case Reply() | Media():
            return ""


def _node_shown(node: Node, names: dict[str, str]) -> str:
    words = shown(node.pieces, names)
    return " ".join([words, *(SHOWN[media.kind] for media in all_media(node.pieces))]).strip()


def all_media(pieces: Sequence[Piece]) -> tuple[Media, ...]:
    """The files of a message, those inside forwards too."""
    found: list[Media] = []
    for piece in pieces:
        match piece:
            case Media():
                found.append(piece)
            case Forward(_, nodes):
                for node in nodes:
                    found.extend(all_media(node.pieces))
    return tuple(found)
