"""/stop: ends the answer that is being written."""

from bots.answer import tell
from core.command import Ask, Command, Outcome, Services


async def run(ask: Ask, rest: str, services: Services) -> Outcome:  # noqa: ARG001 (a Run)
    stopped = services.running.stop(ask.conversation)
    return tell(ask, services, "stopped" if stopped else "nothing_running")


COMMAND = Command(name="stop", aliases=("停止",), run=run, urgent=True)
