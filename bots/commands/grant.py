"""/grant PERSON | here AMOUNT UNIT [day | month]: more for the running period, and for it alone."""

from collections.abc import Iterator
from decimal import Decimal

from bots.answer import sentence, slash, tell
from bots.deciding import told, who, words
from bots.deciding.who import Named
from core.amounts import Unit
from core.command import Ask, Command, Outcome, Services
from core.model import SetSetting
from core.ports.ledger import Period
from core.quota.limits import LEVELS, PERIODS, grant_name

EXAMPLE = "grant telegram:123456 5 usd month"


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    named = who.target(ask, rest)
    if not (rest or named.target):
        return told.explained(ask, services, "grant", list(_lines(ask, services)))
    if not named.target or (named.target in LEVELS and named.target != "all"):
        return told.whom(ask, services, rest, EXAMPLE)
    said = words.read(named.rest)
    if said.wrong:
        return tell(ask, services, "decide_wrong_figure", got=said.wrong)
    if said.strange or said.word or not said.figure or said.unit is None:
        example = slash(ask) + EXAMPLE
        return tell(ask, services, "grant_expected", got=named.rest[:60], example=example)
    found = _limited(services, named, said.unit, said.period)
    if found is None:
        target = told.whose(ask, services, named.scope)
        return tell(ask, services, "grant_unlimited", whose=target)
    return _give(ask, services, named, said.figure, said.unit, *found)


def _limited(
    services: Services, named: Named, unit: Unit, said: Period | None
) -> tuple[Period, Decimal] | None:
    """The period that is meant, with its limit: the shorter one where none is said."""
    role, decided = told.role_of_target(services, named), services.store.decided("limits")
    for period in (said,) if said else PERIODS:
        limit = services.cashier.ceilings.held(named.scope, role, unit, period, decided)
        if limit is not None:
            return period, limit
    return None


def _give(
    ask: Ask,
    services: Services,
    named: Named,
    figure: Decimal,
    unit: Unit,
    period: Period,
    limit: Decimal,
) -> Outcome:
    calendar = services.cashier.calendar
    since = calendar.since(services.clock.now(), period)
    name = grant_name(named.scope, unit, period, since)
    before = Decimal(services.store.decided("grants").get(name, "0"))
    after = before + figure
    if after > words.MOST_GRANTED:
        return tell(ask, services, "decide_wrong_figure", got=words.written(after))
    return tell(
        ask,
        services,
        "grant_given",
        whose=told.whose(ask, services, named.scope),
        what=sentence(ask, services, f"limit_{unit}_{period}"),
        before=told.amount(ask, services, unit, limit + before),
        after=told.amount(ask, services, unit, limit + after),
        granted=told.amount(ask, services, unit, after),
        until=told.moment(ask, calendar.renewal(since, period)),
        effects=(SetSetting(scope="grants", name=name, value=words.written(after)),),
    )


def _lines(ask: Ask, services: Services) -> Iterator[str]:
    """Those of the running periods."""
    now, calendar = services.clock.now(), services.cashier.calendar
    running = {f"_{period} {calendar.since(now, period)}" for period in PERIODS}
    for name, value in sorted(services.store.decided("grants").items()):
        if name.endswith(tuple(running)):
            rest, _, since = name.rpartition(" ")
            target, _, of = rest.rpartition(" ")
            what = sentence(ask, services, f"limit_{of}")
            yield f"{told.whose(ask, services, target)}, {what}: +{value} ({since})"


COMMAND = Command(name="grant", aliases=("授权", "赠送"), run=run, admins=True)
