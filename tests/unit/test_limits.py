"""Which ceilings hold for whom, and when they renew."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from core.amounts import NANO, UNITS, Unit, kept, said
from core.people import PeopleRules, Role
from core.ports.ledger import Account, Ceiling, Period
from core.quota.calendar import Calendar
from core.quota.limits import (
    NO_LIMITS,
    PERIODS,
    Allowances,
    Ceilings,
    Limits,
    grant_name,
    limit_name,
)

RULES = PeopleRules(daily_messages="unlimited", guest_daily_messages="unlimited")
ACCOUNT = Account(
    person="qq/b/ann",
    conversation="c",
    identity="qq:ann",
    place="qq:club",
    bot="b",
    day="2026-11-21",
)
ALONE = structs.replace(ACCOUNT, place="")
LEVELS = {"person:qq:ann": "member", "group:qq:club": "group", "bot:b": "bot", "all": "all"}
EVERY = list(product(LEVELS, UNITS, PERIODS))


def ceilings(
    limits: Limits = NO_LIMITS,
    role: Role = Role.MEMBER,
    *,
    account: Account = ACCOUNT,
    rules: PeopleRules = RULES,
    decided: dict[str, str] | None = None,
    grants: dict[str, str] | None = None,
) -> tuple[Ceiling, ...]:
    return Ceilings(limits, rules).of(account, role, decided or {}, grants or {})


def since(period: Period) -> str:
    return "2026-11-21" if period == "day" else "2026-11-01"


@pytest.mark.parametrize(("scope", "unit", "period"), EVERY)
def test_each_unit_is_limited_by_day_and_month_for_each_scope(
    scope: str, unit: Unit, period: Period
) -> None:
    limits = Limits(**{LEVELS[scope]: Allowances(**{f"{unit}_{period}": 7})})
    (found,) = ceilings(limits)
    assert found == Ceiling(
        scope=scope, unit=unit, period=period, since=since(period), limit=kept(unit, Decimal(7))
    )


@pytest.mark.parametrize(("scope", "unit", "period"), EVERY)
def test_what_admins_decide_comes_before_the_configuration(
    scope: str, unit: Unit, period: Period
) -> None:
    limits = Limits(**{LEVELS[scope]: Allowances(**{f"{unit}_{period}": 7})})
    for target in (scope, LEVELS[scope]):
        decided = {limit_name(target, unit, period): "2"}
        (found,) = ceilings(limits, decided=decided)
        assert found.limit == kept(unit, Decimal(2))
    unlimited = {limit_name(scope, unit, period): "unlimited"}
    assert (
        ceilings(limits, decided={limit_name(LEVELS[scope], unit, period): "2"} | unlimited) == ()
    )


@pytest.mark.parametrize(("scope", "unit", "period"), EVERY)
def test_a_gift_adds_to_the_limit_of_its_period_alone(
    scope: str, unit: Unit, period: Period
) -> None:
    limits = Limits(**{LEVELS[scope]: Allowances(**{f"{unit}_{period}": 7})})
    given = {grant_name(scope, unit, period, since(period)): "3"}
    (found,) = ceilings(limits, grants=given)
    assert (found.limit, found.granted) == (kept(unit, Decimal(10)), kept(unit, Decimal(3)))
    (later,) = ceilings(limits, grants=given, account=structs.replace(ACCOUNT, day="2026-12-02"))
    assert (later.limit, later.granted) == (kept(unit, Decimal(7)), 0)


def test_zero_is_a_limit_and_unlimited_is_none() -> None:
    limits = Limits(all=Allowances(images_day=0, usd_day="unlimited"))
    (found,) = ceilings(limits)
    assert (found.unit, found.limit) == ("images", 0)


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_owners_and_admins_have_no_limit_of_their_own_but_those_of_all(role: Role) -> None:
    own = Allowances(tokens_day=1)
    limits = Limits(member=own, guest=own, group=own, bot=own, all=own)
    rules = PeopleRules(daily_messages=1, guest_daily_messages=1)
    found = ceilings(limits, role, rules=rules)
    assert [ceiling.scope for ceiling in found] == ["group:qq:club", "bot:b", "all"]


def test_members_and_guests_have_their_own_messages_a_day() -> None:
    rules = PeopleRules(daily_messages=20, guest_daily_messages=3)
    assert [c.limit for c in ceilings(rules=rules)] == [20]
    assert [c.limit for c in ceilings(role=Role.GUEST, rules=rules)] == [3]


def test_a_group_limits_nobody_elsewhere() -> None:
    assert ceilings(Limits(group=Allowances(tokens_day=1)), account=ALONE) == ()


@given(unit=st.sampled_from(UNITS), nano=st.integers(0, 10**15))
def test_what_is_kept_is_said_exactly(unit: Unit, nano: int) -> None:
    assert kept(unit, said(unit, nano)) == nano


def test_a_cent_is_ten_million_nano_dollars() -> None:
    (found,) = ceilings(Limits(all=Allowances(usd_day=0.01)))
    assert found.limit == NANO // 100


@pytest.mark.parametrize(
    ("zone", "now", "period", "day", "renews"),
    [
        ("Asia/Shanghai", (2026, 11, 21, 15, 59), "day", "2026-11-21", "2026-11-22T00:00:00+08:00"),
        ("Asia/Shanghai", (2026, 11, 21, 16, 0), "day", "2026-11-22", "2026-11-23T00:00:00+08:00"),
        (
            "Asia/Shanghai",
            (2026, 11, 21, 16, 0),
            "month",
            "2026-11-01",
            "2026-12-01T00:00:00+08:00",
        ),
        (
            "Asia/Shanghai",
            (2026, 12, 31, 16, 0),
            "month",
            "2027-01-01",
            "2027-02-01T00:00:00+08:00",
        ),
        ("Europe/Berlin", (2026, 10, 25, 0, 30), "day", "2026-10-25", "2026-10-26T00:00:00+01:00"),
        ("Europe/Berlin", (2026, 3, 29, 0, 30), "day", "2026-03-29", "2026-03-30T00:00:00+02:00"),
        ("UTC", (2028, 2, 29, 12, 0), "month", "2028-02-01", "2028-03-01T00:00:00+00:00"),
    ],
)
def test_periods_begin_and_end_at_midnight_in_the_zone(
    zone: str, now: tuple[int, ...], period: Period, day: str, renews: str
) -> None:
    calendar = Calendar(ZoneInfo(zone))
    begun = calendar.since(datetime(*now, tzinfo=UTC), period)
    assert begun == day
    assert calendar.renewal(begun, period).isoformat() == renews
