"""What a call cost: by the account where the relay tells it, else by its profile's prices."""

from typing import Literal

from msgspec import Struct

from core.amounts import CALL_PLACES, dollars, nano_of
from core.errors import ParleyError
from core.relay.client import Relay
from core.relay.dialect import Dialect
from core.request import UserStatRequest
from core.response import QUOTA_PER_USD, UserStat


class Spent(Struct, frozen=True, kw_only=True):
    """What a call took. Tokens, pictures, characters spoken, seconds heard, jobs begun.

    `estimated` are tokens that the relay did not tell.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False
    images: int = 0
    characters: int = 0
    seconds: float = 0.0
    jobs: int = 0

    def __bool__(self) -> bool:
        return self != Spent()


class Cost(Struct, frozen=True, kw_only=True):
    """US dollars. "told" by the account, "estimated" from prices, "unknown", or "free"."""

    kind: Literal["told", "estimated", "unknown", "free"]
    usd: float = 0.0

    def __str__(self) -> str:
        usd = dollars(nano_of(self.usd), CALL_PLACES)
        match self.kind:
            case "told":
                return usd
            case "estimated":
                return f"≈ {usd}"
            case "unknown":
                return "?"
            case "free":
                return "-"


def estimate(dialect: Dialect, call: str, spent: Spent) -> Cost:
    """By the price of the call's usual model; a `stream` is a chat."""
    if not spent:
        return Cost(kind="free")
    model = getattr(dialect.models, "chat" if call == "stream" else call, "")
    price = dialect.overlay(model).price
    if price is None or spent.jobs:
        return Cost(kind="unknown")
    usd = (
        (spent.prompt_tokens * price.prompt + spent.completion_tokens * price.completion) / 1e6
        + spent.images * price.image
        + spent.characters * price.characters / 1e6
        + spent.seconds / 60 * price.minute
    )
    return Cost(kind="estimated", usd=usd)


class Meter:
    """The used quota of the very token that the calls are made with; nothing where untold."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._first: int | None = None
        self._last: int | None = None

    async def start(self) -> None:
        """A key's first call is what makes its token appear: none of them yet is no use yet."""
        stat = await self._stat()
        if stat is not None:
            self._first = self._last = own_quota(stat) or 0

    async def since_last(self) -> float | None:
        """US dollars; None where nothing is told, or nothing has been booked yet."""
        if self._last is None:
            return None
        now = await self._read()
        if now is None or now <= self._last:
            return None
        before, self._last = self._last, now
        return (now - before) / QUOTA_PER_USD

    async def total(self) -> float | None:
        if self._first is None:
            return None
        now = await self._read()
        return None if now is None else (now - self._first) / QUOTA_PER_USD

    async def _read(self) -> int | None:
        stat = await self._stat()
        return None if stat is None else own_quota(stat)

    async def _stat(self) -> UserStat | None:
        if not self._relay.tells_stat:
            return None
        try:
            return await self._relay.call(UserStatRequest())
        except ParleyError:
            return None


def own_quota(stat: UserStat) -> int | None:
    return next((token.used_quota for token in stat.tokens if token.own), None)


def total_of(costs: list[Cost], told: float | None) -> str:
    """The account's own difference counts before any sum."""
    if told is not None:
        return str(Cost(kind="told", usd=told))
    known = Cost(kind="estimated", usd=sum(cost.usd for cost in costs))
    unknown = sum(cost.kind == "unknown" for cost in costs)
    words = f"{known}" if any(cost.kind == "estimated" for cost in costs) else ""
    if unknown:
        return f"{words} + {unknown} of unknown price".removeprefix(" + ")
    return words or "-"
