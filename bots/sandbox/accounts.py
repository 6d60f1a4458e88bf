"""One token a key, charged by the calls made: what the calls for quota tell.

The form of `stat` is burn.hair's; the quota unit is 1/500,000 of a dollar.
"""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from bots.sandbox.failure import Refusal

STAT_TOKEN = "sandbox-stat"  # noqa: S105 - documented and opens nothing but this sandbox
"""The system access token that `GET /api/user/stat` wants."""

UNITS_PER_USD = 500_000
GRANT_USD = 1000
TOKENS_KEPT = 1000


class Token(Struct, kw_only=True):
    """What one key used. `units` are quota units."""

    key: str
    created_at: datetime
    accessed_at: datetime
    units: int = 0
    calls: int = 0


class Accounts:
    """Tokens appear with the first call of their key, `grant` units each; any key is taken.

    Past TOKENS_KEPT keys the oldest is forgotten.
    """

    def __init__(self, now: Callable[[], datetime], grant: int = GRANT_USD * UNITS_PER_USD) -> None:
        self._now = now
        self._grant = grant
        self._tokens: dict[str, Token] = {}

    def admit(self, key: str) -> None:
        """Raises Refusal (403) if the key's quota is used up, as new-api does."""
        token = self._tokens.get(key)
        if (token is not None and token.units >= self._grant) or not self._grant:
            raise Refusal(
                403,
                f"The token's quota of {self._grant} units is used up. Use another key.",
                code="insufficient_user_quota",
            )

    def charge(self, key: str, units: int, *, calls: int = 1) -> None:
        """Count a call and its price; `calls` is 0 for what an earlier call set going."""
        now = self._now()
        token = self._tokens.get(key)
        if token is None:
            token = self._open(key, now)
        token.accessed_at = now
        token.units += units
        token.calls += calls

    def _open(self, key: str, now: datetime) -> Token:
        if len(self._tokens) >= TOKENS_KEPT:
            del self._tokens[next(iter(self._tokens))]
        token = Token(key=key, created_at=now, accessed_at=now)
        self._tokens[key] = token
        return token

    @property
    def grant(self) -> int:
        """Of each key, in quota units."""
        return self._grant

    def used(self, key: str) -> int:
        """Quota units; 0 for a key that made no call yet."""
        token = self._tokens.get(key)
        return 0 if token is None else token.units

    def stat(self) -> dict[str, object]:
        tokens = list(self._tokens.values())
        used = sum(token.units for token in tokens)
        granted = self._grant * max(1, len(tokens))
        user = {
            **_priced("free_quota", 0),
            **_priced("bonus_quota", 0),
            **_priced("paid_quota", granted),
            **_priced("total_quota", granted),
            **_priced("used_quota", used),
            "request_count": sum(token.calls for token in tokens),
        }
        return {"token": [self._row(token) for token in tokens], "user": user}

    def _row(self, token: Token) -> dict[str, object]:
        return {
            "key": token.key,
            "status": "enabled",
            "name": "sandbox",
            "created_time": _time(token.created_at),
            "accessed_time": _time(token.accessed_at),
            "expired_time": "never",
            **_priced("remain_quota", self._grant - token.units),
            "unlimited_quota": False,
            **_priced("used_quota", token.units),
        }


def _priced(name: str, units: int) -> dict[str, float]:
    return {name: units, f"{name}_dollar": round(units / UNITS_PER_USD, 6)}


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
