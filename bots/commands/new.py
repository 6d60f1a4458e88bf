"""/new: what was said before is no longer sent to the model."""

from bots.answer import tell
from core.command import Ask, Command, Outcome, Services
from core.model import StartAfresh


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    afresh = StartAfresh(conversation=ask.conversation)
    return tell(ask, services, "new_ask_again" if rest else "new_done", effects=(afresh,))


COMMAND = Command(name="new", aliases=("新对话", "reset"), run=run)
