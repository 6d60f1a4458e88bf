"""The central types: where a message stands, what it carries, what answers it.

All are frozen, keyword-only msgspec structs: they are the rows' payload and
the web page's wire form as they stand. Times are UTC and aware.
"""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal, TypeAlias
from urllib.parse import quote, unquote

from msgspec import Meta, Struct

Limit: TypeAlias = int | Literal["unlimited"]
"""A bound: a number (0 means none allowed) or the word "unlimited"."""

HistoryPolicy: TypeAlias = Literal["member", "group", "thread"]
"""Who shares a history in a group: nobody, everybody, or a topic's writers."""

MediaKind: TypeAlias = Literal["image", "voice", "audio", "video", "file"]
Role: TypeAlias = Literal["user", "assistant"]
Language: TypeAlias = Literal["en", "zh"]


class Address(Struct, frozen=True, kw_only=True):
    """Where a message stands. Ids are the platform's own, as text."""

    platform: str
    bot: str
    chat: str
    sender: str
    thread: str = ""
    group: bool = False


def _key(*fields: str) -> str:
    return "/".join(map(_quoted, fields))


@lru_cache(maxsize=4096)
def _quoted(field: str) -> str:
    return quote(field, safe="")


def conversation_key(address: Address, policy: HistoryPolicy = "member") -> str:
    """Which history a message belongs to. Injective; one-to-one chats ignore `policy`."""
    place = (address.platform, address.bot, address.chat)
    if not address.group:
        return _key(*place)
    match policy:
        case "member":
            return _key(*place, "member", address.sender)
        case "thread":
            return _key(*place, "thread", address.thread)
        case "group":
            return _key(*place, "group")


def group_key(address: Address) -> str:
    """Under which scope an admin's settings for a whole group are kept."""
    return _key(address.platform, address.bot, address.chat, "settings")


def is_group_key(scope: str) -> bool:
    """Whether a scope is a `group_key`."""
    return scope.endswith("/settings") and scope.count("/") == 3


DECISIONS = frozenset({"roles", "limits", "grants", "bindings"})
"""Scopes of what admins decided, in the chat or at the terminal: nobody's own settings.

roles: identity → role. limits: see core.quota.limits.limit_name → a number or "unlimited".
grants: grant_name → a number. bindings: identity → "relay:alias".
"""


def identity_of(address: Address) -> str:
    """Who it is, on whichever bot of a platform: as the configuration names people."""
    return f"{address.platform}:{address.sender}"


def place_of(address: Address) -> str:
    """The group where a message stands, "" outside of groups."""
    return f"{address.platform}:{address.chat}" if address.group else ""


def person_key(address: Address) -> str:
    """Whose settings, limits and data these are: one sender on one bot."""
    return _key(address.platform, address.bot, address.sender)


def identity_in(person: str) -> str:
    """The identity of whom a `person_key` is; a key of another form is its own."""
    fields = [unquote(field) for field in person.split("/")]
    return f"{fields[0]}:{fields[-1]}" if len(fields) == 3 else person


class Text(Struct, frozen=True, kw_only=True, tag="text"):
    """Text; in replies it is Markdown until `render` fits it to the platform."""

    text: str


class Media(Struct, frozen=True, kw_only=True, tag="media"):
    """A file. `blob` is its content hash in the media store, "" while only `remote` is known.

    `remote` is the adapter's own handle, good for `Adapter.fetch` alone; it may
    hold a secret, so it is never sent on or shown.
    """

    kind: MediaKind
    blob: str = ""
    remote: str = ""
    mime: str = ""
    name: str = ""
    size_bytes: int = 0
    duration_s: float = 0.0


class Mention(Struct, frozen=True, kw_only=True, tag="mention"):
    user: str
    name: str = ""


class Quote(Struct, frozen=True, kw_only=True, tag="quote"):
    """The message that this one replies to, as far as the platform tells."""

    key: str
    sender: str = ""
    parts: tuple[Text | Media, ...] = ()


Part: TypeAlias = Text | Media | Mention | Quote


class Message(Struct, frozen=True, kw_only=True):
    """What a person sent. `key` is unique per (platform, bot): deliveries repeat, keys don't.

    `addressed` is the platform's word that this is for the bot (a mention or a
    reply to it); one-to-one messages are always for the bot. `settles`: what
    belongs to it may follow in a message of its own, as a picture's question
    does on QQ; messages of one `album` belong together.
    """

    id: str
    key: str
    address: Address
    parts: tuple[Part, ...]
    sent_at: datetime
    sender_name: str = ""
    addressed: bool = False
    reply_to: str = ""
    language: str = ""
    settles: bool = False
    album: str = ""
    raw: str = ""

    @property
    def text(self) -> str:
        """The text parts, joined as the person wrote them."""
        return "".join(part.text for part in self.parts if isinstance(part, Text)).strip()

    @property
    def media(self) -> tuple[Media, ...]:
        return tuple(part for part in self.parts if isinstance(part, Media))


