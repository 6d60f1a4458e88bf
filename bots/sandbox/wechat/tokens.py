"""Access tokens: the stable ones and the old ones, which know nothing of each other.

developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken and
api_getaccesstoken, read 2026-11.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from bots.sandbox.wechat.refusal import Denied

LIFE = timedelta(seconds=7200)
OVERLAP = timedelta(minutes=5)
FORCED_A_DAY = 20
FORCED_APART = timedelta(seconds=30)
STABLE_CHARS = 512
"""Callers have to keep room for this many; the old ones have about 136."""
OLD_CHARS = 136


class Token(Struct, kw_only=True):
    text: str
    until: datetime


class Tokens:
    """`now` is the platform's clock, UTC and aware."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: dict[str, Token] = {}
        self._gone: set[str] = set()
        self._stable: Token | None = None
        self._old: Token | None = None
        self._forced: list[datetime] = []

    def stable(self, *, force_refresh: bool = False) -> tuple[str, int]:
        """The token and the seconds it has left.

        The same one until its last five minutes, in which the next is given
        and both are good. Forced, the one before is void at once; asked too
        soon after another, that changes nothing. Raises Denied.
        """
        now = self._now()
        current = self._stable
        forced = force_refresh and self._may_force(now)
        if current and not forced and current.until - now > OVERLAP and self.knows(current.text):
            return current.text, int((current.until - now).total_seconds())
        if current and forced:
            self._known.pop(current.text, None)
        self._stable = self._new(STABLE_CHARS)
        return self._stable.text, int(LIFE.total_seconds())

    def old(self) -> tuple[str, int]:
        """A new token each time; the one before is good for five minutes more."""
        if self._old:
            self._old.until = min(self._old.until, self._now() + OVERLAP)
        self._old = self._new(OLD_CHARS)
        return self._old.text, int(LIFE.total_seconds())

    def check(self, text: str) -> None:
        """Raises Denied for a token that is missing, expired, or was never good."""
        if not text:
            raise Denied(41001)
        token = self._known.get(text)
        if token is None:
            raise Denied(42001 if text in self._gone else 40001 if len(text) > 100 else 40014)
        if token.until <= self._now():
            raise Denied(42001)

    def knows(self, text: str) -> bool:
        return text in self._known

    def expire(self) -> None:
        """All tokens are over now (42001), as if two hours had gone."""
        self._gone.update(self._known)
        self._known.clear()

    def revoke(self) -> None:
        """All tokens are void (40001), as after a refresh by somebody else."""
        self._known.clear()

    def _may_force(self, now: datetime) -> bool:
        day = now.astimezone(UTC).date()
        self._forced = [at for at in self._forced if at.astimezone(UTC).date() == day]
        if self._forced and now - self._forced[-1] < FORCED_APART:
            return False
        if len(self._forced) >= FORCED_A_DAY:
            raise Denied(45009)
        self._forced.append(now)
        return True

    def _new(self, chars: int) -> Token:
        text = f"{len(self._known) + 60}_" + secrets.token_urlsafe(chars)
        token = Token(text=text[:chars], until=self._now() + LIFE)
        self._known[token.text] = token
        return token
