"""One file a command; each has a COMMAND. They are found here, and installed ones after them."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules

from core.command import Command
from core.errors import ConfigError

GROUP = "parley.commands"
"""The entry-point group of installed commands. Each entry's value names a Command."""


def find_commands(plugins: Iterable[EntryPoint] | None = None) -> Mapping[str, Command]:
    """Every command by each of its names, in lower case.

    `plugins` are the installed ones unless given. Raises ConfigError where two
    claim one name, or where an entry is no command.
    """
    installed = entry_points(group=GROUP) if plugins is None else plugins
    found: dict[str, Command] = {}
    origins: dict[str, str] = {}
    for point in (*_shipped(), *installed):
        command = _load(point)
        for name in map(str.lower, command.names):
            if name in found:
                raise ConfigError(
                    f'expected one command named "{name}", got two: {origins[name]} '
                    f"and {point.value}; rename or remove one of them"
                )
            found[name] = command
            origins[name] = point.value
    return found


def _shipped() -> Iterator[EntryPoint]:
    for module in iter_modules(__path__, f"{__name__}."):
        yield EntryPoint(module.name, f"{module.name}:COMMAND", GROUP)


def _load(point: EntryPoint) -> Command:
    try:
        command = point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"expected a command at {point.value}, got {type(error).__name__}: {error}; "
            "give the module a COMMAND, or remove it"
        ) from error
    if not isinstance(command, Command):
        raise ConfigError(
            f"expected a core.command.Command at {point.value}, "
            f"got {type(command).__name__}; make it a Command, or remove it"
        )
    return command
