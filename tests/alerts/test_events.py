"""What there is to tell, and when it is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.alerts.admins import Reader
from bots.alerts.events import KINDS, Event, Outlook, key_of, outlook
from bots.alerts.reports import due
from bots.alerts.telling import told
from bots.config.model import Alerts
from bots.texts.catalogue import Catalogue
from core.amounts import NANO
from core.model import Address
from core.ports.balances import AccountBalance, Balance, TokenBalance
from core.quota.drift import Drift

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GRANTED = 10 * NANO


def token(left: float = 10.0, **about: object) -> TokenBalance:
    remaining = round(left * NANO)
    values = {"remaining_nano_usd": remaining, "used_nano_usd": GRANTED - remaining, **about}
    return (
        TokenBalance(alias="key", state="enabled", **values)
        if "state" not in about
        else (TokenBalance(alias="key", **values))
    )


def account(total: float, used: float) -> AccountBalance:
    return AccountBalance(
        free_nano_usd=0,
        bonus_nano_usd=0,
        paid_nano_usd=round(total * NANO),
        total_nano_usd=round(total * NANO),
        used_nano_usd=round(used * NANO),
        requests=1,
    )


def seen(
    *tokens: TokenBalance,
    whole: AccountBalance | None = None,
    shrinks: bool | None = None,
    down: dict[str, datetime] | None = None,
    drifts: tuple[Drift, ...] = (),
    unreadable_since: datetime | None = None,
) -> Outlook:
    balance = Balance(
        relay="main",
        account=whole,
        tokens=tokens,
        read_at=NOW,
        unreadable_since=unreadable_since,
    )
    return outlook([balance], {"main": shrinks}, down or {}, drifts, Alerts(), NOW)


def kinds(outlook: Outlook) -> list[str]:
    return [event.kind for event in outlook.events]


LEFT = [key_of("left", "main", "token", "key", str(level)) for level in (50, 20, 5, 0)]


@pytest.mark.parametrize(
    ("left", "told", "also"),
    [
        (5.1, None, []),
        (5.0, LEFT[0], []),
        (2.1, LEFT[0], []),
        (1.9, LEFT[1], LEFT[:1]),
        (0.4, LEFT[2], LEFT[:2]),
        (0.0, LEFT[3], LEFT[:3]),
        (-1.0, LEFT[3], LEFT[:3]),
    ],
)
def test_the_lowest_threshold_that_was_crossed_is_told(
    left: float, told: str | None, also: list[str]
) -> None:
    events = seen(token(left)).events
    assert [event.key for event in events] == ([told] if told else [])
    assert [list(event.also) for event in events] == ([also] if told else [])


def test_a_threshold_is_over_five_points_above_it() -> None:
    assert not seen(token(2.5)).is_over(LEFT[1])
    assert seen(token(2.51)).is_over(LEFT[1])
    assert not seen(token(2.51)).is_over(LEFT[0])
    assert seen(token(0.1)).is_over(LEFT[3])


@given(st.floats(0, 10), st.floats(0, 10))
def test_what_is_told_stands_and_what_is_over_is_not_told(before: float, after: float) -> None:
    """Nothing is told again and again: to be over it must have come up."""
    first, second = seen(token(before)), seen(token(after))
    for event in first.events:
        assert not first.is_over(event.key)
        assert not any(first.is_over(key) for key in event.also)
        if second.is_over(event.key) and not event.key.endswith("/0"):
            assert after > before


def test_a_token_without_limit_runs_out_never_and_others_keys_are_nobodys_here() -> None:
    unlimited = token(unlimited=True, remaining_nano_usd=None)
    assert kinds(seen(unlimited)) == []
    assert kinds(seen(TokenBalance(alias="", state="disabled"))) == []


@pytest.mark.parametrize(
    ("total", "used", "shrinks", "kind"),
    [
        (10, 4, None, []),
        (10, 6, None, ["account_low"]),
        (10, 12, None, ["account_low"]),
        (10, 12, False, ["account_used_up"]),
        (10, 6, True, []),
        (10, 12, True, ["account_low"]),
        (0, 12, True, ["account_used_up"]),
    ],
)
def test_an_account_is_read_as_its_relay_means_it(
    total: float, used: float, shrinks: bool | None, kind: list[str]
) -> None:
    """The total is what was given, or what is left; until that was seen nothing is used up."""
    assert kinds(seen(whole=account(total, used), shrinks=shrinks)) == kind


@pytest.mark.parametrize(
    ("about", "kind"),
    [
        ({"state": "disabled"}, "token_disabled"),
        ({"state": "refused"}, "token_disabled"),
        ({"state": "exhausted"}, "token_used_up"),
        ({"state": "expired"}, "token_expired"),
        ({"expires_at": NOW - timedelta(seconds=1)}, "token_expired"),
        ({"expires_at": NOW + timedelta(days=7)}, "token_expiring"),
    ],
)
def test_a_tokens_state_is_told(about: dict[str, object], kind: str) -> None:
    assert kinds(seen(token(**about))) == [kind]


def test_a_token_that_expires_later_is_no_news() -> None:
    assert kinds(seen(token(expires_at=NOW + timedelta(days=7, seconds=1)))) == []


def test_out_of_reach_is_told_after_ten_minutes_and_instead_of_unread() -> None:
    since = NOW - timedelta(minutes=10)
    assert kinds(seen(down={"main": since}, unreadable_since=since)) == ["relay_down"]
    assert kinds(seen(down={"main": since + timedelta(seconds=1)})) == []
    assert kinds(seen(unreadable_since=since)) == ["account_unreadable"]


def test_of_a_relay_that_is_not_read_nothing_is_over_and_nothing_new() -> None:
    blind = seen(token(0.0), unreadable_since=NOW)
    assert kinds(blind) == []
    assert not blind.is_over(LEFT[0])
    assert seen(token(10.0)).is_over(LEFT[0])


def drift(ledger: float, relay: float, **about: int) -> Drift:
    return Drift(
        relay="main",
        alias="key",
        since=NOW - timedelta(days=1),
        until=NOW,
        ledger_nano_usd=round(ledger * NANO),
        relay_nano_usd=round(relay * NANO),
        **about,
    )


@pytest.mark.parametrize(
    ("drift", "told"),
    [
        (drift(1.04, 1.0), []),
        (drift(1.06, 1.0), ["drift"]),
        (drift(0.94, 1.0), ["drift"]),
        (drift(0.0, 0.02), ["drift"]),
        (drift(0.02, 0.0), ["drift"]),
        (drift(0.005, 0.01), []),
        (drift(5.0, 1.0, unpriced=1), []),
        (drift(5.0, -1.0), []),
        (drift(0.0, 0.0), []),
    ],
)
def test_a_drift_is_told_past_its_per_cent_and_a_cent(drift: Drift, told: list[str]) -> None:
    assert kinds(seen(drifts=(drift,))) == told


SHANGHAI = ZoneInfo("Asia/Shanghai")
ALL = Alerts(daily=True)


@pytest.mark.parametrize(
    ("now", "names"),
    [
        ("2026-11-23T08:59:59+08:00", []),
        ("2026-11-23T09:00:00+08:00", ["daily", "weekly"]),
        ("2026-11-23T21:00:01+08:00", ["weekly"]),
        ("2026-11-24T09:00:00+08:00", ["daily", "weekly"]),
        ("2026-11-26T09:00:01+08:00", ["daily"]),
    ],
)
def test_a_report_is_due_from_its_hour_on_for_a_while(now: str, names: list[str]) -> None:
    found = list(due(datetime.fromisoformat(now), SHANGHAI, ALL))
    assert [one.name for one in found] == names
    for one in found:
        assert one.at == datetime(
            2026, 11, 23 if one.name == "weekly" else one.at.day, 9, tzinfo=SHANGHAI
        )


def test_a_report_is_of_whole_days_before() -> None:
    daily, weekly = due(datetime(2026, 11, 23, 9, tzinfo=SHANGHAI), SHANGHAI, ALL)
    assert (daily.since, daily.until) == ("2026-11-22", "2026-11-22")
    assert (weekly.since, weekly.until) == ("2026-11-16", "2026-11-22")


def test_no_report_where_none_is_wanted() -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=SHANGHAI)
    assert list(due(now, SHANGHAI, Alerts(daily=False, weekly=False))) == []


def reader(language: str) -> Reader:
    to = Address(platform="qq", bot="b", chat="boss", sender="boss")
    return Reader(person="boss", to=to, language=language, zone=SHANGHAI)  # type: ignore[arg-type]


PARAMS = {
    "relay": "main",
    "token": "team",
    "left_usd": 1_234_500_000,
    "percent": 20,
    "state": "disabled",
    "ends": NOW,
    "since": NOW,
    "ledger_usd": 1_060_000_000,
    "told_usd": 1_000_000_000,
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_event_is_told_as_the_golden_file_has_it(language: str, golden) -> None:  # type: ignore[no-untyped-def]
    lines = [
        told(Catalogue(), Event(key="k", kind=kind, params=PARAMS), reader(language))
        for kind in KINDS
    ]
    golden(f"alerts.{language}.txt", "\n".join(lines) + "\n")
