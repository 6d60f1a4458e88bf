"""Who pays, what may be used, and what was used."""

from datetime import datetime
from typing import Literal, TypeAlias, cast

from msgspec import Struct, structs

from core.amounts import Amounts, Unit
from core.model import Spend

Kind: TypeAlias = Literal["chat", "image", "speech", "transcription", "translation"]
Period: TypeAlias = Literal["day", "month"]
Scope: TypeAlias = str
""" "all", "bot:NAME", "group:PLATFORM:CHAT" or "person:PLATFORM:SENDER": whose use is summed."""

ALL: Scope = "all"


class Account(Struct, frozen=True, kw_only=True):
    """Who pays for one message. `day` is the accounting day, YYYY-MM-DD in the common zone,
    fixed when the message is claimed. `identity` is "platform:sender", the same on all bots of
    a platform; `place` is "platform:chat" in a group, "" elsewhere.
    """

    person: str
    conversation: str
    identity: str
    bot: str
    day: str
    place: str = ""

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """All whose sums what it pays is part of. The terminal's calls are no bot's."""
        group = (f"group:{self.place}",) if self.place else ()
        bot = (f"bot:{self.bot}",) if self.bot else ()
        return (f"person:{self.identity}", *group, *bot, ALL)


TERMINAL = "terminal"
"""Whose the calls by hand are: no platform's id has this form."""


def terminal_account(day: str) -> Account:
    """Of the calls that operators make at the terminal. No limit is held against it."""
    return Account(person=TERMINAL, conversation=TERMINAL, identity=TERMINAL, bot="", day=day)


class Ceiling(Struct, frozen=True, kw_only=True):
    """What a scope may use from the day `since` on, in the kept measure of `unit`.

    `granted` of `limit` are an admin's gift for this period alone.
    """

    scope: Scope
    unit: Unit
    period: Period
    since: str
    limit: int
    granted: int = 0


class Booking(Struct, frozen=True, kw_only=True):
    """A reservation: `amounts` for `account`, given if no ceiling is passed by it.

    Whoever dies leaves it behind; it stands until `until`, or until the message is claimed anew.
    """

    account: Account
    kind: Kind
    amounts: Amounts
    at: datetime
    until: datetime
    ceilings: tuple[Ceiling, ...] = ()


class Exceeded(Struct, frozen=True, kw_only=True):
    """The first ceiling that a booking would have passed, and what is used and reserved there."""

    ceiling: Ceiling
    used: int
    wanted: int


def lost_of(kind: Kind, at: datetime, reserved: Amounts) -> Spend | None:
    """What an attempt that nobody works on any more may have cost of what it had reserved.

    None where that was of messages alone: one counts once it is answered. The price is unknown
    where no dollars were reserved.
    """
    if not structs.replace(reserved, messages=0):
        return None
    return Spend(
        kind=kind,
        relay="",
        model="",
        at=at,
        prompt_tokens=reserved.tokens,
        images=reserved.images,
        audio_s=reserved.audio_ms / 1000,
        estimated=True,
        unsure=True,
        nano_usd=reserved.nano_usd or None,
        reserved_nano_usd=reserved.nano_usd or None,
    )


def kind_of(spend: Spend) -> Kind:
    """Of a call that a bot makes: by hand there are others."""
    return cast("Kind", spend.kind)


def amounts_of(spend: Spend) -> Amounts:
    """What a call counts against limits. A price that is not known counts nothing: under a
    limit in dollars such a call is not made."""
    return Amounts(
        tokens=spend.prompt_tokens + spend.completion_tokens,
        images=spend.images,
        audio_ms=round(spend.audio_s * 1000),
        nano_usd=spend.nano_usd or 0,
    )
