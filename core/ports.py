"""What the core needs from outside, as protocols. Nothing here does anything."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from core.model import (
    Address,
    Capabilities,
    Delivery,
    Effect,
    Limit,
    Media,
    Message,
    PartState,
    Reply,
    Spend,
    Text,
    Turn,
)
from core.request import (
    ChatRequest,
    ImageRequest,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from core.response import (
    Chat,
    Chunk,
    Images,
    Model,
    Speech,
    Transcription,
    UserStat,
)

# -- time and chance ---------------------------------------------------------


class Clock(Protocol):
    def now(self) -> datetime:
        """Wall-clock time, UTC and aware."""
        ...

    def monotonic(self) -> float:
        """Seconds from some start; never goes back."""
        ...


NewId: TypeAlias = Callable[[], str]
"""Makes ids that sort by time."""

# -- store -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The answer to a claim. `attempt` counts from 1; `granted` is False past `cap`."""

    attempt: int
    granted: bool
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One unit of a person's daily messages, taken in the transaction of the claim."""

    person: str
    day: str
    cap: Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A message whose work did not end: not answered, or not wholly delivered.

    `received_at` is when it was put back, where it had been set aside before.
    """

    message: Message
    conversation: str
    received_at: datetime
    attempt: int
    delivery: Delivery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """All that one message's handling leaves behind; stored whole or not at all."""

    message_id: str
    conversation: str
    person: str
    at: datetime
    reply: Reply | None = None
    turns: tuple[Turn, ...] = ()
    spends: tuple[Spend, ...] = ()
    effects: tuple[Effect, ...] = ()
    dead: str = ""
    """Why the message was set aside; "" if it was answered."""
    also: tuple[str, ...] = ()
    """Messages that this one took in: they end with it, answered by the same reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Sums over a person's ledger rows since some time, one per kind."""

    kind: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    characters: int
    images: int
    audio_s: float
    estimated: bool


class Inbox(Protocol):
    async def accept(self, message: Message, conversation: str, received_at: datetime) -> bool:
        """Store and commit. False if (platform, bot, key) was there. Raises StoreError."""
        ...

    async def known(self, message: Message) -> bool:
        """Whether (platform, bot, key) is there. Raises StoreError."""
        ...

    async def claim(self, message_id: str, owner: str, allowance: Allowance | None) -> Claim:
        """Count one more attempt and, the first time only, one message of the allowance.

        Raises MessageEnded.
        """
        ...

    async def release(self, message_id: str, owner: str) -> bool:
        """Give the owner's claim back, its attempt not counted; False if nothing is claimed."""
        ...

    async def unfinished(self) -> Sequence[Unfinished]:
        """Oldest first."""
        ...


class History(Protocol):
    async def recent(self, conversation: str, chars: Limit) -> Sequence[Turn]:
        """The latest pairs that a model may be sent, since the last StartAfresh, oldest first.

        Questions, each with its answer: both COMPLETE, both with text. As many as
        are needed to hold more than `chars` characters, or all there are.
        """
        ...

    async def log(self, conversation: str, count: int) -> Sequence[Turn]:
        """The latest `count` turns of any state, oldest first, for people to read."""
        ...

    async def own(self, conversation: str, person: str, count: int) -> Sequence[Turn]:
        """One person's latest `count` turns since the last StartAfresh, of any state."""
        ...

    async def pair(self, message_id: str) -> Sequence[Turn]:
        """The turns of one message, the user's first."""
        ...


class Outbox(Protocol):
    async def commit(self, commit: Commit) -> None:
        """The same commit again changes nothing. Raises MessageEnded for another one."""
        ...

    async def tell(self, commit: Commit) -> bool:
        """Store a notice beside the answer that is still to come, its parts TRYING already.

        Whoever finds it after a stop sends it no more. Of `commit` only reply and effects
        are kept. False if the message that the reply answers has ended, or had its notice.
        """
        ...

    async def charge(self, message_id: str, person: str, spends: Sequence[Spend]) -> None:
        """Note what was spent on a message apart from any commit: it got no answer here."""
        ...

    async def mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        """Note what became of one part. Raises MessageEnded for TRYING a forgotten one."""
        ...


