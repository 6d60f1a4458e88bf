"""How the implementations of OneBot v11 differ, as data."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from msgspec import Struct

MediaKind: TypeAlias = Literal["image", "record", "video", "file"]
Fields: TypeAlias = tuple[tuple[str, str], ...]
"""A segment's fields in order, each with the fact that it holds; see `segment.facts`."""


class Flavour(Struct, frozen=True, kw_only=True):
    """One implementation's habits.

    `number_at`, `number_reply`: whether at.qq and reply.id are numbers. `message`,
    `group`: fields of a message event beyond the standard, each with its fact.
    `files_as`: whether a file comes as a segment of a message or as a notice.
    `forward`: the form of get_forward_msg. `history`: which calls read the past, and
    whether that from a given message `goes_on` to the present (K: as callers use it).
    `bad_request`, `failed`, `unknown`: retcodes. `source`: where the facts come from.
    """

    name: str
    app_name: str
    app_version: str
    message_format: Literal["array", "string"] = "array"
    signed_ids: bool = False
    number_at: bool = False
    number_reply: bool = False
    font: int = 14
    message: Fields = ()
    group: Fields = ()
    sender: Mapping[str, Any] = {}
    group_sender: Mapping[str, Any] = {}
    media: Mapping[MediaKind, Fields]
    voice: Literal["silk", "amr"] = "silk"
    files_as: Literal["segment", "notice"] = "segment"
    forward: Literal["messages", "nodes", "plain"] = "plain"
    forward_inline: bool = False
    goes_on: bool = False
    history: frozenset[str] = frozenset({"get_group_msg_history", "get_friend_msg_history"})
    status: Mapping[str, Any] = {}
    reply: Mapping[str, Any] = {}
    bare_bearer: bool = True
    bad_request: int = 1400
    failed: int = 1200
    unknown: int = 1404
    source: str


IDS: Fields = (
    ("message_seq", "message_id"),
    ("real_id", "message_id"),
    ("message_format", "message_format"),
)

NAPCAT = Flavour(
    name="napcat",
    app_name="NapCat.Onebot",
    app_version="4.8.100",
    message=(*IDS, ("real_seq", "seq_text")),
    group=(("group_name", "group_name"),),
    sender={"card": ""},
    group_sender={"card": ""},
    media={
        "image": (
            ("summary", "none"),
            ("file", "name"),
            ("sub_type", "zero"),
            ("url", "url"),
            ("file_size", "size_text"),
        ),
        "record": (("file", "name"), ("path", "path"), ("url", "url"), ("file_size", "size_text")),
        "video": (("file", "name"), ("url", "url"), ("file_size", "size_text")),
        "file": (("file", "name"), ("file_id", "id"), ("file_size", "size_text")),
    },
    forward="messages",
    forward_inline=True,
    goes_on=True,
    reply={"stream": "normal-action"},
    source="NapCatQQ packages/napcat-onebot/{api/msg,network/websocket-client,action}.ts, 2026-08",
)

LLBOT = Flavour(
    name="llbot",
    app_name="LLOneBot",
    app_version="8.1.7",
    message=IDS,
    sender={"card": ""},
    group_sender={"card": ""},
    media={
        "image": (
            ("file", "name"),
            ("subType", "zero"),
            ("url", "url"),
            ("file_size", "size_text"),
        ),
        "record": (
            ("file", "name"),
            ("url", "file_url"),
            ("path", "path"),
            ("file_size", "size_text"),
        ),
        "video": (("file", "name"), ("url", "url"), ("path", "path"), ("file_size", "size_text")),
        "file": (
            ("file", "name"),
            ("url", "file_url"),
            ("file_id", "id"),
            ("path", "path"),
            ("file_size", "size_text"),
        ),
    },
    source="LLOneBot src/onebot11/{entities,action/OB11Response}.ts, read 2026-11",
)

MEMBER = {"card": "", "sex": "unknown", "age": 0, "area": "", "level": "1", "title": ""}

LAGRANGE = Flavour(
    name="lagrange",
    app_name="Lagrange.OneBot",
    app_version="0.0.3",
    signed_ids=True,
    font=0,
    group=(("anonymous", "null"),),
    sender={"sex": "unknown", "age": 0},
    group_sender=MEMBER,
    media={
        "image": (
            ("file", "name"),
            ("filename", "name"),
            ("url", "url"),
            ("summary", "image_summary"),
            ("subType", "zero"),
        ),
        "record": (("file", "url"), ("url", "url")),
        "video": (("file", "url"), ("url", "url")),
        "file": (("file_name", "name"), ("file_hash", "id"), ("file_id", "id"), ("url", "url")),
    },
    forward="nodes",
    status={"app_initialized": True, "app_enabled": True, "app_good": True},
    failed=100,
    source="Lagrange.Core Lagrange.OneBot/{Core/Entity/Message,Message/Entity}, read 2026-11; "
    "its first version ended, kept for those who still run it",
)

GO_CQHTTP = Flavour(
    name="go-cqhttp",
    app_name="go-cqhttp",
    app_version="v1.2.0",
    message_format="string",
    signed_ids=True,
    number_reply=False,
    font=0,
    message=(("message_seq", "seq"),),
    group=(("anonymous", "null"),),
    sender={"sex": "unknown", "age": 0},
    group_sender=MEMBER,
    media={
        "image": (("file", "image_name"), ("subType", "zero_text"), ("url", "url")),
        "record": (("file", "name"), ("url", "url")),
        "video": (("file", "name"), ("url", "url")),
        "file": (("file", "name"), ("url", "url")),
    },
    voice="amr",
    files_as="notice",
    history=frozenset({"get_group_msg_history"}),
    status={"app_initialized": True, "app_enabled": True, "app_good": True, "plugins_good": None},
    reply={"msg": ""},
    bare_bearer=False,
    bad_request=100,
    failed=100,
    unknown=1404,
    source="go-cqhttp v1.2.0 coolq/{event,cqcode}.go and docs/cqhttp.md, read 2026-11; "
    "its last commit is of 2024-05",
)

NUMBERS = Flavour(
    name="numbers",
    app_name="OneBot",
    app_version="11",
    number_at=True,
    number_reply=True,
    message=IDS,
    sender={"card": ""},
    group_sender={"card": ""},
    media=NAPCAT.media,
    source="OneBot v11 leaves open whether ids in segments are numbers; here they all are",
)

FLAVOURS: Mapping[str, Flavour] = {
    flavour.name: flavour for flavour in (NAPCAT, LLBOT, LAGRANGE, GO_CQHTTP, NUMBERS)
}
