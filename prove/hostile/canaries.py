"""A secret of one's own in each setting that holds one."""

import base64
import string
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import get_args, get_type_hints

from msgspec import Struct

from bots.config.model import Config
from bots.config.platforms import platforms, settings_of
from core.relay.entry import RelayEntry
from core.secret import Secret

LETTERS = string.ascii_letters + string.digits


def secret_settings() -> tuple[str, ...]:
    """All that the configuration's types have, as in "relays.*.key"."""
    named = [*_in(Config, "")]
    named += _in(RelayEntry, "relays.*.")
    for platform in platforms():
        named += _in(settings_of(platform), f"bots.{platform}.")
    return tuple(sorted(named))


def _in(kind: type[Struct], prefix: str) -> Iterator[str]:
    for name, hint in get_type_hints(kind).items():
        if hint is Secret or Secret in get_args(hint):
            yield prefix + name
        elif isinstance(hint, type) and issubclass(hint, Struct):
            yield from _in(hint, f"{prefix}{name}.")


class Canaries:
    """`told` are the secrets by name. They are kept as files in `folder`, outside of the data."""

    def __init__(self, folder: Path, chance: Random) -> None:
        self._folder = folder
        self._chance = chance
        self.told: dict[str, str] = {}
        folder.mkdir()

    def word(self, length: int = 24) -> str:
        return "".join(self._chance.choices(LETTERS, k=length))

    def source(self, setting: str, value: str = "") -> str:
        """The words for the configuration: `setting = "file:…"`; another secret each time."""
        like = self._chance.choice(("sk-", "", "live_"))
        value = value or f"{like}{self.word()}+/{self.word(8)}"
        name = f"{setting} {len(self.told)}"
        (self._folder / str(len(self.told))).write_text(value)
        self.told[name] = value
        return f'"file:{self._folder.name}/{len(self.told) - 1}"'

    def login(self, setting: str, scheme: str, port: int) -> str:
        """An address with a password; the password is what is looked for."""
        password = f"{self.word(16)}/{self.word(12)}"
        address = f"{scheme}://anna:{password.replace('/', '%2F')}@127.0.0.1:{port}"
        source = self.source(setting, address)
        self.told[list(self.told)[-1]] = password
        return source

    def aes_key(self) -> str:
        return base64.b64encode(self._chance.randbytes(32)).decode().rstrip("=")
