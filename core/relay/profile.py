"""Profiles read from their files: the ones that come with Parley, and a user's own."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.errors import ConfigError
from core.relay.dialect import Dialect

FOLDER = Path(__file__).parent / "dialects"


def profile_names(folder: Path = FOLDER) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_dialect(
    profile: str, folder: Path = FOLDER, *, over: Mapping[str, Any] | None = None
) -> Dialect:
    """Read a profile by its name, or from a path that ends in .toml; `over` is laid upon it.

    Raises ConfigError for an unknown one or a wrong key in it.
    """
    path = Path(profile) if profile.endswith(".toml") else _named(profile, folder)
    told = _merged(_told(path, folder), over or {})
    try:
        return msgspec.convert(told, Dialect)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{path.name}: {error}. Correct the profile.") from error


def _named(profile: str, folder: Path) -> Path:
    names = profile_names(folder)
    if profile not in names:
        raise ConfigError(
            f'profile: expected one of {", ".join(names)}, or a path as in "relay.toml"; '
            f'got "{profile}". Name one of these, or write a profile of your own: '
            "docs/relays.md tells how."
        )
    return folder / f"{profile}.toml"


def _base(path: Path, like: str, folder: Path) -> Path:
    """Of the profile that the one at `path` is `like`."""
    names = profile_names(folder)
    if like not in names:
        raise ConfigError(
            f'{path.name}: like: expected one of {", ".join(names)}; got "{like}". '
            "Name one of these."
        )
    return folder / f"{like}.toml"


def _told(path: Path, folder: Path) -> dict[str, Any]:
    """What a file says, upon what the profile says that it is `like`."""
    told = _read(path)
    like = told.get("like", "")
    if not like:
        return told
    base = _read(_base(path, str(like), folder))
    if base.get("like"):
        raise ConfigError(
            f'{path.name}: like: expected a profile that stands by itself, got "{like}", '
            f'which is itself like "{base["like"]}". Name that one.'
        )
    return _merged(base, told)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f'profile: expected a file, got "{path}", where there is none. Correct the path.'
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path.name}: expected a TOML file in UTF-8: {error}.") from error


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Tables key by key, everything else whole."""
    merged = dict(base)
    for key, said in over.items():
        under = merged.get(key)
        value = said
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            value = _merged(under, value)
        merged[key] = value
    return merged
