"""A WeChat official account: what its console shows, and what is entered there."""

import argparse

from msgspec import Struct

from adapters.wechat.settings import API_BASE, Settings, check
from bots.clock import SystemClock
from bots.init.draft import BotDraft, Setting
from bots.init.given import Given, given
from bots.init.packages import told_to_install
from bots.init.prompt import Prompt
from bots.init.qq import NEW, new_or_given
from bots.loop import run_async
from core.errors import ConfigError
from core.secret import Secret

NAME = "wechat"
NOTHING = Given(secret=Secret())


class Account(Struct, frozen=True, kw_only=True):
    """Without an `app_secret` there are texts alone, without an `aes_key` they come plain."""

    token: Given
    app_id: str = ""
    app_secret: Given = NOTHING
    aes_key: Given = NOTHING
    api_base: str = API_BASE
    proxy: Secret = Secret()

    @property
    def settings(self) -> Settings:
        return Settings(
            token=self.token.secret,
            app_id=self.app_id,
            app_secret=self.app_secret.secret,
            aes_key=self.aes_key.secret,
            api_base=self.api_base,
            proxy=self.proxy,
        )


def choose_wechat(options: argparse.Namespace, prompt: Prompt, proxy: Secret) -> BotDraft:
    """Raises ConfigError where nobody can be asked and something is wrong."""
    lacking = told_to_install(prompt, "wechat")
    account = asked(options, prompt, proxy)
    if account.app_secret.secret and not (options.no_try or lacking):
        try_account(prompt, account)
    return drafted(account)


def asked(options: argparse.Namespace, prompt: Prompt, proxy: Secret) -> Account:
    token = new_or_given(options, prompt, options.wechat, "--wechat")
    app_id = options.wechat_app_id or prompt.optional("wechat_app_id")

    def more(name: str) -> Given:
        option, source = f"--wechat-{name.replace('_', '-')}", getattr(options, f"wechat_{name}")
        if source is None and not (app_id and prompt.interactive):
            return NOTHING
        return given(options, prompt, source, f"wechat_{name}", option)

    account = Account(
        token=token,
        app_id=app_id,
        app_secret=more("secret"),
        aes_key=more("aes_key"),
        api_base=options.wechat_api or API_BASE,
        proxy=proxy,
    )
    try:
        check(account.settings, f"bots.{NAME}")
    except ConfigError as error:
        if not prompt.interactive or has_options(options):
            raise
        prompt.say("wechat_wrong", problem=error)
        return asked(options, prompt, proxy)
    return account


def has_options(options: argparse.Namespace) -> bool:
    """Whether asking once more may come to the same."""
    named = (options.wechat_app_id, options.wechat_secret, options.wechat_aes_key)
    return any(named) or options.wechat not in (None, NEW)


def try_account(prompt: Prompt, account: Account) -> None:
    """Whether WeChat takes the AppSecret from here; what is wrong can also be mended later."""
    from adapters.wechat.introduction import introduce  # noqa: PLC0415

    prompt.say("wechat_trying")
    try:
        run_async(introduce(account.settings, NAME, SystemClock()))
    except ConfigError as error:
        if not prompt.interactive:
            words = f"{error} (--no-try writes the configuration all the same.)"
            raise ConfigError(words) from error
        prompt.say("wechat_refused", problem=error)
        if prompt.choose("what_now", [prompt.words("way_again"), prompt.words("way_keep")]) == 0:
            try_account(prompt, account)
    else:
        prompt.say("wechat_works")


def drafted(account: Account) -> BotDraft:
    settings = [Setting(name="token", value=account.token, note="wechat_token")]
    if account.app_id:
        settings.append(Setting(name="app_id", value=account.app_id))
    if account.app_secret.secret:
        settings.append(Setting(name="app_secret", value=account.app_secret))
    if account.aes_key.secret:
        settings.append(Setting(name="aes_key", value=account.aes_key))
    if account.api_base != API_BASE:
        settings.append(Setting(name="api_base", value=account.api_base))
    return BotDraft(name=NAME, platform="wechat", settings=tuple(settings))
