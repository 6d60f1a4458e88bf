"""What the bot says of its own accord, and which events it was said of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from core.model import Delivery, Message, PartState, Reply, conversation_key
from core.ports.store import Unfinished
from storage.batcher import Batcher
from storage.operation import Operation

PREFIX = "announce:"
BEYOND = "announce;"
"""Sorts right after all that begin with PREFIX."""


class Letter(Struct, frozen=True, kw_only=True):
    """A reply that answers no message. `name` is unique for ever: see `letter_name`."""

    name: str
    reply: Reply


def letter_name(person: str, key: str) -> str:
    """Of what a person (a `person_key`, which has no colon) is told of `key`."""
    return f"{PREFIX}{person}:{key}"


def unfinished(name: str, delivery: Delivery, at: datetime) -> Unfinished:
    """A letter on its way, in a lane of its own: no answer waits for it."""
    to = delivery.reply.to
    return Unfinished(
        message=Message(id=name, key="", address=to, parts=(), sent_at=at),
        conversation=f"{conversation_key(to)} announced",
        received_at=at,
        attempt=0,
        delivery=delivery,
    )


def begun(letter: Letter, at: datetime) -> Unfinished:
    states = (PartState.PENDING,) * len(letter.reply.parts)
    return unfinished(letter.name, Delivery(reply=letter.reply, states=states), at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce(Operation[bool]):
    """Note events and store what is told of them, whole or not at all.

    `raised` are alerts: told if the first was not there. `over` is one that ends: told if it
    was there. `job` fires `at` a time: told if it had not. False: nothing is to be told.
    """

    letters: tuple[Letter, ...]
    at: datetime
    raised: tuple[str, ...] = ()
    over: str = ""
    job: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised(Operation[Mapping[str, datetime]]):
    """The alerts that were told and are not over: since when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPrivate(Operation[Message | None]):
    """The latest message that one of these persons wrote one to one, as far as it is kept."""

    persons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepLetters(Operation[None]):
    """Drop those from before a time that are not on their way."""

    before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnnouncements:
    """Raises StoreError."""

    writes: Batcher
    reads: Batcher

    async def announce(self, announce: Announce) -> bool:
        return await self.writes.submit(announce)

    async def raised(self) -> Mapping[str, datetime]:
        return await self.reads.submit(Raised())

    async def last_private(self, persons: Sequence[str]) -> Message | None:
        return await self.reads.submit(LastPrivate(persons=tuple(persons)))
