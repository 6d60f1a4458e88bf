"""Events made messages. Pure: tests are folders of payloads.

https://github.com/botuniverse/onebot-11/blob/master/event/message.md (read 2026-11).
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from aiocqhttp import Event
from msgspec import structs

from adapters.onebot11.fields import id_of
from adapters.onebot11.forward import forward_text
from adapters.onebot11.segments import (
    FORWARD,
    Reading,
    Scene,
    file_media,
    read_segments,
    segments_of,
)
from adapters.onebot11.target import Target, message_key
from core.model import Address, Media, Mention, Message, Part, Quote, Text

Payload: TypeAlias = Mapping[str, Any]

HOUSEKEEPER = "2854196310"
"""QQ 管家, which writes into groups by itself."""
FRIENDLY = ("friend", "group_self", None, "")
LATEST = 253_402_300_799  # the last second of the year 9999, as far as datetime reaches


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What a bot must say of itself before a payload can be read.

    `names` are people's as they were last seen. `accounts` are the bot's own: they
    would answer each other for ever. `forward_chars` bounds a forward.
    """

    platform: str
    bot: str
    names: Mapping[str, str]
    forward_chars: int
    accounts: Container[str] = ()
    temp_sessions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message as far as its event tells. `quoted` and `forward` are ids to ask for."""

    message: Message
    quoted: str = ""
    quoted_text: str = ""
    forward: str = ""

    @property
    def carries(self) -> bool:
        """Whether a file's content came inside the event, or with what it quotes."""
        parts = self.message.parts
        quoted = (one for part in parts if isinstance(part, Quote) for one in part.parts)
        return any(isinstance(part, Media) and is_carried(part) for part in (*parts, *quoted))

    @property
    def asks(self) -> bool:
        return bool(self.quoted or self.forward or self.carries)


def parse_message(payload: Payload, own_id: str, now: datetime, ear: Listener) -> Heard | None:
    """None for what is no message to the bot: its own, the platform's, of a kind unheard of."""
    event = Event(payload)
    target = _target(event, ear)
    if target is None or _is_passed_over(event, target, ear):
        return None
    scene = Scene(self_id=target.self_id, group=target.group, names=ear.names)
    reading = read_segments(segments_of(event.message), scene)
    parts = _with_nodes(reading, ear.forward_chars)
    if not (parts or reading.addressed or reading.quoted):
        return None  # what the implementation could not read itself
    message = Message(
        id=own_id,
        key=message_key(target.self_id, event.message_id, _written(event.time)),
        address=_address(event, target, ear),
        parts=_quoting(reading, target) + parts,
        sent_at=_time(event.time, now),
        sender_name=sender_name(event),
        addressed=reading.addressed,
        reply_to=f"{target.self_id}/{reading.quoted}" if reading.quoted else "",
        settles=_is_bare_picture(parts),
    )
    forward = "" if reading.nodes else reading.forward
    return Heard(
        message=message, quoted=reading.quoted, quoted_text=reading.quoted_text, forward=forward
    )


def parse_upload(payload: Payload, own_id: str, now: datetime, ear: Listener) -> Heard | None:
    """go-cqhttp's and Lagrange's notice of a file that a friend sent; None for any other."""
    event = Event(payload)
    file, self_id, user = event.file, number(event.self_id), number(event.user_id)
    if event.get("notice_type") != "offline_file" or not isinstance(file, Mapping):
        return None
    if not (self_id and user) or self_id == user or str(user) in ear.accounts:
        return None
    target = Target(self_id=str(self_id), user=user)
    media = file_media(file, Scene(self_id=target.self_id))
    known_as = str(file.get("id") or file.get("file_id") or file.get("name") or "file")[:200]
    message = Message(
        id=own_id,
        key=message_key(target.self_id, f"file-{known_as}".replace("/", "_"), _written(event.time)),
        address=_address(event, target, ear),
        parts=(media,),
        sent_at=_time(event.time, now),
        sender_name=ear.names.get(str(user), ""),
        settles=media.kind == "image",
    )
    return Heard(message=message)


def with_quoted(heard: Heard, told: object) -> Heard:
    """Filled in with what get_msg answers for the message that it replies to.

    A reply to the bot is for the bot. QQ's app mentions the quoted one by itself;
    that mention is taken out again. The quoted message's own forward is still to ask for.
    """
    if not isinstance(told, Mapping):
        return heard
    message = heard.message
    self_id = message.address.chat.partition("/")[0]
    sender = told.get("sender")
    event = Event(sender if isinstance(sender, Mapping) else {})
    user = str(number(told.get("user_id")) or number(event.user_id) or "")
    reading = read_segments(segments_of(told.get("message")), Scene(self_id=self_id))
    quote = Quote(
        key=message_key(self_id, heard.quoted, _written(told.get("time", ""))),
        sender=user,
        parts=tuple(part for part in reading.parts if isinstance(part, Text | Media)),
    )
    rest = _without_mention(message.parts[1:], user)
    changed = structs.replace(
        message, parts=(quote, *rest), addressed=message.addressed or user == self_id
    )
    return replace(heard, message=changed, forward=heard.forward or reading.forward)


