"""What a [bots.NAME] section takes for WeChat beside what every bot has."""

import re
from typing import Literal, TypeAlias

from msgspec import Struct

from core.errors import ConfigError
from core.secret import Secret

API_BASE = "https://api.weixin.qq.com"

Mode: TypeAlias = Literal["plain", "compatible", "safe"]

TOKEN = re.compile(r"[A-Za-z0-9]{3,32}")
AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
"""43 characters that with a "=" are base64 of 32 bytes."""

WORD_BYTES = 24
"""A longer word has no room in the hint that names it."""

WELCOME_BYTES = 1800


class MenuItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A button: it says `send` for the person, opens `url`, or unfolds `items`."""

    name: str
    send: str = ""
    url: str = ""
    items: tuple["MenuItem", ...] = ()


class Settings(Struct, frozen=True, kw_only=True):
    """The account as its console shows it: 设置与开发 → 开发接口管理 → 基本配置."""

    token: Secret
    app_id: str = ""
    app_secret: Secret = Secret()
    """"" where the account may not call WeChat: then there are texts alone, and no menu."""
    aes_key: Secret = Secret()
    previous_aes_key: Secret = Secret()
    mode: Literal["", "plain", "compatible", "safe"] = ""
    """"" is safe with an `aes_key`, plain without."""
    customer_service: bool = False
    """The account is verified, and may send on its own for 48 hours after a person wrote."""
    on_unknown: Literal["resend-flagged", "hold"] = "resend-flagged"
    """What becomes of a part by customer service of which nobody knows whether it arrived."""
    recognition: bool = True
    """Voice is what WeChat heard in it, where WeChat tells; else it is fetched and transcribed."""
    welcome: str = ""
    """For who follows the account; "" is the catalogue's."""
    more_words: tuple[str, ...] = ("继续", "continue", "more")
    """Each brings what waits of earlier answers."""
    menu: tuple[MenuItem, ...] = ()
    replay_window_s: float = 300.0
    """How old or early the signed time of a push may be."""
    api_base: str = API_BASE
    proxy: Secret = Secret()

    @property
    def way(self) -> Mode:
        return self.mode or ("safe" if self.aes_key else "plain")


def check(settings: Settings, place: str) -> None:
    """Raises ConfigError, naming the setting under `place` as in "bots.wechat"."""
    if not TOKEN.fullmatch(settings.token.reveal()):
        raise ConfigError(
            f"{place}.token: expected 3 to 32 letters and digits, got "
            f"{'something else' if settings.token else 'none'}; "
            "write the Token of the account's 服务器配置 there"
        )
    for name, key in (
        ("aes_key", settings.aes_key),
        ("previous_aes_key", settings.previous_aes_key),
    ):
        if key and not AES_KEY.fullmatch(key.reveal()):
            raise ConfigError(
                f"{place}.{name}: expected the 43 characters of EncodingAESKey, got something else"
            )
    _check_words(settings, place)
    _check_together(settings, place)


def _check_words(settings: Settings, place: str) -> None:
    words = settings.more_words
    if not words or any(not 0 < len(word.strip().encode()) <= WORD_BYTES for word in words):
        raise ConfigError(
            f"{place}.more_words: expected at least one word, each of 1 to {WORD_BYTES} bytes, "
            "got something else"
        )
    if len(settings.welcome.encode()) > WELCOME_BYTES:
        raise ConfigError(
            f"{place}.welcome: expected at most {WELCOME_BYTES} bytes, "
            f"got {len(settings.welcome.encode())}"
        )


def _check_together(settings: Settings, place: str) -> None:
    if settings.way != "plain" and not (settings.aes_key and settings.app_id):
        raise ConfigError(
            f"{place}.mode: expected aes_key and app_id beside mode {settings.way}, got "
            "less; copy EncodingAESKey and AppID from the account's 基本配置"
        )
    if settings.app_secret and not settings.app_id:
        raise ConfigError(f"{place}.app_id: expected the AppID beside app_secret, got none")
    if (settings.customer_service or settings.menu) and not settings.app_secret:
        name = "customer_service" if settings.customer_service else "menu"
        raise ConfigError(f"{place}.{name}: expected app_id and app_secret beside it, got none")
