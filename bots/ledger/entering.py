"""Calls that were made by hand, as an order has them."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from bots.orders import Payload
from core.errors import ConfigError
from core.model import Spend
from core.quota.calendar import Calendar

ENTER = "ledger enter"
"""An order. Its payload is `Entering`; its answer says nothing."""


class Entering(Struct, frozen=True, kw_only=True):
    """Calls to write down, under a `name` that no two have: twice is once. `day` as in Account."""

    name: Annotated[str, Meta(min_length=1)]
    day: date
    spends: tuple[Spend, ...]


def payload_of(name: str, spends: Sequence[Spend], timezone: str) -> Payload:
    """Of one call at least. Their day is that of the first, in the zone of [people]."""
    day = Calendar(ZoneInfo(timezone)).day(spends[0].at)
    return {"name": name, "day": day, "spends": msgspec.to_builtins(list(spends))}


def entering_of(payload: Payload) -> Entering:
    """Raises ConfigError."""
    try:
        entering = msgspec.convert(payload, Entering)
    except msgspec.ValidationError as error:
        raise ConfigError(f"expected an order with calls, got another one: {error}") from error
    if any(spend.at.tzinfo is None for spend in entering.spends):
        raise ConfigError("expected an order with calls whose times have a zone, got others")
    return entering
