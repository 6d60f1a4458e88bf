"""The configured limits, and the admins' decisions over them."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from core.amounts import UNITS, Unit, kept
from core.model import Limit
from core.people import PeopleRules, Role
from core.ports.ledger import Account, Ceiling, Period, Scope

Usd: TypeAlias = float | Literal["unlimited"]
"""US dollars, or no limit; 0 means none allowed."""

PERIODS: tuple[Period, ...] = get_args(Period)


class Allowances(Struct, frozen=True, kw_only=True):
    """What each of its kind may use in a day and in a month; of tokens, in and out together."""

    messages_day: Limit = "unlimited"
    messages_month: Limit = "unlimited"
    tokens_day: Limit = "unlimited"
    tokens_month: Limit = "unlimited"
    images_day: Limit = "unlimited"
    images_month: Limit = "unlimited"
    audio_s_day: Limit = "unlimited"
    audio_s_month: Limit = "unlimited"
    usd_day: Usd = "unlimited"
    usd_month: Usd = "unlimited"

    def of(self, unit: Unit, period: Period) -> float | str:
        limit: float | str = getattr(self, f"{unit}_{period}")
        return limit


class Limits(Struct, frozen=True, kw_only=True):
    """The [limits] section. Owners and admins have no limit of their own, but those of their
    group, bot and of all together. Messages a day of members and guests stand in [people].

    `answer_tokens` is the longest answer where tokens or dollars are limited: what is reserved
    for it. `contact` is whom to ask for more.
    """

    member: Allowances = Allowances()
    guest: Allowances = Allowances()
    group: Allowances = Allowances()
    bot: Allowances = Allowances()
    all: Allowances = Allowances()
    answer_tokens: int = 4096
    contact: str = ""
    fallback_to_common: bool = False


NO_LIMITS = Limits()

Target: TypeAlias = str
"""What a decision is on: a Scope, or a level for each of its kind: "member", "guest", …"""

LEVELS = ("member", "guest", "group", "bot", "all")


def limit_name(target: Target, unit: Unit, period: Period) -> str:
    """The name of a decision under "limits"."""
    return f"{target} {unit}_{period}"


def grant_name(scope: Scope, unit: Unit, period: Period, since: str) -> str:
    """The name of a gift under "grants": for the period that began on a day."""
    return f"{scope} {unit}_{period} {since}"


class Ceilings:
    """Which ceilings hold for an account now."""

    def __init__(self, limits: Limits, people: PeopleRules) -> None:
        self._finite = {level: dict(_finite(getattr(limits, level))) for level in LEVELS}
        self._finite[""] = {}
        for level, daily in (
            ("member", people.daily_messages),
            ("guest", people.guest_daily_messages),
        ):
            if daily != "unlimited":
                self._finite[level]["messages", "day"] = Decimal(daily)
        self._any = any(self._finite.values())

    def of(
        self,
        account: Account,
        role: Role,
        limits: Mapping[str, str],
        grants: Mapping[str, str],
    ) -> tuple[Ceiling, ...]:
        """`limits` and `grants` are what admins decided."""
        if not limits and not self._any:
            return ()
        return tuple(
            _ceiling(scope, unit, period, figure, account.day, grants)
            for scope in account.scopes
            for (unit, period), figure in self._in_force(scope, role, limits)
        )

    def configured(self) -> dict[str, str]:
        """What the configuration limits, named as decisions are."""
        return {
            limit_name(level, unit, period): f"{figure.normalize():f}"
            for level in LEVELS
            for (unit, period), figure in self._finite[level].items()
        }

    def held(
        self, target: Target, role: Role, unit: Unit, period: Period, decided: Mapping[str, str]
    ) -> Decimal | None:
        """What a target may use now; None without a limit. `role` is a person's."""
        own = decided.get(limit_name(target, unit, period))
        if own is None:
            return self.otherwise(target, role, unit, period, decided)
        return None if own == "unlimited" else Decimal(own)

    def otherwise(
        self, target: Target, role: Role, unit: Unit, period: Period, decided: Mapping[str, str]
    ) -> Decimal | None:
        """What it may use where nothing is decided on itself."""
        if target in LEVELS:
            return self._finite[target].get((unit, period))
        level = level_of(target, role)
        if not level:
            return None
        return self.held(level, role, unit, period, decided)

    def _in_force(
        self, scope: Scope, role: Role, decided: Mapping[str, str]
    ) -> Iterator[tuple[tuple[Unit, Period], Decimal]]:
        level = level_of(scope, role)
        finite = self._finite[level]
        if not decided:
            yield from finite.items()
            return
        for unit in UNITS:
            for period in PERIODS:
                value = decided.get(limit_name(scope, unit, period))
                if value is None and level:
                    value = decided.get(limit_name(level, unit, period))
                if value is None:
                    if (unit, period) in finite:
                        yield (unit, period), finite[unit, period]
                elif value != "unlimited":
                    yield (unit, period), Decimal(value)


def level_of(scope: Scope, role: Role) -> str:
    """Which defaults hold for a scope; "" where none do."""
    kind = scope.partition(":")[0]
    if kind != "person":
        return kind
    match role:
        case Role.OWNER | Role.ADMIN:
            return ""
        case Role.GUEST:
            return "guest"
        case _:
            return "member"


def _finite(allowances: Allowances) -> Iterator[tuple[tuple[Unit, Period], Decimal]]:
    for unit in UNITS:
        for period in PERIODS:
            limit = allowances.of(unit, period)
            if limit != "unlimited":
                yield (unit, period), Decimal(str(limit))


def _ceiling(
    scope: Scope,
    unit: Unit,
    period: Period,
    figure: Decimal,
    day: str,
    grants: Mapping[str, str],
) -> Ceiling:
    since = day if period == "day" else f"{day[:7]}-01"
    gift = grants.get(grant_name(scope, unit, period, since)) if grants else None
    granted = kept(unit, Decimal(gift)) if gift else 0
    return Ceiling(
        scope=scope,
        unit=unit,
        period=period,
        since=since,
        limit=kept(unit, figure) + granted,
        granted=granted,
    )
