"""In which language the bot speaks its own sentences to a person."""

import re
from typing import TypeGuard, get_args

from core.bot import Bot
from core.model import Language, Message

HAN = re.compile(r"[㐀-鿿]")


def spoken(chosen: str | None, message: Message, bot: Bot) -> Language:
    """What was chosen, else what the platform tells of the person, else Chinese to who
    writes Chinese, else the bot's own.

    QQ and WeChat tell nothing of a person's language. `chosen` may be anything.
    """
    written = "zh" if HAN.search(message.text) else ""
    return next(filter(_is_language, (chosen, message.language, written)), bot.language)


def _is_language(text: str | None) -> TypeGuard[Language]:
    return text in get_args(Language)
