"""/grant PERSON | here AMOUNT UNIT [day | month]: more for the running period, and for it alone."""

from collections.abc import Iterator
from decimal import Decimal

from bots.answer import sentence, tell
from bots.deciding import told, who, words
from bots.deciding.changes import gift, limited
from bots.deciding.who import Named
from core.amounts import Unit
from core.command import Ask, Command, Outcome, Services
from core.ports.ledger import Period
from core.quota.limits import LEVELS, PERIODS


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    named = who.target(ask, rest)
    outcome = _given(ask, services, named, rest)
    if not outcome.effects:
        return outcome
    return await told.checked(ask, services, named, outcome)


def _given(ask: Ask, services: Services, named: Named, rest: str) -> Outcome:
    if not (rest or named.target):
        return told.explained(ask, services, "grant", list(_lines(ask, services)))
    if not named.target or (named.target in LEVELS and named.target != "all"):
        return told.on_what(ask, services, rest, "grant")
    if missing := told.no_such_bot(ask, services, named.target, "grant"):
        return missing
    said = words.read(named.rest)
    if said.wrong:
        return tell(ask, services, "decide_wrong_figure", got=said.wrong)
    if said.strange or said.word or not said.figure or said.unit is None:
        example = told.example(ask, services, "grant")
        got = named.rest[:60]
        expected = sentence(ask, services, "grant_expected", got=got, example=example)
        return told.strange(ask, services, said.strange, expected)
    return _gift(ask, services, named, said.unit, said.period, said.figure)


def _gift(
    ask: Ask, services: Services, named: Named, unit: Unit, said: Period | None, figure: Decimal
) -> Outcome:
    cashier, store = services.cashier, services.store
    role, whose = told.role_of_target(services, named), told.whose(ask, services, named.scope)
    found = limited(cashier.ceilings, store.decided("limits"), named.scope, role, (unit, said))
    if found is None:
        return tell(ask, services, "grant_unlimited", whose=whose)
    now, grants = services.clock.now(), store.decided("grants")
    given = gift(cashier.calendar, now, grants, named.scope, unit, found, figure)
    if given.after > words.MOST_GRANTED:
        return tell(ask, services, "decide_wrong_figure", got=words.written(given.after))
    return tell(
        ask,
        services,
        "grant_given",
        whose=whose,
        what=sentence(ask, services, f"limit_{unit}_{given.period}"),
        before=told.amount(ask, services, unit, given.limit + given.before),
        after=told.amount(ask, services, unit, given.limit + given.after),
        granted=told.amount(ask, services, unit, given.after),
        until=told.moment(ask, given.until),
        effects=(given.grant,),
    )


def _lines(ask: Ask, services: Services) -> Iterator[str]:
    """Those of the running periods."""
    now, calendar = services.clock.now(), services.cashier.calendar
    running = {f"_{period} {calendar.since(now, period)}" for period in PERIODS}
    for name, value in sorted(services.store.decided("grants").items()):
        if name.endswith(tuple(running)):
            rest, _, since = name.rpartition(" ")
            target, _, of = rest.rpartition(" ")
            yield sentence(
                ask,
                services,
                "grant_line",
                whose=told.whose(ask, services, target),
                what=sentence(ask, services, f"limit_{of}"),
                value=told.amount(ask, services, told.unit_of(of), Decimal(value)),
                since=since,
            )


COMMAND = Command(name="grant", aliases=("授权", "赠送"), run=run, admins=True)
