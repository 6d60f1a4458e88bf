"""What a call costs, by a profile's or the configuration's prices. Pure."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct

from core.amounts import NANO
from core.model import Spend

MILLION = 1_000_000


class Price(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars: for a million tokens, a picture, a million characters spoken, a minute heard."""

    prompt: float = 0.0
    completion: float = 0.0
    image: float = 0.0
    characters: float = 0.0
    minute: float = 0.0

    def nano_usd(self, spend: Spend) -> int:
        """Nano-dollars, any fraction of one taken for a whole."""
        usd = (
            (_exact(self.prompt) * spend.prompt_tokens) / MILLION
            + (_exact(self.completion) * spend.completion_tokens) / MILLION
            + _exact(self.image) * spend.images
            + (_exact(self.characters) * spend.characters) / MILLION
            + _exact(self.minute) * _exact(spend.audio_s) / 60
        )
        return int((usd * NANO).to_integral_value(ROUND_CEILING))


def _exact(figure: float) -> Decimal:
    """As it is written: 0.15, not its nearest binary fraction."""
    return Decimal(repr(figure)) if figure else Decimal(0)


def dearest(prices: Sequence[Price]) -> Price | None:
    """At each figure the highest: no call costs more than by it."""
    if not prices:
        return None
    return Price(
        **{name: max(getattr(price, name) for price in prices) for name in Price.__struct_fields__}
    )
