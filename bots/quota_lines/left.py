"""The limits that hold for a person, what is left of each, and when it renews."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from bots.quota_lines.teller import Teller
from core.amounts import UNITS, Amounts, figure
from core.ports.ledger import Account, Ceiling

SCOPES = ("person", "group", "bot", "all")
"""In the order they are told; the last two to admins alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """A ceiling, and what is used and reserved under it in the kept measure."""

    ceiling: Ceiling
    used: int
    held: int

    @property
    def left(self) -> int:
        return max(0, self.ceiling.limit - self.used - self.held)


async def left(teller: Teller, account: Account) -> list[list[str]]:
    """The lines of each period: his own limits and his group's."""
    ceilings = _ceilings(teller, account)
    standings = await _standings(teller, ceilings)
    own = any(_is_own(teller, ceiling) for ceiling in ceilings)
    today = [standing for standing in standings if standing.ceiling.period == "day"]
    this_month = [standing for standing in standings if standing.ceiling.period == "month"]
    return [
        [] if own else [_unlimited(teller)],
        list(_today(teller, today)),
        list(_this_month(teller, this_month)),
    ]


def _unlimited(teller: Teller) -> str:
    return teller.say("quota_no_limit_there" if teller.scope else "quota_no_limit")


def _today(teller: Teller, standings: list[_Standing]) -> Iterator[str]:
    if standings:
        yield teller.say("quota_left_today", renews=_renewal(teller, standings))
        yield from (_line(teller, standing) for standing in standings)


def _this_month(teller: Teller, standings: list[_Standing]) -> Iterator[str]:
    if standings:
        yield teller.say("quota_left_this_month", renews=_renewal(teller, standings))
        yield from (_line(teller, standing) for standing in standings)


def _renewal(teller: Teller, standings: list[_Standing]) -> str:
    """Those of one period renew together."""
    return teller.when(teller.cashier.renews(standings[0].ceiling))


def _ceilings(teller: Teller, account: Account) -> tuple[Ceiling, ...]:
    decided = teller.services.store.decided
    ceilings = teller.cashier.ceilings.of(
        account, teller.role, decided("limits"), decided("grants")
    )
    if teller.scope:
        ceilings = tuple(c for c in ceilings if c.scope == teller.scope)
    shown = SCOPES if teller.admin else SCOPES[:2]
    there = (c for c in ceilings if _level(c) in shown)
    return tuple(sorted(there, key=_order))


def _order(ceiling: Ceiling) -> tuple[int, int]:
    return SCOPES.index(_level(ceiling)), UNITS.index(ceiling.unit)


def _level(ceiling: Ceiling) -> str:
    return ceiling.scope.partition(":")[0]


async def _standings(teller: Teller, ceilings: tuple[Ceiling, ...]) -> list[_Standing]:
    store = teller.services.store
    places = list(dict.fromkeys((c.scope, c.since) for c in ceilings))
    used = await asyncio.gather(*(store.used(*place) for place in places))
    held = await asyncio.gather(*(store.held(*place, teller.now) for place in places))
    found = dict(zip(places, zip(used, held, strict=True), strict=True))
    return [_standing(ceiling, *found[ceiling.scope, ceiling.since]) for ceiling in ceilings]


def _standing(ceiling: Ceiling, used: Amounts, held: Amounts) -> _Standing:
    unit = ceiling.unit
    return _Standing(ceiling=ceiling, used=used.of(unit), held=held.of(unit))


def _is_own(teller: Teller, ceiling: Ceiling) -> bool:
    """His who asks, or that of whom he asks."""
    return bool(teller.scope) or _level(ceiling) == "person"


def _line(teller: Teller, standing: _Standing) -> str:
    ceiling = standing.ceiling
    what = teller.say(f"quota_unit_{ceiling.unit}")
    if not _is_own(teller, ceiling):
        what = teller.say(f"quota_of_{_level(ceiling)}", what=what)
    if ceiling.unit == "usd" and not teller.shows_money:
        percent = 100 * standing.left // ceiling.limit if ceiling.limit else 0
        return teller.say("quota_left_percent", what=what, percent=percent)
    return "".join((_figures(teller, what, standing), *_besides(teller, standing)))


def _figures(teller: Teller, what: str, standing: _Standing) -> str:
    unit = standing.ceiling.unit
    return teller.say(
        "quota_left",
        what=what,
        left=figure(unit, standing.left),
        limit=figure(unit, standing.ceiling.limit),
    )


def _besides(teller: Teller, standing: _Standing) -> Iterator[str]:
    unit, granted = standing.ceiling.unit, standing.ceiling.granted
    if granted:
        yield teller.say("quota_granted", granted=figure(unit, granted))
    if standing.held:
        yield teller.say("quota_held", held=figure(unit, standing.held))
