"""What travels on the page's socket: JSON objects, told apart by their `type`.

Ids are the page's own: a message's id is made by the tab that sends it, and
`answers` names the message that a part or draft belongs to ("" for none).
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from core.model import MediaKind

MessageId: TypeAlias = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{8,64}\Z")]
TEXT_CHARS = 100_000
ATTACHMENTS = 10


class Attached(Struct, frozen=True, kw_only=True):
    """A file uploaded before. `ticket` is the server's own word for it, see Tickets."""

    ticket: Annotated[str, Meta(max_length=2048)]
    duration_s: Annotated[float, Meta(ge=0, le=86400)] = 0.0


class Send(Struct, frozen=True, kw_only=True, tag_field="type", tag="send"):
    id: MessageId
    text: Annotated[str, Meta(max_length=TEXT_CHARS)] = ""
    media: Annotated[tuple[Attached, ...], Meta(max_length=ATTACHMENTS)] = ()
    language: Literal["", "en", "zh"] = ""


class Ping(Struct, frozen=True, kw_only=True, tag_field="type", tag="ping"):
    """Asked by a tab that has heard nothing for a while."""


ClientFrame: TypeAlias = Send | Ping


class FileView(Struct, frozen=True, kw_only=True, tag_field="type", tag="media"):
    """A file as the page shows it. `ticket` both opens /media/ and can be sent again."""

    kind: MediaKind
    ticket: str
    mime: str
    name: str
    size_bytes: int
    duration_s: float = 0.0


class TextView(Struct, frozen=True, kw_only=True, tag_field="type", tag="text"):
    """Markdown in answers, plain text in what the person wrote."""

    text: str


PartView: TypeAlias = TextView | FileView


class Hello(Struct, frozen=True, kw_only=True, tag_field="type", tag="hello"):
    """The first frame. `menus` holds (name, description) of each command by language.

    `question_chars`: what the bot can see at all; commands may be longer, up to `text_chars`.
    """

    menus: dict[str, tuple[tuple[str, str], ...]]
    upload_bytes: int
    text_chars: int = TEXT_CHARS
    question_chars: int = TEXT_CHARS


class Ack(Struct, frozen=True, kw_only=True, tag_field="type", tag="ack"):
    """The message is stored: the page may forget it."""

    id: str


class BusyNotice(Struct, frozen=True, kw_only=True, tag_field="type", tag="busy"):
    """Too much is waiting; nothing was stored. The person decides whether to send again."""

    id: str


class Failed(Struct, frozen=True, kw_only=True, tag_field="type", tag="failed"):
    """It could not be stored now. The page keeps it and sends it again."""

    id: str
    retry_after_s: float


class Invalid(Struct, frozen=True, kw_only=True, tag_field="type", tag="invalid"):
    """A frame that never will be taken. `id` is "" where none could be read."""

    id: str
    reason: str


class Said(Struct, frozen=True, kw_only=True, tag_field="type", tag="said"):
    """A message that was sent in another tab."""

    id: str
    at: datetime
    parts: tuple[PartView, ...]


class Answer(Struct, frozen=True, kw_only=True, tag_field="type", tag="part"):
    """One part of an answer, `index` of `total`. The same `key` again is the same part.

    `notice`: it is none, but stands where the answer will be until that comes.
    """

    key: str
    answers: str
    index: int
    total: int
    part: PartView
    notice: bool = False


class DraftText(Struct, frozen=True, kw_only=True, tag_field="type", tag="draft"):
    """The answer so far, whole."""

    answers: str
    text: str


class TypingNotice(Struct, frozen=True, kw_only=True, tag_field="type", tag="typing"):
    """An answer is coming."""


class Pong(Struct, frozen=True, kw_only=True, tag_field="type", tag="pong"):
    """The link is alive."""


ServerFrame: TypeAlias = (
    Hello | Ack | BusyNotice | Failed | Invalid | Said | Answer | DraftText | TypingNotice | Pong
)


class ExchangeView(Struct, frozen=True, kw_only=True):
    """A message and its answer after a reload. `pending`: an answer is still to come, and
    `notice` stands where it will be."""

    id: str
    at: datetime
    parts: tuple[PartView, ...]
    answer: tuple[PartView, ...]
    pending: bool
    notice: str = ""


class Page(Struct, frozen=True, kw_only=True):
    """GET /history. `more`: there may be older ones."""

    exchanges: tuple[ExchangeView, ...]
    more: bool