def with_forward(heard: Heard, nodes: Sequence[object], chars: int) -> Heard:
    """Filled in with the messages of its forward, or of the quoted one's."""
    told = Text(text=forward_text(nodes, chars))
    parts = tuple(_told_part(part, told) for part in heard.message.parts)
    return replace(heard, message=structs.replace(heard.message, parts=parts))


def is_carried(media: Media) -> bool:
    """Whether the content itself stands where its address would."""
    return "base64://" in media.remote


def sender_name(event: Event) -> str:
    sender = event.sender
    if not isinstance(sender, Mapping):
        return ""
    names = (sender.get("card"), sender.get("nickname"))
    return next((name.strip() for name in names if isinstance(name, str) and name.strip()), "")


def number(value: object) -> int:
    """An id as a number, 0 where it is none: implementations write both 1 and "1"."""
    match value:
        case bool():
            return 0
        case int() if 0 < value < 1 << 63:
            return value
        case str() if value.isascii() and value.isdecimal() and len(value) < 19:
            return int(value)
        case _:
            return 0


# -- where ---------------------------------------------------------------------------


def _target(event: Event, ear: Listener) -> Target | None:
    self_id, user, group = number(event.self_id), number(event.user_id), number(event.group_id)
    if not self_id or not user:
        return None
    match event.message_type:
        case "group" if group:
            return Target(self_id=str(self_id), group=group)
        case "private" if event.sub_type in FRIENDLY:
            return Target(self_id=str(self_id), user=user)
        case "private" if ear.temp_sessions:
            return Target(self_id=str(self_id), user=user, by_group=group)
        case _:
            return None


def _is_passed_over(event: Event, target: Target, ear: Listener) -> bool:
    """The bot's own words come back as `message_sent`, or as messages of its own."""
    user = str(number(event.user_id))
    return (
        event.get("post_type", "message") != "message"
        or user in (target.self_id, HOUSEKEEPER)
        or user in ear.accounts
        or event.sub_type in ("anonymous", "notice")  # nobody to tell apart, nobody at all
        or bool(event.anonymous)
        or not isinstance(event.message_id, int | str)
        or not id_of(event.message_id)
    )


def _address(event: Event, target: Target, ear: Listener) -> Address:
    return Address(
        platform=ear.platform,
        bot=ear.bot,
        chat=target.chat,
        sender=str(event.user_id),
        group=bool(target.group),
    )


def _written(time: object) -> str:
    return id_of(time) if time is not None else "None"


def _time(value: object, now: datetime) -> datetime:
    if isinstance(value, int) and 0 < value <= LATEST:
        return datetime.fromtimestamp(value, UTC)
    return now


# -- what ----------------------------------------------------------------------------


def _quoting(reading: Reading, target: Target) -> tuple[Part, ...]:
    if not reading.quoted:
        return ()
    parts = (Text(text=reading.quoted_text),) if reading.quoted_text else ()
    return (Quote(key=f"{target.self_id}/{reading.quoted}", parts=parts),)


def _with_nodes(reading: Reading, chars: int) -> tuple[Part, ...]:
    if not reading.nodes:
        return reading.parts
    told = Text(text=forward_text(reading.nodes, chars))
    return tuple(_told_part(part, told) for part in reading.parts)


def _told_part(part: Part, told: Text) -> Part:
    """`part` with a forward's placeholder in it replaced."""
    match part:
        case Text(text=text) if FORWARD in text:
            return Text(text=text.replace(FORWARD, told.text, 1))
        case Quote(parts=parts):
            inner = (_told_part(one, told) for one in parts)
            return structs.replace(part, parts=tuple(inner))
        case _:
            return part


def _is_bare_picture(parts: tuple[Part, ...]) -> bool:
    """A question may follow: QQ's app sends a picture and its words apart."""
    pictures = any(isinstance(part, Media) and part.kind == "image" for part in parts)
    return pictures and not any(isinstance(part, Text) and part.text.strip() for part in parts)


def _without_mention(parts: tuple[Part, ...], user: str) -> tuple[Part, ...]:
    match parts:
        case (Mention(user=mentioned, name=name), Text(text=text), *rest) if mentioned == user:
            words = text.removeprefix(f"@{name or user}").lstrip()
            return (*((Text(text=words),) if words else ()), *rest)
        case _:
            return parts
