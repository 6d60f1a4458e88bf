"""What the relays say of their accounts and tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """An account: free + bonus + paid = total. Nano-dollars, derived from whole quota units."""

    free_nano_usd: int
    bonus_nano_usd: int
    paid_nano_usd: int
    total_nano_usd: int
    used_nano_usd: int
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBalance:
    """One token of a relay's account.

    `alias` is the configuration's name of the key, as in `Served.key`; "" for a token that is
    not there. `name` and `state` are the relay's own words, "" where it has none ("enabled",
    "disabled", "expired", "exhausted", …). `remaining_nano_usd` is None while `unlimited` and
    where the relay does not tell the unit, `used_nano_usd` there too. `expires_at` and
    `last_used_at` are None for never; `tells_use` is False where the relay says nothing of
    the last use.
    """

    alias: str
    name: str = ""
    state: str = ""
    last4: str = ""
    remaining_nano_usd: int | None = None
    used_nano_usd: int | None = None
    unlimited: bool = False
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    tells_use: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What one relay said last.

    `account` is None where it tells nothing of it. `read_at` is when this was so, None if it
    was never read; then there are no tokens. `unreadable_since` is when reading began to fail,
    None while it works.
    """

    relay: str
    account: AccountBalance | None = None
    tokens: tuple[TokenBalance, ...] = ()
    read_at: datetime | None = None
    unreadable_since: datetime | None = None


class Balances(Protocol):
    async def of(self) -> Sequence[Balance]:
        """One for each relay that can tell, in the configuration's order; at most a minute
        old. Raises nothing: a relay that fails says so in its Balance."""
        ...
