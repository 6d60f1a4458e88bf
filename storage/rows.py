"""Structs to rows and back."""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from core.model import (
    Media,
    Message,
    Part,
    PartState,
    Quote,
    Reply,
    Role,
    Spend,
    Text,
    Turn,
    TurnState,
    person_key,
)
from core.ports.ledger import Account
from core.ports.store import Commit
from storage.tables import InboxState, from_us, to_us

Values = dict[str, Any]
Row = tuple[Any, ...]

_message = msgspec.json.Decoder(Message)
_reply = msgspec.json.Decoder(Reply)
_media = msgspec.json.Decoder(tuple[Media, ...])
_encode = msgspec.json.Encoder().encode


def encode(value: object) -> str:
    return _encode(value).decode()


def decode_message(payload: str) -> Message:
    return _message.decode(payload)


def decode_reply(payload: str) -> Reply:
    return _reply.decode(payload)


INBOX = (
    *("id", "platform", "bot", "key", "chat", "conversation", "person"),
    *("received_at", "payload"),
)
TURN = ("conversation", "message_id", "role", "text", "media", "state", "at")
REPLY = ("id", "message_id", "payload", "at")


def inbox_row(message: Message, conversation: str, received_at: datetime) -> Row:
    """As INBOX."""
    address = message.address
    return (
        message.id,
        address.platform,
        address.bot,
        message.key,
        address.chat,
        conversation,
        person_key(address),
        to_us(received_at),
        encode(message),
    )


def turn_row(turn: Turn, conversation: str) -> Row:
    """As TURN."""
    return (
        conversation,
        turn.message_id,
        turn.role,
        turn.text,
        encode(turn.media) if turn.media else "",
        turn.state.value,
        to_us(turn.at),
    )


def turn_of(row: sqlite3.Row) -> Turn:
    role: Role = row["role"]
    return Turn(
        role=role,
        text=row["text"],
        message_id=row["message_id"],
        at=from_us(row["at"]),
        media=_media.decode(row["media"]) if row["media"] else (),
        state=TurnState(row["state"]),
    )


def reply_row(reply: Reply, message_id: str, at: datetime) -> Row:
    """As REPLY."""
    return (reply.id, message_id, encode(reply), to_us(at))


def notice_of(message_id: str) -> str:
    """What a notice's reply answers in the table: there, a message has one reply."""
    return f"notice:{message_id}"


def part_values(reply: Reply, state: PartState = PartState.PENDING) -> list[Values]:
    return [
        {"reply_id": reply.id, "position": position, "state": state.value}
        for position in range(len(reply.parts))
    ]


def spend_row(spend: Spend, account: Account, message_id: str) -> tuple[Any, ...]:
    """In the order of the table's columns, without the serial."""
    return (
        account.person,
        message_id,
        spend.kind,
        spend.relay,
        spend.model,
        to_us(spend.at),
        spend.prompt_tokens,
        spend.completion_tokens,
        spend.characters,
        spend.images,
        spend.audio_s,
        spend.estimated,
        account.conversation,
        account.identity,
        account.place,
        account.bot,
        account.day,
        spend.key,
        spend.unsure,
        spend.nano_usd,
        spend.reserved_nano_usd,
    )


def spend_of(row: sqlite3.Row) -> Spend:
    values = {name: row[name] for name in Spend.__struct_fields__}
    marks = {name: bool(row[name]) for name in ("estimated", "unsure")}
    return Spend(**{**values, **marks, "at": from_us(row["at"])})


def account_row(account: Account) -> tuple[str, ...]:
    """In the order of the columns of `reservations`."""
    return (
        account.person,
        account.conversation,
        account.identity,
        account.place,
        account.bot,
        account.day,
    )


def blobs(parts: Iterable[Part]) -> Iterator[str]:
    """The files that parts need, quoted ones included."""
    for part in parts:
        match part:
            case Media(blob=blob) if blob:
                yield blob
            case Quote(parts=quoted):
                yield from blobs(quoted)
            case _:
                pass


def commit_blobs(commit: Commit) -> Iterator[str]:
    for turn in commit.turns:
        yield from blobs(turn.media)
    if commit.reply:
        yield from blobs(commit.reply.parts)


def ended(commit: Commit) -> Values:
    """The end of an inbox row."""
    return {
        "message_id": commit.message_id,
        "ended": (InboxState.DEAD if commit.dead else InboxState.ANSWERED).value,
        "reason": commit.dead,
        "answered_at": to_us(commit.at),
    }


def emptied(payload: str) -> str:
    """A message of which only the address and the key are left."""
    message = decode_message(payload)
    bare = Message(
        id=message.id,
        key=message.key,
        address=message.address,
        parts=(),
        sent_at=message.sent_at,
    )
    return encode(bare)


def without_handles(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts whose files have lost the adapter's own handle, which may hold a secret."""
    return tuple(_without_handle(part) for part in parts)


def _without_handle(part: Part) -> Part:
    match part:
        case Media():
            return msgspec.structs.replace(part, remote="")
        case Quote():
            shown = tuple(
                p for p in map(_without_handle, part.parts) if isinstance(p, Text | Media)
            )
            return msgspec.structs.replace(part, parts=shown)
        case _:
            return part
