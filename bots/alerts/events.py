"""What there is to tell of the relays: events, each with a key of its own. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from msgspec import Struct

from bots.config.model import Alerts
from core.ports.balances import AccountBalance, Balance, TokenBalance
from core.quota.drift import Drift

AGAIN_POINTS = 5
"""So far above a threshold a balance must come before it may be told of again."""

DOWN_FOR = timedelta(minutes=10)
"""How long a relay is out of reach, or its account not read, before it is told."""

WELL = frozenset({"", "enabled", "active"})
"""States of a token that are no news. burn.hair says "enabled"."""

USED_UP, EXPIRED = "exhausted", "expired"
"""States that are told in words of their own."""


Params = Mapping[str, str | int | float | datetime]


class Event(Struct, frozen=True, kw_only=True):
    """`kind` names its sentence, alert_<kind>. `also` are lesser events that it includes: they
    are not told any more. Of `params`, times are shown in the reader's zone, dollars are
    nano-dollars under names that end in _usd."""

    key: str
    kind: str
    params: Params
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """`events` hold now; `standing` are keys that are not over: of the events, and of those that
    are only just not true any more."""

    events: tuple[Event, ...]
    standing: frozenset[str]
    unread: frozenset[str]
    """Relays of which nothing new is known."""

    def is_over(self, key: str) -> bool:
        return key not in self.standing and not (
            kind_of(key) in READ_OFF and relay_of(key) in self.unread
        )


KINDS = (
    *("account_low", "account_used_up", "token_low", "token_used_up"),
    *("token_disabled", "token_expired", "token_expiring"),
    *("relay_down", "relay_back", "account_unreadable", "drift"),
)
READ_OFF = frozenset({"left", "disabled", "expired", "expiring"})
"""Kinds of keys whose events are read off a balance."""


def key_of(kind: str, *names: str) -> str:
    return "/".join(quote(name, safe="") for name in (kind, *names))


def kind_of(key: str) -> str:
    return key.partition("/")[0]


def relay_of(key: str) -> str:
    return unquote(key.split("/")[1])


def outlook(
    balances: Sequence[Balance],
    shrinks: Mapping[str, bool | None],
    down: Mapping[str, datetime],
    drifts: Iterable[Drift],
    alerts: Alerts,
    now: datetime,
) -> Outlook:
    """`shrinks`: whether an account's total is what is left of it, by relay; None if unknown.
    `down`: since when relays are out of reach."""
    well = [b for b in balances if b.read_at and not b.unreadable_since]
    found = [
        *(read for b in well for read in _of_balance(b, shrinks.get(b.relay), alerts, now)),
        *_of_reach(balances, down, now),
        *_of_drifts(drifts, alerts),
    ]
    return Outlook(
        events=tuple(event for event, _ in found if event),
        standing=frozenset(key for _, keys in found for key in keys),
        unread=frozenset(b.relay for b in balances) - {b.relay for b in well},
    )


Found = tuple[Event | None, Iterable[str]]
"""An event, if it holds, and the keys that stand with it."""


def _of_balance(
    balance: Balance, shrinks: bool | None, alerts: Alerts, now: datetime
) -> Iterator[Found]:
    relay = balance.relay
    if balance.account:
        yield _account(relay, balance.account, shrinks, alerts)
    for token in balance.tokens:
        if token.alias:
            yield _token_left(relay, token, alerts)
            yield from _token_state(relay, token, alerts, now)


def _account(relay: str, account: AccountBalance, shrinks: bool | None, alerts: Alerts) -> Found:
    """Where it is not known whether the total is what is left, or what was given: as if it were
    what was given, which tells early rather than late, and never that all is gone."""
    used, total = account.used_nano_usd, account.total_nano_usd
    left, given = (total, total + used) if shrinks else (total - used, total)
    used_up = left <= 0 and shrinks is not None
    params: Params = {"relay": relay, "left_usd": max(0, left)}
    return _left("account", params, left, given, alerts, used_up=used_up)


def _token_left(relay: str, token: TokenBalance, alerts: Alerts) -> Found:
    left, used = token.remaining_nano_usd, token.used_nano_usd
    params: Params = {"relay": relay, "token": token.alias, "left_usd": max(0, left or 0)}
    used_up = token.state == USED_UP or (left is not None and left <= 0)
    if token.unlimited or left is None or used is None:
        left, used = 1, 0
        used_up = token.state == USED_UP
    return _left("token", params, left, left + used, alerts, used_up=used_up)


def _left(
    whose: str,
    params: Params,
    left: int,
    given: int,
    alerts: Alerts,
    *,
    used_up: bool,
) -> Found:
    """The lowest threshold that was crossed, which includes those above."""
    names = (whose, str(params.get("token", "")))
    relay = str(params["relay"])
    percent = 100 * left / given if given > 0 else 100.0
    levels = sorted({level for level in alerts.left_percent if 0 < level < 100}, reverse=True)
    crossed = [level for level in levels if percent <= level or used_up]
    standing = [level for level in levels if percent <= level + AGAIN_POINTS or used_up]
    if used_up:
        crossed, standing = [*crossed, 0], [*standing, 0]
    keys = {level: key_of("left", relay, *names, str(level)) for level in standing}
    if not crossed:
        return None, keys.values()
    kind = f"{whose}_used_up" if used_up else f"{whose}_low"
    event = Event(
        key=keys[crossed[-1]],
        kind=kind,
        params={**params, "percent": max(0, round(percent))},
        also=tuple(keys[level] for level in crossed[:-1]),
    )
    return event, keys.values()


def _token_state(relay: str, token: TokenBalance, alerts: Alerts, now: datetime) -> Iterator[Found]:
    params = {"relay": relay, "token": token.alias}
    if token.state not in WELL | {USED_UP, EXPIRED}:
        key = key_of("disabled", relay, token.alias)
        yield Event(key=key, kind="token_disabled", params={**params, "state": token.state}), [key]
    ends = token.expires_at
    expiring = key_of("expiring", relay, token.alias)
    if token.state == EXPIRED or (ends and ends <= now):
        key = key_of("expired", relay, token.alias)
        event = Event(key=key, kind="token_expired", params=params, also=(expiring,))
        yield event, [key, expiring]
    elif ends and ends - now <= timedelta(days=alerts.expires_days):
        yield (
            Event(key=expiring, kind="token_expiring", params={**params, "ends": ends}),
            [expiring],
        )


def _of_reach(
    balances: Sequence[Balance], down: Mapping[str, datetime], now: datetime
) -> Iterator[Found]:
    for relay, since in down.items():
        yield _lasting("down", "relay_down", relay, since, now)
    for balance in balances:
        unread = balance.unreadable_since
        if unread and balance.relay not in down:
            yield _lasting("unreadable", "account_unreadable", balance.relay, unread, now)
        elif unread:
            yield None, [key_of("unreadable", balance.relay)]


def _lasting(name: str, kind: str, relay: str, since: datetime, now: datetime) -> Found:
    key = key_of(name, relay)
    event = Event(key=key, kind=kind, params={"relay": relay, "since": since})
    return event if now - since >= DOWN_FOR else None, [key]


def _of_drifts(drifts: Iterable[Drift], alerts: Alerts) -> Iterator[Found]:
    for drift in drifts:
        if drift.is_past(alerts.drift_percent):
            key = key_of("drift", drift.relay, drift.alias)
            params: Params = {
                "relay": drift.relay,
                "token": drift.alias,
                "percent": f"{drift.percent:+.1f}",
                "ledger_usd": drift.ledger_nano_usd,
                "told_usd": drift.relay_nano_usd,
                "since": drift.since,
            }
            yield Event(key=key, kind="drift", params=params), [key]


def back(relay: str) -> Event:
    """A relay that was told to be out of reach answers again."""
    return Event(key=key_of("down", relay), kind="relay_back", params={"relay": relay})
