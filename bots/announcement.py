"""What `parley run` says once it is at work."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from adapters.console import language_of
from bots.config import BotEntry, Config
from bots.texts.terminal import terminal_texts
from storage.sqlite.holding import Hold, Left

Told: TypeAlias = tuple[str, Mapping[str, str]]
"""A sentence's code, and what fills it."""


def announce(config: Config) -> None:
    """A line for each bot: where it is to be reached. On standard error: the other is for answers.

    A terminal needs none, for it shows itself.
    """
    texts, language = terminal_texts(), language_of(os.environ)
    told = [TELL[e.bot.platform](e, config) for e in config.bots if e.bot.platform in TELL]
    if told:
        lines = [texts.say(code, language, **fill) for code, fill in told]
        lines.append(texts.say("run_stop", language))
        sys.stderr.write("\n".join(lines) + "\n")


def announce_held(hold: Hold, left: Left) -> None:
    """That a restored copy waits to be released, and what is left over in it."""
    texts, language = terminal_texts(), language_of(os.environ)
    fill = {
        "made": f"{hold.made_at:%Y-%m-%d %H:%M:%S} UTC",
        "unanswered": str(left.unanswered),
        "unsent": str(left.unsent),
        "later": str(left.later),
    }
    sys.stderr.write(texts.say("run_held", language, **fill) + "\n")


def where(entry: BotEntry, config: Config, scheme: str) -> str:
    """An address of the public listener."""
    kind = "onebot" if entry.bot.platform == "onebot11" else entry.bot.platform
    return f"{scheme}://{config.server.public}/{kind}/{entry.bot.name}"


def web(entry: BotEntry, config: Config) -> Told:
    del entry
    return "run_web", {"address": f"http://{config.server.private}/"}


def telegram(entry: BotEntry, config: Config) -> Told:
    settings: Any = entry.settings  # the adapter's own, which is imported where it is configured
    name = entry.bot.name
    if settings.mode == "polling":
        host = urlsplit(settings.api_base).netloc
        return "run_polling", {"name": name, "host": host}
    return "run_webhook", {"name": name, "address": where(entry, config, "http")}


def onebot11(entry: BotEntry, config: Config) -> Told:
    address = where(entry, config, "ws")
    return "run_onebot11", {"name": entry.bot.name, "address": address}


def wechat(entry: BotEntry, config: Config) -> Told:
    address = where(entry, config, "http")
    return "run_wechat", {"name": entry.bot.name, "address": address}


TELL: Mapping[str, Callable[[BotEntry, Config], Told]] = {
    "onebot11": onebot11,
    "telegram": telegram,
    "web": web,
    "wechat": wechat,
}
