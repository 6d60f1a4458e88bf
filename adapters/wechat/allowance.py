"""How many customer-service messages a person may still be sent. Pure.

Since a person's latest message 5 in 48 hours; after following, scanning or a
menu button 3 in one minute, and no more than that
(developers.weixin.qq.com/doc/service/guide/product/message/customer_message.html,
November 2026; "20 messages" elsewhere is of old).
"""

from dataclasses import dataclass, field

BY_MESSAGE = 5, 48 * 3600.0
BY_EVENT = 3, 60.0
FORGOTTEN_AT = 10_000


@dataclass(slots=True)
class Grant:
    left: int
    until: float


@dataclass(slots=True)
class Allowances:
    """By OpenID; `now` is of any steady clock. What nothing is known of since the start
    is taken for a fresh message's: WeChat counts itself."""

    _grants: dict[str, list[Grant]] = field(default_factory=dict)

    def grant(self, openid: str, now: float, *, by_event: bool) -> None:
        """A person did something. Never adds up: a new message begins to count anew."""
        self._forget(now)
        kept = [] if not by_event else self._live(openid, now)
        count, lasts_s = BY_EVENT if by_event else BY_MESSAGE
        self._grants[openid] = [*kept, Grant(count, now + lasts_s)]

    def take(self, openid: str, now: float) -> bool:
        """Count one, of what ends first."""
        if openid not in self._grants:
            self.grant(openid, now, by_event=False)
        live = sorted(self._live(openid, now), key=lambda grant: grant.until)
        if not live:
            return False
        live[0].left -= 1
        return True

    def left(self, openid: str, now: float) -> int:
        if openid not in self._grants:
            return BY_MESSAGE[0]
        return sum(grant.left for grant in self._live(openid, now))

    def spent(self, openid: str) -> None:
        """WeChat says that there is nothing left."""
        self._grants[openid] = []

    def _live(self, openid: str, now: float) -> list[Grant]:
        grants = self._grants.get(openid, [])
        return [grant for grant in grants if grant.left > 0 and grant.until > now]

    def _forget(self, now: float) -> None:
        if len(self._grants) >= FORGOTTEN_AT:
            self._grants = {who: live for who in self._grants if (live := self._live(who, now))}
