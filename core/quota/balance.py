"""What a relay says of its account, as /quota, alerts and reports read it. Pure."""

from datetime import datetime

from core.amounts import NANO
from core.ports.balances import AccountBalance, Balance, TokenBalance
from core.response import QUOTA_PER_USD, AccountStat, TokenStat, UserStat

NANO_PER_QUOTA = NANO // QUOTA_PER_USD


def stated(relay: str, stat: UserStat, read_at: datetime) -> Balance:
    """Dollars come of the whole quota units, never of the relay's rounded dollar fields."""
    return Balance(
        relay=relay,
        account=_account(stat.account),
        tokens=tuple(map(_token, stat.tokens)),
        read_at=read_at,
    )


def _account(stat: AccountStat) -> AccountBalance:
    return AccountBalance(
        free_nano_usd=stat.free_quota * NANO_PER_QUOTA,
        bonus_nano_usd=stat.bonus_quota * NANO_PER_QUOTA,
        paid_nano_usd=stat.paid_quota * NANO_PER_QUOTA,
        total_nano_usd=stat.total_quota * NANO_PER_QUOTA,
        used_nano_usd=stat.used_quota * NANO_PER_QUOTA,
        requests=stat.request_count,
    )


def _token(stat: TokenStat) -> TokenBalance:
    """A remainder means nothing while the token is unlimited: it may be below zero."""
    return TokenBalance(
        alias=stat.alias,
        name=stat.name,
        state=stat.status,
        last4=stat.last4,
        remaining_nano_usd=None if stat.unlimited else stat.remain_quota * NANO_PER_QUOTA,
        used_nano_usd=stat.used_quota * NANO_PER_QUOTA,
        unlimited=stat.unlimited,
        expires_at=stat.expires_at,
        last_used_at=stat.last_used_at,
    )
