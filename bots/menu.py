"""The commands in the order people look for them, each with the name of their language."""

from collections.abc import Iterator, Mapping, Sequence

from core.command import Command
from core.ports.texts import Texts

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("help_talking", ("new", "retry", "stop", "history", "persona", "model", "models", "group")),
    ("help_making", ("image", "say", "transcribe", "translate")),
    ("help_yours", ("language", "timezone", "voice", "quota", "whoami", "export", "forget")),
    ("help_admins", ("grant", "limit", "bind", "role", "block", "unblock")),
)
LAST = "help_more"
"""The heading of whatever no group names: help itself, why, installed commands."""


def menu(
    commands: Mapping[str, Command], texts: Texts, language: str, *, latin: bool = False
) -> Sequence[tuple[str, str]]:
    """(name, one line about it) of every command that is not admins' alone.

    `latin` keeps to the names that a platform with a narrow alphabet takes.
    """
    return [
        (
            command.name if latin else shown_name(command, language),
            texts.say(f"command_{command.name}", language),
        )
        for _, group in grouped(commands)
        for command in group
        if not command.admins
    ]


def grouped(commands: Mapping[str, Command]) -> Iterator[tuple[str, list[Command]]]:
    """(code of the heading, its commands); empty groups are left out."""
    rest = {command.name: command for command in commands.values()}
    for heading, names in GROUPS:
        if group := [rest.pop(name) for name in names if name in rest]:
            yield heading, group
    if rest:
        yield LAST, list(rest.values())


def shown_name(command: Command, language: str) -> str:
    """The Chinese name for readers of Chinese where there is one, else the English name."""
    if language != "zh":
        return command.name
    return next((alias for alias in command.aliases if not alias.isascii()), command.name)
