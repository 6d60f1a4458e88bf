"""The ledger's spend of one relay token against the relay's own figure. Pure."""

from datetime import datetime

from msgspec import Struct

from core.amounts import NANO

WORTH_NANO_USD = NANO // 100
"""Below a cent a single call under way at a reading would be a drift."""


class Drift(Struct, frozen=True, kw_only=True):
    """Between two readings of a token: what the ledger says was spent with it, and how far the
    relay's used figure moved. `alias` is the configuration's name of the key.

    `unpriced` of the `calls` have no known price; of `unsure` ones it is unknown whether they
    were billed. A negative `relay_nano_usd` is a figure that the relay began anew.
    """

    relay: str
    alias: str
    since: datetime
    until: datetime
    ledger_nano_usd: int
    relay_nano_usd: int
    calls: int = 0
    unpriced: int = 0
    unsure: int = 0

    @property
    def comparable(self) -> bool:
        return not self.unpriced and self.relay_nano_usd >= 0

    @property
    def percent(self) -> float | None:
        """How much more than the relay the ledger has, in per cent of the relay's figure; None
        where the two cannot be compared. Where the relay has nothing, all is too much."""
        if not self.comparable:
            return None
        more = self.ledger_nano_usd - self.relay_nano_usd
        base = self.relay_nano_usd or self.ledger_nano_usd
        return 100 * more / base if base else 0.0

    def is_past(self, percent: float) -> bool:
        """Whether it is worth a word: past `percent`, of more than a cent."""
        spent = max(self.ledger_nano_usd, self.relay_nano_usd)
        told = self.percent
        return told is not None and spent > WORTH_NANO_USD and abs(told) > percent
