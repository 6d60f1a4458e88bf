"""/bind PERSON RELAY:NAME | none: whose calls go by which token."""

from bots.answer import sentence, slash, tell
from bots.deciding import told, who
from bots.deciding.who import Named
from core.command import Ask, Command, Outcome, Services
from core.model import SetSetting
from core.quota.cashier import NO_BINDING
from core.secret import looks_secret

NONE = frozenset({NO_BINDING, "无", "公用", "默认"})


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    named = who.person(ask, rest)
    if not (rest or named.target):
        return told.explained(ask, services, "bind", _lines(ask, services))
    if looks_secret(named.rest):
        return tell(ask, services, "bind_no_keys")
    if not named.target:
        return told.whom(ask, services, rest, "bind")
    token = "" if named.rest.lower() in NONE else named.rest
    if token not in ("", *services.relays.tokens()) or not named.rest:
        return _expected(ask, services, named.target, named.rest)
    if why := told.giver_of(ask).may_change(named.target, services.rules):
        return tell(ask, services, why, who=named.target)
    return await told.checked(ask, services, named, _bound(ask, services, named, token))


def _bound(ask: Ask, services: Services, named: Named, token: str) -> Outcome:
    before = services.cashier.token(named.target)
    value = token or _unbinding(services, named.target)
    return tell(
        ask,
        services,
        "bind_done",
        who=named.target,
        before=_shown(ask, services, before),
        after=_shown(ask, services, token),
        effects=(SetSetting(scope="bindings", name=named.target, value=value),),
    )


def _unbinding(services: Services, identity: str) -> str | None:
    """One of the configuration is taken back by a word, since it would hold again."""
    return NO_BINDING if identity in services.cashier.bindings else None


def _shown(ask: Ask, services: Services, token: str) -> str:
    return f"`{token}`" if token else sentence(ask, services, "bind_common")


def _expected(ask: Ask, services: Services, identity: str, got: str) -> Outcome:
    tokens = services.relays.tokens()
    if not tokens:
        return tell(ask, services, "bind_no_tokens")
    return tell(
        ask,
        services,
        "bind_expected",
        who=identity,
        got=got[:60],
        tokens=", ".join(f"`{token}`" for token in tokens),
        example=f"{slash(ask)}bind {identity} {tokens[0]}",
    )


def _lines(ask: Ask, services: Services) -> list[str]:
    cashier = services.cashier
    people = sorted({*cashier.bindings, *services.store.decided("bindings")})
    return [f"`{one}`: {_listed(ask, services, cashier.token(one))}" for one in people]


def _listed(ask: Ask, services: Services, token: str) -> str:
    shown = _shown(ask, services, token)
    if token in ("", *services.relays.tokens()):
        return shown
    return sentence(ask, services, "bind_gone", token=shown)


COMMAND = Command(name="bind", aliases=("绑定",), run=run, admins=True)
