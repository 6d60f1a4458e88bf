"""How much was used: whole numbers, so that sums are exact. Pure."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

Unit: TypeAlias = Literal["messages", "tokens", "images", "audio_s", "usd"]
"""What a limit counts, as people and the configuration say it: seconds of audio, US dollars."""

NANO = 1_000_000_000
"""Nano-dollars in a US dollar. A token of the cheapest models costs some 20 of them."""


class Amounts(Struct, frozen=True, kw_only=True):
    """`audio_ms` are milliseconds heard, `nano_usd` nano-dollars. `tokens` are in and out."""

    messages: int = 0
    tokens: int = 0
    images: int = 0
    audio_ms: int = 0
    nano_usd: int = 0

    def of(self, unit: Unit) -> int:
        """In the measure that is kept: see `kept`."""
        figure: int = getattr(self, FIELDS[unit])
        return figure

    def plus(self, other: "Amounts") -> "Amounts":
        return Amounts(
            messages=self.messages + other.messages,
            tokens=self.tokens + other.tokens,
            images=self.images + other.images,
            audio_ms=self.audio_ms + other.audio_ms,
            nano_usd=self.nano_usd + other.nano_usd,
        )

    def beyond(self, other: "Amounts") -> "Amounts":
        """What these are more than those, nothing where they are less."""
        return Amounts(
            **{name: max(0, getattr(self, name) - getattr(other, name)) for name in NAMES}
        )

    def within(self, units: AbstractSet[Unit]) -> "Amounts":
        """These units alone."""
        return Amounts(**{FIELDS[unit]: getattr(self, FIELDS[unit]) for unit in units})

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in NAMES)


NAMES = Amounts.__struct_fields__

FIELDS: dict[Unit, str] = {
    "messages": "messages",
    "tokens": "tokens",
    "images": "images",
    "audio_s": "audio_ms",
    "usd": "nano_usd",
}
PER_UNIT: dict[Unit, int] = {"messages": 1, "tokens": 1, "images": 1, "audio_s": 1000, "usd": NANO}
UNITS: tuple[Unit, ...] = tuple(FIELDS)

SHOWN_PLACES, CALL_PLACES, ALL_PLACES = 4, 6, 9
"""Decimals of dollars: of what is read, of what a single call costs, of what is kept."""


def kept(unit: Unit, figure: Decimal) -> int:
    """A figure as people say it in the measure that is kept: dollars in nano-dollars."""
    return int(figure * PER_UNIT[unit])


def said(unit: Unit, amount: int) -> Decimal:
    """What is kept as people say it."""
    return Decimal(amount) / PER_UNIT[unit]


def nano_of(usd: float) -> int:
    """Nano-dollars of what a relay tells as a number."""
    return round(Decimal(repr(usd)) * NANO)


def dollars(nano_usd: int, places: int = SHOWN_PLACES) -> str:
    """As people read it: "$5.00", "$0.0123", "-$1,612.6392"; "<$0.0001" is not nothing."""
    least = Decimal(1).scaleb(-places)
    usd = said("usd", abs(nano_usd)).quantize(least)
    sign = "-" if nano_usd < 0 else ""
    if nano_usd and not usd:
        return f"{sign}<${least:f}"
    whole, _, fraction = f"{usd:,f}".partition(".")
    return f"{sign}${whole}.{fraction.rstrip('0').ljust(2, '0')}"


def dollars_set(usd: Decimal) -> str:
    """What somebody set, to its last decimal: "$5.00", "$0.0000125"."""
    return dollars(kept("usd", usd), ALL_PLACES)


def figure(unit: Unit, amount: int) -> str:
    """What is kept, as people read it: "$0.0123", "61.5", "12,000"."""
    return dollars(amount) if unit == "usd" else number(said(unit, amount))


def figure_set(unit: Unit, said: Decimal) -> str:
    """What somebody set: "$0.0000125", "12,000"."""
    return dollars_set(said) if unit == "usd" else number(said)


def number(figure: Decimal | float) -> str:
    """With one decimal at most: "61.5", "12,000"."""
    return f"{figure:,.1f}".removesuffix(".0")


def total(amounts: Iterable[Amounts]) -> Amounts:
    result = Amounts()
    for one in amounts:
        result = result.plus(one)
    return result
