"""/unblock PERSON: somebody may talk to the bot again."""

from bots.answer import tell
from bots.commands import role
from bots.deciding import roles, told, who
from core.command import Ask, Command, Outcome, Services
from core.people import Role, role_of_identity


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    named = who.person(ask, rest)
    if not (rest or named.target):
        return told.explained(ask, services, "unblock", ())
    if not named.target or named.rest:
        return told.whom(ask, services, named.rest or rest, "unblock")
    now = role_of_identity(named.target, services.rules, services.store.decided("roles"))
    if now is not Role.BLOCKED:
        shown = told.role_word(ask, services, now)
        return tell(ask, services, "role_unchanged", who=named.target, role=shown)
    wanted = roles.unblocked(named.target, services.rules)
    return await role.give(ask, services, named, wanted)


COMMAND = Command(name="unblock", aliases=("解除拉黑", "解除屏蔽"), run=run, admins=True)
