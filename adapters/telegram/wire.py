"""The part of the Bot API's objects that we read, under its own names.

core.telegram.org/bots/api, 10.3, read in November 2026. What is not here is not
looked at, so that new fields and kinds cannot do harm.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

Time = Annotated[int, Meta(ge=0, le=2**33)]
Id = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Place = Annotated[int, Meta(ge=0, le=2**31)]


class User(Struct):
    id: Id
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str = ""


class Chat(Struct):
    id: Id
    type: str = ""
    title: str = ""


class Entity(Struct):
    """`offset` and `length` count UTF-16 units."""

    type: str
    offset: Place
    length: Place
    url: str = ""
    user: User | None = None


class PhotoSize(Struct):
    file_id: str
    width: Id = 0
    height: Id = 0
    file_size: Id = 0


class File(Struct):
    """A voice, audio, video, video note, animation, document or sticker."""

    file_id: str
    mime_type: str = ""
    file_name: str = ""
    file_size: Id = 0
    duration: float = 0.0
    emoji: str = ""


class Location(Struct):
    latitude: float
    longitude: float


class Venue(Struct):
    location: Location
    title: str = ""
    address: str = ""


class Contact(Struct):
    phone_number: str = ""
    first_name: str = ""
    last_name: str = ""


class PollOption(Struct):
    text: str = ""


class Poll(Struct):
    question: str = ""
    options: list[PollOption] = []


class Dice(Struct):
    emoji: str = ""
    value: Id = 0


class Named(Struct):
    """A game, an invoice, a checklist: anything with a title."""

    title: str = ""


class TextQuote(Struct):
    text: str = ""


class Origin(Struct):
    """MessageOrigin: whom a forwarded message comes from."""

    type: str = ""
    sender_user: User | None = None
    sender_user_name: str = ""
    sender_chat: Chat | None = None
    chat: Chat | None = None


class Content(Struct):
    """What a message shows; ExternalReplyInfo has the same fields."""

    photo: list[PhotoSize] = []
    voice: File | None = None
    audio: File | None = None
    video: File | None = None
    video_note: File | None = None
    animation: File | None = None
    document: File | None = None
    sticker: File | None = None
    location: Location | None = None
    venue: Venue | None = None
    contact: Contact | None = None
    poll: Poll | None = None
    dice: Dice | None = None
    game: Named | None = None
    invoice: Named | None = None
    checklist: Named | None = None
    story: dict[str, Any] | None = None
    paid_media: dict[str, Any] | None = None


class ExternalReply(Content):
    """The message answered stands in another chat."""

    origin: Origin | None = None
    message_id: Id = 0


class Message(Content, kw_only=True):
    message_id: Id
    date: Time
    chat: Chat
    from_: User | None = msgspec.field(default=None, name="from")
    sender_chat: Chat | None = None
    message_thread_id: Id = 0
    is_topic_message: bool = False
    is_automatic_forward: bool = False
    text: str = ""
    entities: list[Entity] = []
    caption: str = ""
    caption_entities: list[Entity] = []
    media_group_id: str = ""
    edit_date: Time = 0
    forward_origin: Origin | None = None
    reply_to_message: "Message | None" = None
    external_reply: ExternalReply | None = None
    quote: TextQuote | None = None
    forum_topic_created: dict[str, Any] | None = None
    migrate_to_chat_id: Id = 0


class Update(Struct):
    """A kind that we did not ask for, or don't know, leaves both messages empty."""

    update_id: Id = 0
    message: Message | None = None
    edited_message: Message | None = None


class Numbered(Struct):
    """All that can be told of an update that reads as nothing that we know."""

    update_id: Id = 0


class Updates(Struct):
    """The answer to getUpdates, each update as it came."""

    result: list[Raw]


class Sent(Struct):
    """The part of a message of ours that we need."""

    message_id: Id


class SentMessage(Struct):
    """The answer to sendMessage."""

    result: Sent


class Parameters(Struct, frozen=True):
    retry_after: float = 0.0
    migrate_to_chat_id: Id = 0


class Failed(Struct):
    """The answer to a call that did not succeed."""

    description: str = ""
    parameters: Parameters = Parameters()


_update = msgspec.json.Decoder(Update)
_numbered = msgspec.json.Decoder(Numbered)
_updates = msgspec.json.Decoder(Updates)
_sent = msgspec.json.Decoder(SentMessage)
_failed = msgspec.json.Decoder(Failed)

UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)


def decode_update(data: bytes) -> Update:
    """What reads as nothing that we know comes back empty."""
    try:
        return _update.decode(data)
    except UNREADABLE:
        return _empty(data)


def decode_updates(data: bytes) -> list[bytes]:
    """Each update's JSON, in order. Raises ValueError if it is no answer to getUpdates."""
    try:
        return [bytes(raw) for raw in _updates.decode(data).result]
    except UNREADABLE as error:
        raise ValueError("expected updates, got something else") from error


def decode_sent(data: bytes) -> int:
    """The new message's id. Raises ValueError if it is no answer to sendMessage."""
    try:
        return _sent.decode(data).result.message_id
    except UNREADABLE as error:
        raise ValueError("expected a message, got something else") from error


def decode_failed(data: bytes) -> Failed:
    """Empty for what does not come from a Bot API server, such as a proxy's page."""
    try:
        return _failed.decode(data)
    except UNREADABLE:
        return Failed()


def _empty(data: bytes) -> Update:
    try:
        return Update(update_id=_numbered.decode(data).update_id)
    except UNREADABLE:
        return Update()
