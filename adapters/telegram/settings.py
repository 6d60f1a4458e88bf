"""What a [bots.NAME] section takes for Telegram beside what every bot has."""

import hashlib
import hmac
import re
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from core.errors import ConfigError
from core.loopback import is_loopback
from core.model import Limit
from core.relay.address import is_private
from core.secret import Secret

API_BASE = "https://api.telegram.org"

TOKEN = re.compile(r"\d+:[\w-]+")
WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
"""core.telegram.org/bots/api#setwebhook (2026-11) takes 1 to 256; so few could be guessed."""


class Settings(Struct, frozen=True, kw_only=True):
    """The rates are what Telegram's FAQ tells and its users found (2026-11): about one message
    a second in a chat with short bursts, 20 a minute in a group, 30 a second altogether.

    `local_files` is the folder of a Bot API server of one's own in --local mode; its files
    are read from there, and nothing outside of it.
    """

    token: Secret = Secret()
    mode: Literal["polling", "webhook"] = "polling"
    public_url: str = ""
    webhook_secret: Secret = Secret()
    api_base: str = API_BASE
    local_files: str = ""
    proxy: Secret = Secret()
    drafts: bool = True
    sends_per_second: Limit = 30
    chat_sends_per_second: Limit = 1
    group_sends_per_minute: Limit = 20
    on_unknown: Literal["resend-flagged", "hold"] = "resend-flagged"
    """What becomes of a part of which nobody knows whether it arrived."""


def check(settings: Settings, bot: str) -> None:
    """Raises ConfigError: one line for what is wrong first."""
    place = f"bots.{bot}"
    if not TOKEN.fullmatch(settings.token.reveal()):
        raise ConfigError(
            f"{place}.token: expected a token as @BotFather gives it, "
            f"got {'another text' if settings.token else 'none'}. Put it into a file and name "
            f'that here: token = "file:secrets/{bot}".'
        )
    _check_base(settings.api_base, place)
    if settings.mode == "webhook":
        _check_webhook(settings, place)


def webhook_secret(settings: Settings, bot: str) -> Secret:
    """What Telegram names itself by: as given, or derived from the token; never empty."""
    if settings.webhook_secret:
        return settings.webhook_secret
    words = f"parley telegram webhook {bot}".encode()
    return Secret(hmac.new(settings.token.reveal().encode(), words, hashlib.sha256).hexdigest())


def takes_proxy(settings: Settings) -> bool:
    """A Bot API server on this machine or in its network is reached without the common proxy."""
    host = urlsplit(settings.api_base).hostname or ""
    return not (is_loopback(host) or is_private(host))


def _check_base(api_base: str, place: str) -> None:
    parts = urlsplit(api_base)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.username:
        raise ConfigError(
            f'{place}.api_base: expected an address as in "{API_BASE}", got another text.'
        )
    if parts.scheme == "http" and not (is_loopback(host) or is_private(host)):
        raise ConfigError(
            f"{place}.api_base: expected https, got plain http to {host}: the token would travel "
            "readable. Use https, or a server in your own network."
        )


def _check_webhook(settings: Settings, place: str) -> None:
    parts = urlsplit(settings.public_url)
    own = settings.api_base != API_BASE  # a server of one's own calls plain http, too
    if not parts.hostname or parts.scheme not in (("https", "http") if own else ("https",)):
        raise ConfigError(
            f"{place}.public_url: expected the https address by which Telegram reaches this "
            f'machine, as in "https://bot.example.org", got "{settings.public_url}". '
            'Or leave mode = "polling", which needs none.'
        )
    given = settings.webhook_secret.reveal()
    if given and not WEBHOOK_SECRET.fullmatch(given):
        raise ConfigError(
            f"{place}.webhook_secret: expected 16 to 256 letters, digits, _ and -, got others "
            "or fewer. Leave it out, and it is derived from the token."
        )