class People(Protocol):
    async def settings(self, scope: str) -> Mapping[str, str]: ...

    async def messages_used(self, person: str, day: str) -> int: ...

    async def spent(self, person: str, since: datetime) -> Sequence[Spent]: ...

    async def export(self, person: str) -> dict[str, object]:
        """All that is kept of a person, as plain values ready for JSON."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One message and what answered it, if anything did yet."""

    message: Message
    delivery: Delivery | None


class Transcript(Protocol):
    """What a page shows after a reload."""

    async def exchanges(self, platform: str, bot: str, chat: str, count: int) -> Sequence[Exchange]:
        """The latest `count` messages of a chat with their replies, oldest first."""
        ...


class Groups(Protocol):
    """What admins set for whole groups: known at once, since it decides who is heard."""

    def group(self, scope: str) -> Mapping[str, str]:
        """The settings under a `core.model.group_key`, as last committed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A part of a stored reply. `answers` is the key of the message that it answers."""

    reply_id: str
    index: int
    total: int
    part: Text | Media
    answers: str
    state: PartState


class Shelf(Protocol):
    """Parts that wait for a person's next request, where a platform only answers requests."""

    async def waiting(self, platform: str, bot: str, chat: str) -> Sequence[Waiting]:
        """The parts of a chat that are LATER, oldest first."""
        ...

    async def carried(self, platform: str, bot: str, chat: str, receipt: str) -> Waiting | None:
        """The part of a chat that is SENT with this receipt."""
        ...

    async def mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        """As `Outbox.mark`."""
        ...


class Memo(Protocol):
    """A few words that an adapter keeps between starts: a token, a place in a history."""

    async def recall(self, name: str) -> str:
        """ "" where nothing is kept. Raises StoreError."""
        ...

    async def keep(self, name: str, value: str) -> None:
        """Stored and committed. Raises StoreError."""
        ...


class Store(Inbox, History, Outbox, People, Transcript, Groups, Protocol):
    """One object serves all, since they commit together."""


class MediaStore(Protocol):
    async def put(self, content: bytes) -> str:
        """Keep content; the answer is its hash, the name it is found by. Idempotent."""
        ...

    async def get(self, blob: str) -> bytes:
        """Raises MediaError if it is gone."""
        ...


# -- relays ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Which relay and model served a call: "main", "gpt-4o".

    `lost` were asked before, as (relay, model): what became of it is unknown, and may be billed.
    """

    relay: str
    model: str
    lost: tuple[tuple[str, str], ...] = ()


class Relays(Protocol):
    """The configured routes: each call goes to the first entry that serves it.

    `choice` is "relay:model", a person's own pick, tried before the route.
    All raise RelayError.
    """

    async def chat(self, request: ChatRequest, choice: str = "") -> tuple[Chat, Served]: ...

    def stream(
        self, request: ChatRequest, choice: str = ""
    ) -> AsyncIterator[tuple[Chunk, Served]]: ...

    async def images(self, request: ImageRequest) -> tuple[Images, Served]: ...

    async def speech(self, request: SpeechRequest) -> tuple[Speech, Served]: ...

    async def transcription(
        self, request: TranscriptionRequest
    ) -> tuple[Transcription, Served]: ...

    async def translation(self, request: TranslationRequest) -> tuple[Transcription, Served]: ...

    async def models(self) -> Mapping[str, Sequence[Model]]:
        """What each relay offers, by relay name. A relay that fails is left out."""
        ...

    async def stat(self) -> Mapping[str, UserStat | None]:
        """`/api/user/stat` of each relay that has it and a `stat_token`; None if it failed."""
        ...

    def choices(self) -> Sequence[str]:
        """The chat route's entries, "relay:model", in order."""
        ...

    def sees(self, choice: str = "") -> bool:
        """Whether the model that would answer takes pictures."""
        ...

    def folds_persona(self, choice: str = "") -> bool:
        """Whether the persona travels inside the first user message."""
        ...


# -- adapters ----------------------------------------------------------------


class Receipt(StrEnum):
    """What became of an emitted message. Of BUSY and BROKEN the adapter tells the person.

    BROKEN can never be received: it counts as set aside, and is not to come again.
    """

    STORED = "stored"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    BUSY = "busy"
    BROKEN = "broken"


