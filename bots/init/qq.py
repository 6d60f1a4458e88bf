"""A QQ account: its implementation dials in, with a token that both sides know."""

import argparse
import secrets

from bots.init.draft import BotDraft, Setting
from bots.init.given import Given, given
from bots.init.packages import told_to_install
from bots.init.prompt import Prompt
from core.secret import Secret

NEW = "new"
"""What an option without a SOURCE stands for: a random token."""


def choose_qq(options: argparse.Namespace, prompt: Prompt, proxy: Secret) -> BotDraft:
    """Raises ConfigError for a source that holds nothing."""
    del proxy  # nothing goes out
    told_to_install(prompt, "onebot11")
    token = new_or_given(options, prompt, options.qq, "--qq")
    return BotDraft(
        name="qq",
        platform="onebot11",
        settings=(Setting(name="token", value=token, note="qq_token"),),
    )


def new_or_given(
    options: argparse.Namespace, prompt: Prompt, source: str | None, option: str
) -> Given:
    """128 random bits unless a source is named."""
    if source in (None, NEW):
        return Given(secret=Secret(secrets.token_hex(16)))
    return given(options, prompt, source, "token", option)
