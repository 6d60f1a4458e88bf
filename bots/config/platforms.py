"""Which platforms there are, and what each one's adapter lets one set.

A platform is a module or folder in `adapters/`. Settings beyond the core's
are a struct named `Settings` in `adapters/<platform>/settings.py`.
"""

import pkgutil
from importlib import import_module
from pathlib import Path

from msgspec import Struct

import adapters


class NoSettings(Struct, frozen=True, kw_only=True):
    """The platform has nothing to set beside what every bot has."""


def platforms() -> tuple[str, ...]:
    return tuple(sorted(module.name for module in pkgutil.iter_modules(adapters.__path__)))


def settings_of(platform: str) -> type[Struct]:
    """The platform's own settings. `platform` is one of `platforms()`."""
    if not any((Path(place) / platform / "settings.py").exists() for place in adapters.__path__):
        return NoSettings
    settings: type[Struct] = import_module(f"adapters.{platform}.settings").Settings
    return settings