Emit: TypeAlias = Callable[[Message], Awaitable[Receipt]]
"""Hands a message to the core. When it returns, the message may be acknowledged.

Raises StoreError if it could not be stored: then it must not be.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One part on its way. `key` names it for ever; `answers` is the inbound message's key.

    `repeated`: it may have arrived before; where the platform would show it twice, say so.
    `notice`: a word in between, the message's answer is still to come.
    `tried_at`: it was on its way then, as a process ended.
    """

    key: str
    to: Address
    part: Text | Media
    answers: str
    index: int
    total: int
    repeated: bool = False
    notice: bool = False
    tried_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """`found`: its outcome was unknown, until it was seen where the platform keeps it."""

    receipt: str = ""
    found: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """The part waits for the person's next request (WeChat's passive replies)."""


@dataclass(frozen=True, slots=True)
class Refused:
    """`retry_after_s` is None where trying again is of no use."""

    reason: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have arrived. `looked`: what the platform keeps was searched already."""

    reason: str
    looked: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """It was on its way, and what the platform keeps shows that it did not arrive."""


SendResult: TypeAlias = Sent | Later | Refused | Unknown | Absent
Found: TypeAlias = Sent | Absent | Refused | Unknown

Unsure: TypeAlias = Literal["found", "absent", "resent", "held"]
"""What was done with a part of unknown outcome: it was found; it was surely not there, and so
sent; sent again with a note; or neither sent nor found."""


class Adapter(Protocol):
    """One account on one platform."""

    @property
    def platform(self) -> str: ...

    @property
    def bot(self) -> str: ...

    def capabilities(self, address: Address) -> Capabilities: ...

    async def run(self, emit: Emit) -> None:
        """Receive until cancelled."""
        ...

    async def send(self, outgoing: Outgoing) -> SendResult: ...

    async def fetch(self, media: Media) -> bytes:
        """The content behind `media.remote`. Raises MediaError."""
        ...


@runtime_checkable
class Webhook(Protocol):
    """The adapter is reached over HTTP."""

    def routes(self) -> Sequence[object]:
        """Starlette routes, mounted on the listener that `public` names."""
        ...

    @property
    def public(self) -> bool: ...


@runtime_checkable
class Watched(Protocol):
    """The adapter knows when it is deaf although it runs."""

    @property
    def trouble(self) -> str:
        """Why nothing is received now, for /readyz and the log; "" where all is well."""
        ...


@runtime_checkable
class Paced(Protocol):
    """The adapter may have to wait long before it can send: for its turn, for a connection."""

    async def turn(self, outgoing: Outgoing) -> Refused | None:
        """Return when the part may go: `send` comes at once. Refused: not now.

        Nothing is sent here, so that a process that ends meanwhile leaves a part
        that was never tried.
        """
        ...


@runtime_checkable
class Recalls(Protocol):
    """The platform keeps what was said, so that a part of unknown outcome can be looked for."""

    async def find(self, outgoing: Outgoing) -> Found:
        """What became of a part that was on its way, or that `send` knows nothing of.

        Absent only where that is sure, since the part is then sent as if for the
        first time. Refused: nobody can look now; ask again after `retry_after_s`,
        or never, where that is None. Nothing is sent here.
        """
        ...


@runtime_checkable
class Typing(Protocol):
    async def typing(self, to: Address) -> None:
        """Show that an answer is coming, for some seconds."""
        ...


@runtime_checkable
class Draft(Protocol):
    def draft(self, to: Address, answers: str, text: str) -> None:
        """Show the answer so far. Never blocks; a later draft replaces an earlier one."""
        ...


# -- what is seen from outside -------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One message's way in figures. Times in seconds; `outcome` is a text's code or "answered"."""

    message: Message
    intent: str
    outcome: str
    attempt: int
    waited_s: float
    took_s: float
    parts: int
    spends: tuple[Spend, ...]


class Observer(Protocol):
    """Logs and metrics. Called on the path of every message: must be cheap."""

    def received(self, message: Message, receipt: Receipt) -> None: ...

    def done(self, done: Done) -> None: ...

    def unsure(self, outgoing: Outgoing, done: Unsure) -> None:
        """A part's outcome was unknown, and this was done."""
        ...


# -- texts -------------------------------------------------------------------


class Texts(Protocol):
    def say(self, code: str, language: str, /, **params: object) -> str:
        """The user's sentence for `code`. Unknown languages fall back to English."""
        ...
