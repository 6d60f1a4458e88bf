"""/model: which model answers in this conversation; /model NAME picks, /model auto goes back."""

from collections.abc import Mapping, Sequence

from bots.answer import sentence, tell
from bots.commands.persona import may_set
from core.command import Ask, Command, Outcome, Services
from core.model import SetSetting
from core.people import Role
from core.response import Model

AUTOMATIC = frozenset({"auto", "default", "自动", "默认"})


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    choices = services.relays.choices()
    if not rest:
        return _current(ask, services, choices)
    if not may_set(ask):
        return tell(ask, services, "admins_only")
    if rest.lower() in AUTOMATIC:
        return tell(ask, services, "model_auto", effects=(_setting(ask, None),))
    found = await picked(ask, rest, services)
    if not found:
        return tell(ask, services, "model_unknown", name=rest, choices=listed(choices))
    return tell(ask, services, "model_set", model=found, effects=(_setting(ask, found),))


async def picked(ask: Ask, name: str, services: Services) -> str:
    """The choice that a person means, as far as they may pick it; else ""."""
    return pick(name, services.relays.choices()) or await _pick_any(ask, name, services)


def pick(name: str, choices: Sequence[str]) -> str:
    """The choice that a person means by its number, its "relay:model" or its model; else ""."""
    numbered = {str(number): choice for number, choice in enumerate(choices, 1)}
    return numbered.get(name) or named(name, choices)


def named(name: str, choices: Sequence[str]) -> str:
    wanted = name.casefold()
    for choice in choices:
        if wanted in (choice.casefold(), choice.partition(":")[2].casefold()):
            return choice
    return ""


async def _pick_any(ask: Ask, name: str, services: Services) -> str:
    """What only owners and admins may pick: whatever a relay lists, or takes unlisted."""
    if ask.role not in (Role.OWNER, Role.ADMIN):
        return ""
    offered = await services.relays.models()
    every = [f"{relay}:{model.id}" for relay, models in offered.items() for model in models]
    return named(name, every) or _unlisted(name, services.relays.choices(), offered)


def _unlisted(name: str, choices: Sequence[str], offered: Mapping[str, Sequence[Model]]) -> str:
    relays = {choice.partition(":")[0] for choice in choices} | offered.keys()
    relay, _, model = name.partition(":")
    return name if relay in relays and model else ""


def _current(ask: Ask, services: Services, choices: Sequence[str]) -> Outcome:
    if not choices:
        return tell(ask, services, "model_none")
    automatic = sentence(ask, services, "model_automatic", model=choices[0])
    return tell(
        ask,
        services,
        "model_current",
        model=f"`{ask.choice}`" if ask.choice else automatic,
        choices=listed(choices),
    )


def listed(choices: Sequence[str]) -> str:
    return "\n".join(f"{number}. `{choice}`" for number, choice in enumerate(choices, 1))


def _setting(ask: Ask, value: str | None) -> SetSetting:
    return SetSetting(scope=ask.conversation, name="model", value=value)


COMMAND = Command(name="model", aliases=("模型",), run=run)
