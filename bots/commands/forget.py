"""/forget: says what would be erased of a person; /forget yes erases it."""

from bots.answer import tell
from core.command import Ask, Command, Outcome, Services
from core.model import Forget

YES = frozenset({"yes", "确认", "确定"})


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    if rest.lower() not in YES:
        return tell(ask, services, "forget_sure")
    return tell(ask, services, "forget_done", effects=(Forget(person=ask.person),))


COMMAND = Command(name="forget", aliases=("遗忘",), run=run)