class TurnState(StrEnum):
    """Only COMPLETE turns, in pairs, are sent to a model again."""

    COMPLETE = "complete"
    FAILED = "failed"
    REPLACED = "replaced"
    PROACTIVE = "proactive"


class Turn(Struct, frozen=True, kw_only=True):
    """One side of an exchange. Two turns of one `message_id` are a pair."""

    role: Role
    text: str
    message_id: str
    at: datetime
    media: tuple[Media, ...] = ()
    state: TurnState = TurnState.COMPLETE


class Reply(Struct, frozen=True, kw_only=True):
    """What answers a message, already rendered: each part is one send."""

    id: str
    answers: str
    to: Address
    parts: tuple[Text | Media, ...]


class PartState(StrEnum):
    PENDING = "pending"
    TRYING = "trying"
    SENT = "sent"
    LATER = "later"
    UNKNOWN = "unknown"
    REFUSED = "refused"


class Delivery(Struct, frozen=True, kw_only=True):
    """A stored reply and how far its sending has come: one state a part.

    `tried_at` is when the part that is TRYING was tried last, `ends` how many tries of the
    next part no process survived.
    """

    reply: Reply
    states: tuple[PartState, ...]
    tried_at: datetime | None = None
    ends: int = 0


SpendKind: TypeAlias = Literal[
    "chat",
    "image",
    "speech",
    "transcription",
    "translation",
    "completion",
    "edit",
    "embedding",
    "batch",
    "fine_tune",
]
"""What a relay was paid for. Bots make the calls of `core.ports.ledger.Kind`; the others are made
by hand at the terminal."""


class Spend(Struct, frozen=True, kw_only=True):
    """One relay call that may cost: a row of the ledger.

    `estimated` marks token figures that the relay did not tell, `unsure` a call of which it
    is unknown whether it was billed. `key` is the alias of the relay's key. `nano_usd` is the
    price in nano-dollars, None where none is known; `reserved_nano_usd` what was set aside for
    it, None where nothing was.
    """

    kind: SpendKind
    relay: str
    model: str
    at: datetime
    prompt_tokens: int = 0
    completion_tokens: int = 0
    characters: int = 0
    images: int = 0
    audio_s: float = 0.0
    estimated: bool = False
    unsure: bool = False
    key: str = ""
    nano_usd: int | None = None
    reserved_nano_usd: int | None = None


class SetSetting(Struct, frozen=True, kw_only=True, tag="set"):
    """Keep `value` under (scope, name); None takes it back. Scope: a person or conversation key."""

    scope: str
    name: str
    value: str | None


class Grant(Struct, frozen=True, kw_only=True, tag="grant"):
    """Add `amount`, a decimal, to what is kept under ("grants", name) by then."""

    name: str
    amount: Annotated[str, Meta(pattern=r"^\d+(\.\d+)?$")]


class StartAfresh(Struct, frozen=True, kw_only=True, tag="afresh"):
    """What was said before is kept but no longer sent."""

    conversation: str


class ReplacePair(Struct, frozen=True, kw_only=True, tag="replace"):
    """The pair of this message gives way to a new answer."""

    message_id: str


class Forget(Struct, frozen=True, kw_only=True, tag="forget"):
    """Erase all that a person said, was answered, uploaded and set.

    Kept: dedupe keys without content, and what was spent, without text.
    """

    person: str


Deciding: TypeAlias = SetSetting | Grant
"""What may change what is kept under a scope of DECISIONS."""

Effect: TypeAlias = Deciding | StartAfresh | ReplacePair | Forget


class Capabilities(Struct, frozen=True, kw_only=True):
    """A platform's limits as data.

    `markup`: what the adapter makes of Text (`markdown` as it stands, `terminal`
    or `plain` rendered by core.render). `sends_per_message`: past so many an
    answer is cut short; an adapter that answers `Later` leaves it unlimited.
    `repeatable`: sending the same part key twice shows it once, so that an
    unknown outcome is simply sent again; elsewhere `on_unknown` decides.
    `source`: where the numbers come from.
    """

    source: str
    text_limit: Limit = "unlimited"
    text_unit: Literal["characters", "utf8_bytes", "utf16_units"] = "characters"
    markup: Literal["markdown", "terminal", "plain"] = "plain"
    media: frozenset[MediaKind] = frozenset()
    media_limit_bytes: Limit = "unlimited"
    sends_per_message: Limit = "unlimited"
    reply_within_s: float | None = None
    repeatable: bool = False
    on_unknown: Literal["resend-flagged", "hold"] = "resend-flagged"


def weight_of(message: Message) -> int:
    """What a message keeps while it waits, in characters. A handle may be the file itself."""
    handles = sum(len(media.remote) for media in message.media)
    return len(message.text) + len(message.raw) + handles
