"""The simulated account's settings, as its owner would find them on mp.weixin.qq.com."""

from typing import Literal, TypeAlias

from msgspec import Struct

Mode: TypeAlias = Literal["plain", "compatible", "safe"]
"""明文模式, 兼容模式, 安全模式."""

VOICE_AND_MEDIA = frozenset({"token", "stable_token", "ip", "media/upload", "media/get"})
"""What an account without verification may call.

Which calls these are varies between the vendor's tables (developers.weixin.qq.com,
doc/subscription, 2026-11) and from account to account: a bot has to try.
"""


class Account(Struct, frozen=True, kw_only=True):
    """`original` is the account's own name in pushes; `aes_key` has 43 characters.

    `verified`: may call everything. `recognition`: voice comes with its words,
    where the speaker's Utterance has them.
    """

    token: str
    app_id: str
    app_secret: str
    aes_key: str = ""
    mode: Mode = "plain"
    verified: bool = False
    recognition: bool = False
    original: str = "gh_3c884a361561"
    allowed_ips: frozenset[str] | None = None
    """Who may fetch tokens (IP白名单); None is anybody."""

    def may(self, call: str) -> bool:
        return self.verified or call in VOICE_AND_MEDIA
