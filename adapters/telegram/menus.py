"""The list of commands behind the "/" button, in both languages."""

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec
from telegram.error import TelegramError

from adapters.telegram.api import Api
from core.errors import StoreError
from core.ports.store import Memo

log = logging.getLogger(__name__)

Menu: TypeAlias = Callable[[str], Sequence[tuple[str, str]]]
"""The commands in a language ("en", "zh"): (name without a slash, what it does)."""

NAME = re.compile(r"[a-z0-9_]{1,32}")
DESCRIPTION_CHARS = 256
COMMANDS = 100
"""core.telegram.org/bots/api#botcommand and #setmycommands, 2026-11."""

LANGUAGES = (("", "en"), ("zh", "zh"))
"""(Telegram's code, ours): "" is everybody whose language has no list of its own."""


async def set_menus(api: Api, menu: Menu, memo: Memo) -> None:
    """Set them where they changed. A failure is logged: the commands work without."""
    lists = {code: list(_commands(menu, language)) for code, language in LANGUAGES}
    digest = hashlib.sha256(msgspec.json.encode(lists)).hexdigest()
    try:
        if await memo.recall("menus") == digest:
            return
        for code, commands in lists.items():
            await api.bot.set_my_commands(commands, language_code=code or None)
        await memo.keep("menus", digest)
    except (TelegramError, StoreError) as error:
        log.warning("the list of commands was not set: %s", error)


def _commands(menu: Menu, language: str) -> Iterator[tuple[str, str]]:
    """Names in English letters, as Telegram demands, told in the language: both lists are
    in the same order."""
    pairs = zip(menu("en"), menu(language), strict=True)
    named = ((name, told) for (name, _), (_, told) in pairs if NAME.fullmatch(name))
    for count, (name, told) in enumerate(named):
        if count < COMMANDS:
            yield name, told[:DESCRIPTION_CHARS] or name
