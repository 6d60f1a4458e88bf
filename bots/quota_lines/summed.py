"""What a group, a bot, or all together used today and this month: sums, whatever was asked for."""

import asyncio
from collections.abc import Iterator

from bots.quota_lines.teller import Teller
from core.amounts import UNITS, Amounts, dollars, figure, number
from core.ports.ledger import Scope
from core.quota.limits import PERIODS


async def summed(teller: Teller, scope: Scope) -> list[list[str]]:
    """The lines of each period; one that was no more than the one before says so."""
    calendar, store = teller.cashier.calendar, teller.services.store
    days = [calendar.since(teller.now, period) for period in PERIODS]
    used = await asyncio.gather(*(store.used(scope, day) for day in days))
    unpriced = await asyncio.gather(*(store.unpriced(scope, day) for day in days))
    today, this_month = zip(used, unpriced, strict=True)
    first = list(_lines(teller, teller.say("quota_today"), *today))
    same = today == this_month
    then = list(_lines(teller, teller.say("quota_this_month"), *this_month, same=same))
    return [first + then] if len(then) == 1 else [first, then]


def _lines(
    teller: Teller, name: str, used: Amounts, unpriced: int, *, same: bool = False
) -> Iterator[str]:
    if not used and not unpriced:
        yield teller.say("quota_nothing", period=name)
        return
    if same:
        yield teller.say("quota_same", period=name)
        return
    usd = _usd(teller, used, unpriced) if teller.shows_money else ""
    yield teller.say("quota_period", period=name, usd=usd).rstrip()
    for unit in UNITS:
        if unit != "usd" and used.of(unit):
            what = teller.say(f"quota_unit_{unit}")
            yield teller.say("quota_sum", what=what, figure=figure(unit, used.of(unit)))


def _usd(teller: Teller, used: Amounts, unpriced: int) -> str:
    if unpriced and not used.nano_usd:
        return teller.say("quota_usd_unknown")
    known = dollars(used.nano_usd)
    return known + teller.say("quota_usd_besides", count=number(unpriced)) if unpriced else known
