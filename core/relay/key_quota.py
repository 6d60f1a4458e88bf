"""What a key may still spend, as one-api and new-api tell it to the key itself.

new-api's GET /api/usage/token/ is asked first. Relays without it, one-api among them, have
OpenAI's former pair, the subscription and the usage, whose unit is a setting of the relay.
Source: controller/{token,billing,misc}.go of https://github.com/QuantumNous/new-api, its page
docs/en/api/token-usage.md in new-api-docs, and controller/{billing,misc}.go of
https://github.com/songquanpeng/one-api, read on 2026-11-21.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct, structs

from core.errors import RelayError, RelayGarbage, RelayUnsupported
from core.relay.decode import Answer, Whole, read_answer, unreadable
from core.relay.dialect import Paths
from core.relay.encode import Outbound
from core.relay.failure import UNREADABLE
from core.relay.wire import Wire
from core.response import QUOTA_PER_USD, KeyQuota

KEPT_S = 60.0
"""How long an answer holds: new-api lets an address ask 20 times in 20 minutes."""

UNLIMITED = 100_000_000
"""What the subscription tells as the limit of a key that has none, whatever the unit."""

Unit: TypeAlias = Literal["usd", "quota", "unknown"]
Figure: TypeAlias = Annotated[float, Meta(ge=-1e15, le=1e15)]


class _Token(Struct):
    """Quota units. `expires_at` is in seconds since 1970, 0 or less for never."""

    total_granted: Whole
    total_used: Whole
    total_available: Whole
    unlimited_quota: bool = False
    expires_at: Whole = 0


class _TokenAnswer(Struct):
    """Its `code` is `true` and its `message` "ok", which elsewhere are signs of an error."""

    data: _Token | None = None
    success: bool = True


class _Subscription(Answer):
    """`access_until` as `expires_at` of _Token."""

    hard_limit_usd: Figure | None = None
    access_until: Whole | None = None


class _Usage(Answer):
    """In hundredths of the unit."""

    total_usage: Figure | None = None


class _Shown(Struct):
    """How the relay shows quota. `quota_display_type` is new-api's: USD, CNY, TOKENS, CUSTOM."""

    quota_per_unit: Figure | None = None
    display_in_currency: bool | None = None
    quota_display_type: str = ""
    usd_exchange_rate: Figure | None = None

    @property
    def per_usd(self) -> float:
        told = self.quota_per_unit
        return told if told and told > 0 else QUOTA_PER_USD

    @property
    def unit(self) -> tuple[Unit, float]:
        """Of the pair's figures, and how many of what they are told in make one."""
        rate = self.usd_exchange_rate or 0.0
        match self.quota_display_type, self.display_in_currency:
            case ("TOKENS", _) | ("", False):
                return "quota", 1.0
            case ("USD" | "CUSTOM", _) | ("", True):
                return "usd", 1.0
            case "CNY", _ if rate > 1e-6:
                return "usd", rate
            case _:
                return "unknown", 1.0


class _StatusAnswer(Struct):
    data: _Shown | None = None


_TOKEN = msgspec.json.Decoder(_TokenAnswer)
_STATUS = msgspec.json.Decoder(_StatusAnswer)
_SUBSCRIPTION = msgspec.json.Decoder(_Subscription)
_USAGE = msgspec.json.Decoder(_Usage)
_Told = TypeVar("_Told", _Subscription, _Usage)


class KeyQuotas:
    """Asks over `wire`, each key at most once in KEPT_S; which source served is remembered."""

    def __init__(self, wire: Wire, monotonic: Callable[[], float]) -> None:
        self._wire = wire
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._kept: dict[int, tuple[float, KeyQuota]] = {}
        self._source: Literal["", "token", "billing"] = ""
        self._shown = _Shown()

    async def of(self, asked: Outbound, key: int, paths: Paths) -> KeyQuota:
        """What the key may still spend now, or might a minute ago. Raises RelayError."""
        async with self._lock:
            until, kept = self._kept.get(key, (0.0, None))
            if kept is not None and self._monotonic() < until:
                return kept
            quota = await self._asked(asked, key, paths)
            self._source = self._source or quota.source
            self._kept[key] = self._monotonic() + KEPT_S, quota
            return quota

    async def _asked(self, asked: Outbound, key: int, paths: Paths) -> KeyQuota:
        if self._source != "billing":
            token = await self._token(asked, key)
            if token is not None:
                await self._see(asked, key, paths)
                return _of_token(token, self._shown)
        limit = await self._told(asked, key, paths.key_quota_limit, _SUBSCRIPTION)
        used = await self._told(asked, key, paths.key_quota_used, _USAGE)
        await self._see(asked, key, paths)
        return _of_billing(limit, used, self._shown)

    async def _token(self, asked: Outbound, key: int) -> _Token | None:
        """None where this relay does not tell it here. Raises RelayError, on a 429 too."""
        try:
            _, body = await self._wire.ask(asked, key)
            answer = _TOKEN.decode(body)
        except (RelayUnsupported, RelayGarbage, *UNREADABLE):
            return None
        return answer.data if answer.success else None

    async def _told(
        self, asked: Outbound, key: int, path: str, decoder: msgspec.json.Decoder[_Told]
    ) -> _Told:
        there = structs.replace(asked, path=path)
        origin = self._wire.origin_of(there, key)
        _, body = await self._wire.ask(there, key)
        answer = read_answer(body, decoder, origin)
        figure = answer.hard_limit_usd if isinstance(answer, _Subscription) else answer.total_usage
        if figure is None:
            raise unreadable(body, origin)
        return answer

    async def _see(self, asked: Outbound, key: int, paths: Paths) -> None:
        """Where the relay does not say how it shows quota, what it said last holds."""
        try:
            _, body = await self._wire.ask(structs.replace(asked, path=paths.key_quota_unit), key)
            self._shown = _STATUS.decode(body).data or self._shown
        except (RelayError, *UNREADABLE):
            return


def _of_token(token: _Token, shown: _Shown) -> KeyQuota:
    unlimited = token.unlimited_quota
    return KeyQuota(
        source="token",
        unit="quota",
        granted=None if unlimited else token.total_granted,
        used=token.total_used,
        remaining=None if unlimited else token.total_available,
        unlimited=unlimited,
        expires_at=_time(token.expires_at),
        quota_per_unit=shown.per_usd,
    )


def _of_billing(limit: _Subscription, used: _Usage, shown: _Shown) -> KeyQuota:
    unit, rate = shown.unit
    unlimited = limit.hard_limit_usd == UNLIMITED
    granted = _figure((limit.hard_limit_usd or 0.0) / rate, unit)
    spent = _figure((used.total_usage or 0.0) / 100 / rate, unit)
    return KeyQuota(
        source="billing",
        unit=unit,
        granted=None if unlimited else granted,
        used=spent,
        remaining=None if unlimited else _figure(granted - spent, unit),
        unlimited=unlimited,
        expires_at=_time(limit.access_until or 0),
        quota_per_unit=shown.per_usd,
    )


def _figure(told: float, unit: Unit) -> float:
    """Whole units; of dollars no more than one unit is worth, 1/500,000."""
    return round(told) if unit == "quota" else round(told, 6)


def _time(seconds: int) -> datetime | None:
    """None for never, and for a moment past all calendars."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
