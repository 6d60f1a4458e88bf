"""What a decision on limits and gifts comes to. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bots.deciding.words import Word, written
from core.amounts import Unit
from core.model import Grant, SetSetting
from core.people import Role
from core.ports.ledger import Period, Scope
from core.quota.calendar import Calendar
from core.quota.limits import PERIODS, Ceilings, Target, grant_name, limit_name

Decided = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChange:
    """None: no limit."""

    before: Decimal | None
    after: Decimal | None
    setting: SetSetting


def limit_change(
    ceilings: Ceilings,
    limits: Decided,
    target: Target,
    role: Role,
    of: tuple[Unit, Period],
    value: Decimal | Word,
) -> LimitChange:
    unit, period = of
    match value:
        case "default":
            kept, after = None, ceilings.otherwise(target, role, unit, period, limits)
        case "unlimited":
            kept, after = "unlimited", None
        case figure:
            kept, after = written(figure), figure
    return LimitChange(
        before=ceilings.held(target, role, unit, period, limits),
        after=after,
        setting=SetSetting(scope="limits", name=limit_name(target, unit, period), value=kept),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """`limit` is that without gifts; `before` and `after` are what is given on top of it."""

    period: Period
    limit: Decimal
    before: Decimal
    after: Decimal
    until: datetime
    grant: Grant


def limited(
    ceilings: Ceilings, limits: Decided, scope: Scope, role: Role, of: tuple[Unit, Period | None]
) -> tuple[Period, Decimal] | None:
    """The period that is meant, the shorter one where none is said, with its limit; None where
    nothing limits it."""
    unit, said = of
    for period in (said,) if said else PERIODS:
        limit = ceilings.held(scope, role, unit, period, limits)
        if limit is not None:
            return period, limit
    return None


def gift(
    calendar: Calendar,
    now: datetime,
    grants: Decided,
    scope: Scope,
    unit: Unit,
    found: tuple[Period, Decimal],
    figure: Decimal,
) -> Gift:
    """For the running period: added to what was given for it."""
    period, limit = found
    name = grant_name(scope, unit, period, calendar.since(now, period))
    before, until = given(calendar, now, grants, scope, (unit, period))
    return Gift(
        period=period,
        limit=limit,
        before=before,
        after=before + figure,
        until=until,
        grant=Grant(name=name, amount=written(figure)),
    )


def given(
    calendar: Calendar, now: datetime, grants: Decided, target: Target, of: tuple[Unit, Period]
) -> tuple[Decimal, datetime]:
    """What is given on top of a limit in the running period, and until when."""
    unit, period = of
    since = calendar.since(now, period)
    amount = Decimal(grants.get(grant_name(target, unit, period, since), "0"))
    return amount, calendar.renewal(since, period)
