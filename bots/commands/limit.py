"""/limit TARGET UNIT PERIOD VALUE | unlimited | default: how much may be used."""

from decimal import Decimal

from bots.answer import sentence, slash, tell
from bots.deciding import told, who, words
from bots.deciding.who import Named
from bots.deciding.words import Said
from core.amounts import Unit
from core.command import Ask, Command, Outcome, Services
from core.model import SetSetting
from core.ports.ledger import Period
from core.quota.limits import LEVELS, limit_name

EXAMPLE = "limit telegram:123456 usd month 5"


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    named = who.target(ask, rest)
    if not (rest or named.target):
        return told.explained(ask, services, "limit", _lines(ask, services))
    if not named.target:
        return told.whom(ask, services, rest, EXAMPLE)
    if named.is_person and (why := told.giver_of(ask).may_change(named.target, services.rules)):
        return tell(ask, services, why, who=named.target)
    return _limit(ask, services, named, words.read(named.rest))


def _limit(ask: Ask, services: Services, named: Named, said: Said) -> Outcome:
    if said.wrong:
        return tell(ask, services, "decide_wrong_figure", got=said.wrong)
    valued = (said.figure is None) is not (said.word is None)
    if said.strange or not valued or said.unit is None or said.period is None:
        return _expected(ask, services, named)
    return _set(ask, services, named, said, said.unit, said.period)


def _set(
    ask: Ask, services: Services, named: Named, said: Said, unit: Unit, period: Period
) -> Outcome:
    decided = services.store.decided("limits")
    value: str | None
    ceilings, role = services.cashier.ceilings, told.role_of_target(services, named)
    before = ceilings.held(named.scope, role, unit, period, decided)
    match said.word:
        case "default":
            value, after = None, ceilings.otherwise(named.scope, role, unit, period, decided)
        case "unlimited":
            value, after = "unlimited", None
        case None:
            after = said.figure or Decimal(0)
            value = words.written(after)
    return tell(
        ask,
        services,
        "limit_set",
        whose=told.whose(ask, services, named.scope),
        what=sentence(ask, services, f"limit_{unit}_{period}"),
        before=told.amount(ask, services, unit, before),
        after=told.amount(ask, services, unit, after),
        affected=_affected(ask, services, named),
        effects=(
            SetSetting(scope="limits", name=limit_name(named.scope, unit, period), value=value),
        ),
    )


def _affected(ask: Ask, services: Services, named: Named) -> str:
    """Who it holds for."""
    kind = named.scope.partition(":")[0]
    if named.scope in LEVELS:
        return sentence(ask, services, f"limit_affects_each_{kind}")
    return sentence(ask, services, f"limit_affects_{kind}", who=named.target)


def _expected(ask: Ask, services: Services, named: Named) -> Outcome:
    example = slash(ask) + EXAMPLE
    return tell(ask, services, "limit_expected", got=named.rest[:60], example=example)


def _lines(ask: Ask, services: Services) -> list[str]:
    return [
        _line(ask, services, name, value)
        for name, value in sorted(services.store.decided("limits").items())
    ]


def _line(ask: Ask, services: Services, name: str, value: str) -> str:
    target, _, of = name.rpartition(" ")
    shown = sentence(ask, services, "limit_unlimited") if value == "unlimited" else value
    what = sentence(ask, services, f"limit_{of}")
    return f"{told.whose(ask, services, target)}, {what}: {shown}"


COMMAND = Command(name="limit", aliases=("限额", "limits"), run=run, admins=True)
