"""Where people shall reach the bot: the chat page, Telegram, QQ, WeChat; one or several."""

import argparse
from collections.abc import Callable, Mapping, Sequence

from bots.init.draft import BotDraft
from bots.init.prompt import Prompt
from bots.init.qq import choose_qq
from bots.init.telegram import choose_telegram
from bots.init.wechat import choose_wechat
from core.secret import Secret


def choose_places(
    options: argparse.Namespace, prompt: Prompt, proxy: Secret
) -> tuple[BotDraft, ...]:
    """Those that the options name, beside the page; else those picked. Raises ConfigError."""
    named = [name for name in CHOICES if getattr(options, name, None) is not None]
    names = ["page", *named] if named else asked(prompt)
    return tuple(CHOICES[name](options, prompt, proxy) for name in names)


def asked(prompt: Prompt) -> Sequence[str]:
    names = list(CHOICES)
    if not prompt.interactive:
        return names[:1]
    words = [prompt.words(f"place_{name}") for name in names]
    return [names[number] for number in prompt.choose_several("places", words)]


def choose_page(options: argparse.Namespace, prompt: Prompt, proxy: Secret) -> BotDraft:
    del options, prompt, proxy
    return BotDraft(name="web", platform="web")


CHOICES: Mapping[str, Callable[[argparse.Namespace, Prompt, Secret], BotDraft]] = {
    "page": choose_page,
    "telegram": choose_telegram,
    "qq": choose_qq,
    "wechat": choose_wechat,
}
"""By the options' names, in the order of the question. The secret is the common proxy."""
