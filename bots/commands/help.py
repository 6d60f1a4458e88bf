"""/help: what the bot can do; /help NAME: one command with an example."""

from difflib import get_close_matches

from bots.answer import sentence, slash, tell
from bots.menu import grouped, shown_name
from core.command import Ask, Command, Outcome, Services
from core.model import Text
from core.people import ADMINS


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    if not rest:
        return Outcome(parts=(Text(text=_overview(ask, services)),))
    name = rest.split(maxsplit=1)[0].lower().removeprefix(slash(ask))
    command = services.commands.get(name)
    if command:
        return Outcome(parts=(Text(text=_details(ask, services, command)),))
    close = get_close_matches(name, services.commands, n=1)
    if close:
        suggestion = slash(ask) + close[0]
        return tell(ask, services, "unknown_command_close", name=name, suggestion=suggestion)
    return tell(ask, services, "unknown_command", name=name)


def _overview(ask: Ask, services: Services) -> str:
    known = {
        name: command
        for name, command in services.commands.items()
        if ask.role in ADMINS or not command.admins
    }
    groups = [
        "\n".join(
            (f"**{sentence(ask, services, heading)}**", *(_line(ask, services, c) for c in group))
        )
        for heading, group in grouped(known)
    ]
    first, last = sentence(ask, services, "help_first"), sentence(ask, services, "help_last")
    return "\n\n".join((first, *groups, last))


def _line(ask: Ask, services: Services, command: Command) -> str:
    about = sentence(ask, services, f"command_{command.name}")
    return f"- `{slash(ask)}{shown_name(command, ask.language)}` {about}"


def _details(ask: Ask, services: Services, command: Command) -> str:
    names = " ".join(f"`{slash(ask)}{name}`" for name in command.names)
    return f"{names}\n\n{sentence(ask, services, f'usage_{command.name}')}"


COMMAND = Command(name="help", aliases=("帮助", "start"), run=run)
