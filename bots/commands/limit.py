"""/limit TARGET UNIT PERIOD VALUE | unlimited | default: how much may be used."""

from decimal import Decimal

from bots.answer import sentence, tell
from bots.deciding import told, who, words
from bots.deciding.changes import given, limit_change
from bots.deciding.who import Named
from bots.deciding.words import Said, Word
from core.amounts import UNITS, Unit
from core.command import Ask, Command, Outcome, Services
from core.ports.ledger import Period
from core.quota.limits import LEVELS, PERIODS, limit_name


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    named = who.target(ask, rest)
    if not (rest or named.target):
        return told.explained(ask, services, "limit", _lines(ask, services))
    if not named.target:
        return told.on_what(ask, services, rest, "limit")
    outcome = _decided(ask, services, named)
    if named.rest and not outcome.effects:
        return outcome
    return await told.checked(ask, services, named, outcome)


def _decided(ask: Ask, services: Services, named: Named) -> Outcome:
    if not named.rest:
        return _shown(ask, services, named)
    if named.is_person and (why := told.giver_of(ask).may_change(named.target, services.rules)):
        return tell(ask, services, why, who=named.target)
    return _limit(ask, services, named, words.read(named.rest))


def _shown(ask: Ask, services: Services, named: Named) -> Outcome:
    """What holds for one target now, gifts apart."""
    decided, role = services.store.decided("limits"), told.role_of_target(services, named)
    held = [
        _line(ask, services, limit_name(named.scope, unit, period), f"{figure:f}")
        for unit in UNITS
        for period in PERIODS
        if (figure := services.cashier.ceilings.held(named.scope, role, unit, period, decided))
        is not None
    ]
    return tell(
        ask,
        services,
        "limit_shown" if held else "limit_shown_none",
        whose=told.whose(ask, services, named.scope),
        lines="\n".join(f"- {line}" for line in held),
        example=told.example(ask, services, "limit"),
    )


def _limit(ask: Ask, services: Services, named: Named, said: Said) -> Outcome:
    if said.wrong:
        return tell(ask, services, "decide_wrong_figure", got=said.wrong)
    value = said.value
    if said.strange or value is None or said.unit is None or said.period is None:
        return _expected(ask, services, named, said.strange)
    missing = told.no_such_bot(ask, services, named.target, "limit")
    if missing and value != "default":
        return missing
    return _set(ask, services, named, (said.unit, said.period), value)


def _set(
    ask: Ask, services: Services, named: Named, of: tuple[Unit, Period], value: Decimal | Word
) -> Outcome:
    unit, period = of
    change = limit_change(
        services.cashier.ceilings,
        services.store.decided("limits"),
        named.scope,
        told.role_of_target(services, named),
        of,
        value,
    )
    words = (_affected(ask, services, named), _gift(ask, services, named, of, change.after))
    return tell(
        ask,
        services,
        "limit_set",
        whose=told.whose(ask, services, named.scope),
        what=sentence(ask, services, f"limit_{unit}_{period}"),
        before=told.amount(ask, services, unit, change.before),
        after=told.amount(ask, services, unit, change.after),
        affected=" ".join(word for word in words if word),
        effects=(change.setting,),
    )


def _gift(
    ask: Ask, services: Services, named: Named, of: tuple[Unit, Period], limit: Decimal | None
) -> str:
    """What still lets calls through in the running period; "" where nothing does."""
    cashier, unit = services.cashier, of[0]
    now, grants = services.clock.now(), services.store.decided("grants")
    granted, until = given(cashier.calendar, now, grants, named.scope, of)
    if limit is None or not granted:
        return ""
    return sentence(
        ask,
        services,
        "limit_gift_stays",
        granted=told.amount(ask, services, unit, granted),
        total=told.amount(ask, services, unit, limit + granted),
        until=told.moment(ask, until),
    )


def _affected(ask: Ask, services: Services, named: Named) -> str:
    """Who it holds for."""
    kind = named.scope.partition(":")[0]
    if named.scope in LEVELS:
        return sentence(ask, services, f"limit_affects_each_{kind}")
    return sentence(ask, services, f"limit_affects_{kind}", who=named.target)


def _expected(ask: Ask, services: Services, named: Named, strange: str) -> Outcome:
    example = told.example(ask, services, "limit")
    got = named.rest[:60]
    expected = sentence(ask, services, "limit_expected", got=got, example=example)
    return told.strange(ask, services, strange, expected)


def _lines(ask: Ask, services: Services) -> list[str]:
    """What was decided, then what is configured and holds still."""
    decided = services.store.decided("limits")
    configured = services.cashier.ceilings.configured()
    return [
        *(_line(ask, services, name, value) for name, value in sorted(decided.items())),
        *(
            sentence(ask, services, "limit_configured", line=_line(ask, services, name, value))
            for name, value in configured.items()
            if name not in decided
        ),
    ]


def _line(ask: Ask, services: Services, name: str, value: str) -> str:
    target, _, of = name.rpartition(" ")
    unit, figure = told.unit_of(of), None if value == "unlimited" else Decimal(value)
    return sentence(
        ask,
        services,
        "limit_line",
        whose=told.whose(ask, services, target),
        what=sentence(ask, services, f"limit_{of}"),
        value=told.amount(ask, services, unit, figure),
    )


COMMAND = Command(name="limit", aliases=("限额", "limits"), run=run, admins=True)
