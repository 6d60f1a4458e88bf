"""One part on its way to a person, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from core.model import Address, Media, Text


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
