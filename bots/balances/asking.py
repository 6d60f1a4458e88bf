"""One relay asked what is left: by its account's page, or by each of its keys."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from core.amounts import NANO
from core.errors import RelayForbidden, RelayUnauthorized, RelayUsedUp
from core.ports.balances import Balance, TokenBalance
from core.quota.balance import stated
from core.relay.client import Relay
from core.request import KeyQuotaRequest, UserStatRequest
from core.response import KeyQuota, UserStat
from storage.readings import ACCOUNT, BILLING, OWN, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a relay said, and what of it goes into the history."""

    balance: Balance
    readings: tuple[Reading, ...]


def tells(relay: Relay) -> bool:
    """Whether it is worth asking."""
    return relay.tells_stat or relay.dialect.serves("key_quota")


async def asked(relay: Relay, now: datetime) -> Said:
    """Raises RelayError."""
    if relay.tells_stat:
        stat = await relay.call(UserStatRequest())
        balance = stated(relay.name, stat, now)
        return Said(balance=balance, readings=_of_stat(balance, stat, now))
    told = [(alias, await _quota(relay, key)) for key, alias in enumerate(relay.aliases)]
    balance = Balance(
        relay=relay.name, tokens=tuple(_token(alias, quota) for alias, quota in told), read_at=now
    )
    return Said(balance=balance, readings=_of_keys(balance, dict(told), now))


async def _quota(relay: Relay, key: int) -> KeyQuota | str:
    """A word for a key that the relay refuses: the others go on."""
    try:
        return await relay.call(KeyQuotaRequest(), key=key)
    except RelayUsedUp:
        return "exhausted"
    except (RelayUnauthorized, RelayForbidden):
        return "refused"


def _token(alias: str, told: KeyQuota | str) -> TokenBalance:
    if isinstance(told, str):
        return TokenBalance(alias=alias, state=told, tells_use=False)
    return TokenBalance(
        alias=alias,
        remaining_nano_usd=_nano(told.remaining_usd),
        used_nano_usd=_nano(told.used_usd),
        unlimited=told.unlimited,
        expires_at=told.expires_at,
        tells_use=False,
    )


def _nano(usd: float | None) -> int | None:
    return None if usd is None else round(usd * NANO)


# -- the history -----------------------------------------------------------------


def _of_stat(balance: Balance, stat: UserStat, now: datetime) -> tuple[Reading, ...]:
    """The account and the tokens that calls are made with; others are nobody's here."""
    account = balance.account
    assert account, "a stat has an account"  # noqa: S101 - `stated` makes it so
    detail = msgspec.json.encode(account).decode()
    whole = Reading(
        relay=balance.relay,
        subject=ACCOUNT,
        alias="",
        at=now,
        used_nano_usd=account.used_nano_usd,
        detail=detail,
    )
    pairs = zip(balance.tokens, stat.tokens, strict=True)
    own = [(token, f"{told.key_hash}") for token, told in pairs if token.alias]
    return (whole, *_readings(balance.relay, own, now))


def _of_keys(
    balance: Balance, told: dict[str, KeyQuota | str], now: datetime
) -> tuple[Reading, ...]:
    subjects = [(token, _subject(token.alias, told[token.alias])) for token in balance.tokens]
    return _readings(balance.relay, subjects, now)


def _subject(alias: str, told: KeyQuota | str) -> str:
    """one-api's billing pair may tell of the whole account: a setting of the relay."""
    billing = isinstance(told, KeyQuota) and told.source == "billing"
    return f"{BILLING if billing else OWN}{alias}"


def _readings(
    relay: str, tokens: list[tuple[TokenBalance, str]], now: datetime
) -> tuple[Reading, ...]:
    return tuple(
        Reading(
            relay=relay,
            subject=subject,
            alias=token.alias,
            at=now,
            used_nano_usd=token.used_nano_usd,
            detail=msgspec.json.encode(token).decode(),
        )
        for token, subject in tokens
        if token.used_nano_usd is not None
    )
