"""/whoami: how the bot knows a person, in the words its configuration takes."""

from bots.answer import sentence, tell
from core.command import Ask, Command, Outcome, Services
from core.group import given_to


async def run(ask: Ask, rest: str, services: Services) -> Outcome:  # noqa: ARG001 (a Run)
    address = ask.message.address
    given = given_to(address, services.store)

    def own(name: str, otherwise: str) -> str:
        chosen = "group" if ask.settings.get(name) == given.get(name) else "own"
        return sentence(ask, services, f"whoami_{chosen if name in ask.settings else otherwise}")

    return tell(
        ask,
        services,
        "whoami_shown",
        id=f"{address.platform}:{address.sender}",
        role=sentence(ask, services, f"role_{ask.role}"),
        spoken=sentence(ask, services, f"language_{ask.language}"),
        spoken_set=own("language", "automatic"),
        model=f"`{ask.choice}`" if ask.choice else sentence(ask, services, "whoami_automatic"),
        persona=own("persona", "default"),
        voice=sentence(ask, services, f"voice_{ask.settings.get('voice', ask.bot.voice)}"),
    )


COMMAND = Command(name="whoami", aliases=("我是谁",), run=run)
