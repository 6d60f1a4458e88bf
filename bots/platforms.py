"""Which adapter speaks for which platform. What is not configured is not imported."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

import msgspec
from msgspec import structs

from bots.config import BotEntry
from core.errors import ConfigError
from core.people import PeopleRules
from core.ports.adapter import Adapter
from core.ports.clock import Clock, NewId
from core.ports.store import MediaStore, Memo, Shelf, Transcript
from core.ports.texts import Texts
from core.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where the console reads and writes."""

    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an adapter may need beside its own settings."""

    media: MediaStore
    transcript: Transcript
    shelf: Shelf
    memo: Callable[[str], Memo]
    """A bot's own, by its name."""
    texts: Texts
    proxy: Secret
    """What everything going out takes that names no other way; "" for none."""
    people: PeopleRules
    clock: Clock
    new_id: NewId
    cookie_key: Secret
    terminal: Terminal
    downloads: Path
    menu: Callable[[str], Sequence[tuple[str, str]]]


def make_adapter(entry: BotEntry, around: Surroundings) -> Adapter:
    """The adapter of one bot. Raises ConfigError for a platform that there is not."""
    make = MAKERS.get(entry.bot.platform)
    if make is None:
        known = ", ".join(sorted(MAKERS))
        raise ConfigError(
            f"bots.{entry.bot.name}.platform: expected one of {known}, got {entry.bot.platform}"
        )
    return make(entry, around)


def _web(entry: BotEntry, around: Surroundings) -> Adapter:
    from adapters.web.adapter import WebAdapter

    return WebAdapter(
        bot=entry.bot,
        media=around.media,
        transcript=around.transcript,
        secret=around.cookie_key,
        clock=around.clock,
        new_id=around.new_id,
        page=Path(__file__).parent / "web" / "page",
        menu=around.menu,
    )


def _console(entry: BotEntry, around: Surroundings) -> Adapter:
    from adapters.console import ConsoleAdapter, language_of

    return ConsoleAdapter(
        bot=entry.bot,
        clock=around.clock,
        new_id=around.new_id,
        media=around.media,
        downloads=around.downloads,
        stdin=around.terminal.stdin,
        stdout=around.terminal.stdout,
        language=language_of(os.environ),
    )


def _wechat(entry: BotEntry, around: Surroundings) -> Adapter:
    _need(entry)
    from adapters.wechat.adapter import WeChatAdapter
    from adapters.wechat.settings import Settings

    settings = msgspec.convert(entry.settings, Settings)
    return WeChatAdapter(
        bot=entry.bot,
        settings=structs.replace(settings, proxy=settings.proxy or around.proxy),
        media=around.media,
        clock=around.clock,
        new_id=around.new_id,
        texts=around.texts,
        shelf=around.shelf,
        memo=around.memo(entry.bot.name),
    )


def _onebot11(entry: BotEntry, around: Surroundings) -> Adapter:
    _need(entry)
    from adapters.onebot11.adapter import OneBotAdapter
    from adapters.onebot11.settings import Settings

    return OneBotAdapter(
        bot=entry.bot,
        settings=msgspec.convert(entry.settings, Settings),
        media=around.media,
        shelf=around.shelf,
        clock=around.clock,
        new_id=around.new_id,
        texts=around.texts,
        memo=around.memo(entry.bot.name),
        people=around.people,
        proxy=around.proxy,
    )


def _telegram(entry: BotEntry, around: Surroundings) -> Adapter:
    _need(entry)
    from adapters.telegram.adapter import TelegramAdapter
    from adapters.telegram.settings import Settings

    return TelegramAdapter(
        bot=entry.bot,
        settings=msgspec.convert(entry.settings, Settings),
        media=around.media,
        clock=around.clock,
        new_id=around.new_id,
        texts=around.texts,
        memo=around.memo(entry.bot.name),
        menu=around.menu,
        proxy=around.proxy,
    )


def _need(entry: BotEntry) -> None:
    """Raises ConfigError where a platform's own packages are not installed."""
    if lacks := missing(entry.bot.platform):
        raise ConfigError(f"bots.{entry.bot.name}: {lacks}")


def missing(platform: str) -> str:
    """Which packages of a platform's own are not installed, with the remedy; "" if all are."""
    extra, modules = PACKAGES.get(platform, ("", ()))
    absent = [name for name in modules if find_spec(name) is None]
    if not absent:
        return ""
    return (
        f"expected the packages of {extra}, got none of {', '.join(absent)}; "
        f'install them: pip install "parley[{extra}]"'
    )


PACKAGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "onebot11": ("qq", ("aiocqhttp", "av", "pysilk")),
    "telegram": ("telegram", ("telegram", "av")),
    "wechat": ("wechat", ("werobot", "cryptography", "av")),
}
"""The extra of each platform that has one, and the modules that it brings."""

MAKERS: Mapping[str, Callable[[BotEntry, Surroundings], Adapter]] = {
    "console": _console,
    "onebot11": _onebot11,
    "telegram": _telegram,
    "web": _web,
    "wechat": _wechat,
}
