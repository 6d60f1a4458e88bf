"""/models: what the relays offer; /models WORD: those with the word in their names."""

from collections.abc import Sequence

from bots.answer import sentence, tell
from core.command import Ask, Command, Outcome, Services
from core.model import Text
from core.response import Model

SHOWN = 30
"""How many names of a relay are listed."""


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    offered = await services.relays.models()
    if not offered:
        return tell(ask, services, "models_unread")
    lists = [
        _list(ask, services, relay, names)
        for relay, models in offered.items()
        if (names := _names(models, rest))
    ]
    if not lists:
        return tell(ask, services, "models_no_match", word=rest)
    return Outcome(parts=(Text(text="\n\n".join(lists)),))


def _names(models: Sequence[Model], word: str) -> list[str]:
    return sorted(model.id for model in models if word.lower() in model.id.lower())


def _list(ask: Ask, services: Services, relay: str, names: Sequence[str]) -> str:
    lines = [f"**{relay}** ({len(names)})", *(f"- `{name}`" for name in names[:SHOWN])]
    if len(names) > SHOWN:
        lines.append(sentence(ask, services, "models_more", count=len(names) - SHOWN))
    return "\n".join(lines)


COMMAND = Command(name="models", aliases=("模型列表",), run=run)
