"""/role PERSON member | admin | guest | auto: who somebody is to the bot."""

from bots.answer import sentence, slash, tell
from bots.deciding import roles, told, who
from bots.deciding.roles import ROLES, RoleChange
from bots.deciding.who import Named
from core.command import Ask, Command, Outcome, Services
from core.model import SetSetting
from core.people import Role, role_of_identity


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    named = who.person(ask, rest)
    if not (rest or named.target):
        return told.explained(ask, services, "role", _lines(ask, services))
    if not named.target:
        return told.whom(ask, services, rest, "role")
    word = named.rest.lower()
    if word not in ROLES:
        return _expected(ask, services, named.target, named.rest)
    return await give(ask, services, named, ROLES[word])


async def give(ask: Ask, services: Services, named: Named, wanted: Role | None) -> Outcome:
    """What `/block` and `/unblock` do as well."""
    given = _given(ask, services, named.target, wanted)
    return await told.checked(ask, services, named, given) if given.effects else given


def _given(ask: Ask, services: Services, identity: str, wanted: Role | None) -> Outcome:
    decided = services.store.decided("roles")
    change = roles.change(told.giver_of(ask), identity, wanted, services.rules, decided)
    if not isinstance(change, RoleChange):
        return tell(ask, services, change, who=identity)
    after = told.role_word(ask, services, change.after)
    if change.before is change.after and decided.get(identity) == change.value:
        return tell(ask, services, "role_unchanged", who=identity, role=after)
    return tell(
        ask,
        services,
        "role_changed",
        who=identity,
        before=told.role_word(ask, services, change.before),
        after=after,
        effects=(SetSetting(scope="roles", name=identity, value=change.value),),
    )


def _expected(ask: Ask, services: Services, identity: str, got: str) -> Outcome:
    now = role_of_identity(identity, services.rules, services.store.decided("roles"))
    return tell(
        ask,
        services,
        "role_expected" if got else "role_shown",
        who=identity,
        role=told.role_word(ask, services, now),
        got=got[:60],
        example=f"{slash(ask)}role {identity} member",
    )


def _lines(ask: Ask, services: Services) -> list[str]:
    """Those that were decided; the configuration's own are many, and wildcards."""
    return [
        f"`{identity}`: {sentence(ask, services, f'role_{role}')}"
        for identity, role in sorted(services.store.decided("roles").items())
    ]


COMMAND = Command(name="role", aliases=("角色", "身份"), run=run, admins=True)
