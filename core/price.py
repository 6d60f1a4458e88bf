"""What a call costs, by a profile's or the configuration's prices. Pure."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache

from msgspec import Struct

from core.amounts import NANO
from core.model import Spend

MILLION = 1_000_000

FINE = 1_000_000_000
"""Prices of a millionth of a nano-dollar a token are still summed exactly, in whole numbers."""


class Price(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars: for a million tokens, a picture, a million characters spoken, a minute heard.

    `training` is for a million tokens trained by fine-tuning, 0.0 where that is not known.
    """

    prompt: float = 0.0
    completion: float = 0.0
    image: float = 0.0
    characters: float = 0.0
    minute: float = 0.0
    training: float = 0.0

    def nano_usd(self, spend: Spend) -> int:
        """Nano-dollars, any fraction of one taken for a whole."""
        rates = _rates(self)
        if rates and not spend.audio_s:
            prompt, completion, image, characters = rates
            fine = (
                prompt * spend.prompt_tokens
                + completion * spend.completion_tokens
                + image * spend.images
                + characters * spend.characters
            )
            return -(-fine // FINE)
        usd = (
            (_exact(self.prompt) * spend.prompt_tokens) / MILLION
            + (_exact(self.completion) * spend.completion_tokens) / MILLION
            + _exact(self.image) * spend.images
            + (_exact(self.characters) * spend.characters) / MILLION
            + _exact(self.minute) * _exact(spend.audio_s) / 60
        )
        return int((usd * NANO).to_integral_value(ROUND_CEILING))

    def training_nano_usd(self, tokens: int) -> int | None:
        """Nano-dollars, a fraction of one taken for a whole; None where it is not known."""
        if not self.training:
            return None
        usd = _exact(self.training) * tokens / MILLION
        return int((usd * NANO).to_integral_value(ROUND_CEILING))


@lru_cache(maxsize=256)
def _rates(price: Price) -> tuple[int, int, int, int] | None:
    """For a token in, a token out, a picture and a character, in parts of FINE of a nano-dollar;
    None where those are no whole numbers."""
    each = (
        _exact(price.prompt) / MILLION,
        _exact(price.completion) / MILLION,
        _exact(price.image),
        _exact(price.characters) / MILLION,
    )
    fine = [usd * NANO * FINE for usd in each]
    if any(figure != figure.to_integral_value() for figure in fine):
        return None
    prompt, completion, image, characters = map(int, fine)
    return prompt, completion, image, characters


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
