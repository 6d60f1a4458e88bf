"""/why: why the latest messages of this chat were passed over, or how they were answered."""

from typing import Any

from bots.answer import sentence, tell
from core.command import Ask, Command, Outcome, Services
from core.reasons import chat_place

REASONS = 5


async def run(ask: Ask, rest: str, services: Services) -> Outcome:  # noqa: ARG001 (a Run)
    latest = services.reasons.latest(chat_place(ask.message), REASONS)
    if not latest:
        return tell(ask, services, "why_nothing")
    lines = [f"- {reason(ask, services, code, **params)}" for code, params in latest]
    return tell(ask, services, "why_latest", lines="\n".join(lines))


def reason(ask: Ask, services: Services, code: str, **params: Any) -> str:
    """An error is told in the words that its person was told."""
    if code == "why_failed":
        params["error"] = sentence(ask, services, params["error"], **params.pop("given"))
    return sentence(ask, services, code, **params)


COMMAND = Command(name="why", aliases=("为什么",), run=run)
