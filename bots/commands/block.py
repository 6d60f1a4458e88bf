"""/block PERSON: whoever is blocked is told so once a day, and otherwise passed over."""

from bots.commands import role
from bots.deciding import told, who
from core.command import Ask, Command, Outcome, Services
from core.people import Role


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    named = who.person(ask, rest)
    if not (rest or named.target):
        decided = services.store.decided("roles").items()
        blocked = [f"`{one}`" for one, given in sorted(decided) if given == Role.BLOCKED]
        return told.explained(ask, services, "block", blocked)
    if not named.target or named.rest:
        return told.whom(ask, services, named.rest or rest, "block")
    return await role.give(ask, services, named, Role.BLOCKED)


COMMAND = Command(name="block", aliases=("拉黑", "屏蔽"), run=run, admins=True)
