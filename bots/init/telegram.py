"""A bot on Telegram: its token, tried at once."""

import argparse

from msgspec import Struct
from msgspec.structs import replace

from adapters.telegram.settings import API_BASE, Settings, check
from bots.init.draft import BotDraft, Setting
from bots.init.given import Given, given
from bots.init.packages import told_to_install
from bots.init.prompt import Prompt
from bots.init.relay import asked_proxy
from bots.loop import run_async
from core.errors import ConfigError
from core.secret import Secret

NAME = "telegram"


class Account(Struct, frozen=True, kw_only=True):
    """`proxy` is for Telegram alone. `username` is "" as long as Telegram was not asked."""

    token: Given
    api_base: str = API_BASE
    proxy: Secret = Secret()
    username: str = ""

    @property
    def settings(self) -> Settings:
        return Settings(token=self.token.secret, api_base=self.api_base, proxy=self.proxy)


def choose_telegram(options: argparse.Namespace, prompt: Prompt, proxy: Secret) -> BotDraft:
    """Raises ConfigError where nobody can be asked and the token does not work."""
    token = given(options, prompt, options.telegram, "telegram_token", "--telegram")
    account = Account(token=token, api_base=options.telegram_api or API_BASE)
    if options.no_try or told_to_install(prompt, "telegram"):
        check(account.settings, NAME)
        return drafted(account)
    return drafted(tried(prompt, account, proxy))


def tried(prompt: Prompt, account: Account, common: Secret) -> Account:
    """Ask Telegram for the bot's name; on failure let another token or a proxy be given."""
    from adapters.telegram.introduction import introduce  # noqa: PLC0415 - takes half a second

    prompt.say("telegram_trying")
    try:
        told = run_async(introduce(account.settings, NAME, common))
    except ConfigError as error:
        return tried_again(prompt, account, common, error)
    prompt.say("telegram_works", name=f"@{told.username}")
    if not told.sees_groups:
        prompt.say("telegram_privacy")
    return replace(account, username=told.username)


def tried_again(prompt: Prompt, account: Account, common: Secret, error: ConfigError) -> Account:
    from adapters.telegram.introduction import Unreached  # noqa: PLC0415

    if not prompt.interactive:
        raise ConfigError(f"{error} (--no-try writes the configuration all the same.)") from error
    prompt.say("telegram_unreached" if isinstance(error, Unreached) else "telegram_refused")
    ways = [prompt.words(way) for way in ("way_token", "way_proxy", "way_again", "way_keep")]
    match prompt.choose("what_now", ways):
        case 0:
            token = Given(secret=Secret(prompt.hidden("telegram_token", "--telegram")))
            return tried(prompt, replace(account, token=token), common)
        case 1:
            proxy = asked_proxy(prompt) or account.proxy
            return tried(prompt, replace(account, proxy=proxy), common)
        case 2:
            return tried(prompt, account, common)
        case _:
            return account


def drafted(account: Account) -> BotDraft:
    settings = [Setting(name="token", value=account.token, note="telegram_token")]
    if account.api_base != API_BASE:
        settings.append(Setting(name="api_base", value=account.api_base))
    if account.proxy:
        shown = account.proxy.reveal()
        proxy = Given(secret=account.proxy) if "@" in shown else shown
        settings.append(Setting(name="proxy", value=proxy))
    return BotDraft(
        name=NAME,
        platform="telegram",
        settings=tuple(settings),
        known_as=account.username and f"@{account.username}",
    )
