"""What is kept: messages, their answers, people and what they said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from core.amounts import Amounts
from core.model import Delivery, Effect, Limit, Media, Message, PartState, Reply, Spend, Text, Turn
from core.ports.ledger import Account, Booking, Exceeded, Kind, Scope


class Claim(Struct, frozen=True, kw_only=True):
    """The answer to a claim. `attempt` counts from 1; `exceeded` where nothing was reserved."""

    attempt: int
    exceeded: Exceeded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A message whose work did not end: not answered, or not wholly delivered.

    `received_at` is when it was put back, where it had been set aside before. `rested`: nothing
    was done on it as the last process ended, a relay was waited for.
    """

    message: Message
    conversation: str
    received_at: datetime
    attempt: int
    delivery: Delivery | None
    rested: bool = False


class Commit(Struct, frozen=True, kw_only=True):
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
    account: Account | None = None
    """Who pays; None for what costs nothing. What was reserved for the message ends with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Sums over an identity's ledger rows of one kind.

    `nano_usd` is that of the calls of known price; `unpriced` are the others. Of `estimated`
    ones the relay did not tell the tokens, of `unsure` ones it is unknown whether they were
    billed: both are in the sums.
    """

    kind: Kind
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    characters: int = 0
    images: int = 0
    audio_s: float = 0.0
    nano_usd: int = 0
    unpriced: int = 0
    estimated: int = 0
    unsure: int = 0


class Inbox(Protocol):
    async def accept(self, message: Message, conversation: str, received_at: datetime) -> bool:
        """Store and commit. False if (platform, bot, key) was there. Raises StoreError."""
        ...

    async def known(self, message: Message) -> bool:
        """Whether (platform, bot, key) is there. Raises StoreError."""
        ...

    async def claim(self, message_id: str, owner: str, booking: Booking | None) -> Claim:
        """Count one more attempt and reserve what is booked, in one transaction.

        What an attempt of another process had reserved is written down as spent: it may have
        been. Without a booking, what is reserved stays. Raises MessageEnded.
        """
        ...

    async def book(self, message_id: str, booking: Booking) -> Exceeded | None:
        """Reserve more for a message that is being worked on; None if it was given."""
        ...

    async def release(
        self,
        message_id: str,
        owner: str,
        account: Account | None = None,
        spends: Sequence[Spend] = (),
    ) -> bool:
        """Give the owner's claim back, its attempt not counted, and what was reserved with it
        but `spends`, which `account` pays; False, and nothing done, if nothing is claimed."""
        ...

    async def rest(self, message_id: str, owner: str, *, rests: bool) -> None:
        """Note that nothing is done on the owner's message while a relay is waited for, or that
        it is worked on again."""
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

    async def untell(self, commit: Commit, reason: str) -> None:
        """A notice of `tell` reached nobody: its part is REFUSED, what it set is unset.

        The message may be told again.
        """
        ...

    async def charge(self, message_id: str, account: Account, spends: Sequence[Spend]) -> None:
        """Note what was spent on a message apart from any commit: it got no answer here.

        What was reserved for it is free again.
        """
        ...

    async def mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        """Note what became of one part. Raises MessageEnded for TRYING a forgotten one.

        The receipt of a part that is not settled is the number of its tries that no process
        survived, but for the one that is under way; "" for none.
        """
        ...

    async def set_aside(self, message_id: str, reason: str) -> None:
        """An answered message is set aside after all: its answer cannot be sent."""
        ...


class People(Protocol):
    async def settings(self, scope: str) -> Mapping[str, str]: ...

    async def used(self, scope: Scope, since: str) -> Amounts:
        """What a scope used since an accounting day, YYYY-MM-DD. What is reserved is not in it."""
        ...

    async def held(self, scope: Scope, since: str, now: datetime) -> Amounts:
        """What is reserved in a scope for messages since an accounting day, and stands `now`."""
        ...

    async def unpriced(self, scope: Scope, since: str) -> int:
        """How many calls of unknown price are not in the dollars that `used` tells."""
        ...

    async def seen(self, scope: Scope, bots: Sequence[str]) -> bool:
        """Whether a person, or somebody in a group, has written to one of `bots`, or cost
        something on any. What retention erased of both is not known any more."""
        ...

    async def spent(self, identity: str, since: str = "") -> Sequence[Spent]:
        """What an identity spent since an accounting day, or in all: by kind, in order."""
        ...

    async def export(self, person: str) -> dict[str, object]:
        """All that is kept of a person, as plain values ready for JSON."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One message and what answered it, if anything did yet.

    `notice` is what was told of the answer that is still to come.
    """

    message: Message
    delivery: Delivery | None
    notice: Reply | None = None


class Transcript(Protocol):
    """What a page shows after a reload."""

    async def exchanges(self, platform: str, bot: str, chat: str, count: int) -> Sequence[Exchange]:
        """The latest `count` messages of a chat with their replies, oldest first."""
        ...


class Groups(Protocol):
    """What admins set for whole groups and decided: known at once, since it is asked of each
    message."""

    def group(self, scope: str) -> Mapping[str, str]:
        """The settings under a `core.model.group_key`, as last committed."""
        ...

    def decided(self, scope: str) -> Mapping[str, str]:
        """What admins decided under one of `core.model.DECISIONS`, as last committed."""
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

    async def expected(self, platform: str, bot: str, chat: str) -> Sequence[str]:
        """The keys of a chat's messages whose answers are not made, or not sent or put off yet."""
        ...

    async def carried(self, platform: str, bot: str, chat: str, receipt: str) -> Waiting | None:
        """The part of a chat that is SENT and has this receipt among its own."""
        ...

    async def sent(
        self, platform: str, bot: str, chat: str, since: datetime, until: datetime
    ) -> Sequence[Waiting]:
        """The parts of a chat that became SENT then, oldest first."""
        ...

    async def mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        """As `Outbox.mark`."""
        ...

    async def carry_again(self, reply_id: str, index: int, receipt: str) -> None:
        """Note that a part that is SENT is said once more: it has this receipt, too."""
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
        """Keep content; the answer is its hash, the name it is found by. Idempotent.

        Raises MediaNotKept.
        """
        ...

    async def get(self, blob: str) -> bytes:
        """Raises MediaError if it is gone."""
        ...
