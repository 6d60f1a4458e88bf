"""How many messages an account may send a person by customer service, and until when.

developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
and api_typing, read 2026-11.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from msgspec import Struct

from bots.sandbox.wechat.refusal import Denied

Ground: TypeAlias = Literal["message", "click", "subscribe", "scan"]

GRANTS: dict[Ground, tuple[int, timedelta]] = {
    "message": (5, timedelta(hours=48)),
    "click": (3, timedelta(minutes=1)),
    "subscribe": (3, timedelta(minutes=1)),
    "scan": (3, timedelta(minutes=1)),
}
TYPING = timedelta(seconds=15)
TYPING_AFTER = timedelta(seconds=30)


class Grant(Struct, kw_only=True):
    left: int
    until: datetime


class Allowance:
    """One person's. Each act of a kind starts its grant anew; sends take the shorter first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._grants: dict[Ground, Grant] = {}
        self._met: datetime | None = None
        self._typing_until: datetime | None = None

    def grant(self, ground: Ground) -> None:
        count, life = GRANTS[ground]
        self._met = self._now()
        self._grants[ground] = Grant(left=count, until=self._met + life)

    def close(self) -> None:
        """The person follows the account no more."""
        self._grants.clear()

    def take(self) -> None:
        """One message. Raises Denied: no window open (45015), or its count spent (45047)."""
        grant = self._open()
        if not grant.left:
            raise Denied(45047)
        grant.left -= 1
        self._met = self._now()
        self._typing_until = None

    def left(self) -> int:
        now = self._now()
        return sum(grant.left for grant in self._grants.values() if grant.until > now)

    def type(self) -> None:
        """Show "typing" for 15 s or until a message comes. Raises Denied."""
        now = self._now()
        self._open()
        if self._met is None or now - self._met > TYPING_AFTER:
            raise Denied(45080)
        if self._typing_until and now < self._typing_until:
            raise Denied(45081)
        self._typing_until = now + TYPING

    def stop_typing(self) -> None:
        self._typing_until = None

    def _open(self) -> Grant:
        now = self._now()
        held = sorted(
            (grant for grant in self._grants.values() if grant.until > now),
            key=lambda grant: (not grant.left, grant.until),
        )
        if not held:
            raise Denied(45015)
        return held[0]
