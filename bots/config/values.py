"""Values that TOML has no form of its own for. Each parser raises Wrong."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bots.config.expect import mismatch, shown
from bots.config.model import Listen
from bots.config.read import Parser
from bots.config.secrets import address, proxy, secret
from core.relay.entry import RouteTarget
from core.secret import Secret

NAME = re.compile(r"[\w-]+")
LISTEN = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):(\d{1,5})")


def parsers(folder: Path, environ: Mapping[str, str]) -> dict[Any, Parser]:
    """By field type. Relative paths are taken from `folder`."""
    return {
        Secret: lambda value: secret(value, folder, environ),
        (Secret, "proxy"): lambda value: proxy(value, folder, environ),
        (Secret, "url"): lambda value: address(value, folder, environ),
        (str, "ca_file"): lambda value: beside(folder, text(value, "a path in quotes")),
        Listen: listen,
        Path: lambda value: folder / text(value, "a path in quotes"),
        tuple[RouteTarget, ...]: targets,
        Mapping[str, Secret]: lambda value: named(value, folder, environ),
        tuple[Secret, ...]: lambda value: several(value, folder, environ),
        (str, "profile"): lambda value: profile(folder, value),
    }


def several(value: object, folder: Path, environ: Mapping[str, str]) -> tuple[Secret, ...]:
    if not isinstance(value, list):
        raise mismatch('a list as in ["file:secrets/second", "env:THIRD"]', "something else")
    return tuple(secret(item, folder, environ) for item in value)


def named(value: object, folder: Path, environ: Mapping[str, str]) -> dict[str, Secret]:
    words = 'secrets by name as in { alice = "file:secrets/alice" }'
    if not isinstance(value, dict):
        raise mismatch(words, "something else")
    if wrong := [name for name in value if not NAME.fullmatch(name)]:
        raise mismatch("names of letters, digits, _ and -", shown(wrong[0]))
    return {name: secret(item, folder, environ) for name, item in value.items()}


def profile(folder: Path, value: object) -> str:
    """A profile's name stays; a path to one's own starts at `folder`."""
    name = text(value, 'a name as in "openai", or a path as in "relay.toml"')
    return beside(folder, name) if name.endswith(".toml") else name


def beside(folder: Path, path: str) -> str:
    """ "" stays: it is no file."""
    return str(folder / path) if path else ""


def listen(value: object) -> Listen:
    words = 'an address and port as in "127.0.0.1:8700"'
    match = LISTEN.fullmatch(text(value, words))
    if not match or int(match[2]) > 65535:
        raise mismatch(words, shown(value))
    return Listen(host=match[1].strip("[]"), port=int(match[2]))


def targets(value: object) -> tuple[RouteTarget, ...]:
    words = 'a list as in ["main:gpt-4o", "spare"]'
    if not isinstance(value, list):
        raise mismatch(words, shown(value))
    return tuple(target(text(item, words)) for item in value)


def target(word: str) -> RouteTarget:
    """ "relay:model" or "relay"; a model's name may itself hold colons ("llama3:8b")."""
    relay, _, model = word.partition(":")
    if not relay:
        raise mismatch('"relay:model" or "relay"', shown(word))
    return RouteTarget(relay, model)


def text(value: object, words: str) -> str:
    if not isinstance(value, str):
        raise mismatch(words, shown(value))
    return value
