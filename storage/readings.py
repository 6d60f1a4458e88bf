"""What relays said of their accounts: the history of it, and what is known now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from core.quota.drift import Drift
from storage.batcher import Batcher
from storage.operation import Keep, Kept, Operation

ACCOUNT = "account"
OWN = "own/"
BILLING = "billing/"


class Reading(Struct, frozen=True, kw_only=True):
    """One subject's figures: "account", a token's keyed hash, OWN and the alias of a key that was
    told of itself, or BILLING and the alias of one that may have been told of its account.

    `alias` is the configuration's name of the token, "" for the account; `detail` is JSON.
    """

    relay: str
    subject: str
    alias: str
    at: datetime
    used_nano_usd: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Operation[None]):
    """Keep readings; one that says what the last one said, only an hour after that."""

    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepReadings(Operation[None]):
    """Drop those from before a time."""

    before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifts(Operation[tuple[Drift, ...]]):
    """For each token: from its reading at `since`, or the first after it, to its last by `until`.

    Tokens of which there are no two readings are left out.
    """

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReadings:
    """Raises StoreError."""

    writes: Batcher
    reads: Batcher

    async def note(self, readings: Sequence[Reading]) -> None:
        await self.writes.submit(Note(readings=tuple(readings)))

    async def drifts(self, since: datetime, until: datetime) -> Sequence[Drift]:
        return await self.reads.submit(Drifts(since=since, until=until))

    async def keep(self, name: str, value: str) -> None:
        """What is known now, in words of the caller's."""
        await self.writes.submit(Keep(name=f"relays/{name}", value=value))

    async def kept(self, name: str) -> str:
        """ "" where nothing is."""
        return await self.reads.submit(Kept(name=f"relays/{name}"))
