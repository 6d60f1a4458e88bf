"""What a relay answers, in one form whatever its dialect."""

from datetime import datetime

from msgspec import Struct


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens. `estimated` where the relay told none."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False


class Chat(Struct, frozen=True, kw_only=True):
    """A whole answer. `reasoning` is kept apart from `text` and never shown."""

    text: str
    model: str = ""
    finish_reason: str = ""
    reasoning: str = ""
    usage: Usage = Usage()


class Chunk(Struct, frozen=True, kw_only=True):
    """A piece of an answer. The last one alone has `finish_reason` and `usage`."""

    text: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    model: str = ""
    usage: Usage | None = None


class Image(Struct, frozen=True, kw_only=True):
    """A picture's bytes, fetched at once where the relay gave a link."""

    content: bytes
    mime: str


class Images(Struct, frozen=True, kw_only=True):
    images: tuple[Image, ...]
    revised_prompt: str = ""


class Speech(Struct, frozen=True, kw_only=True):
    """Audio bytes with their type."""

    content: bytes
    mime: str


class Transcription(Struct, frozen=True, kw_only=True):
    """`duration_s` is 0.0 where the relay does not tell it."""

    text: str
    language: str = ""
    duration_s: float = 0.0


class Model(Struct, frozen=True, kw_only=True):
    id: str
    owned_by: str = ""


class Models(Struct, frozen=True, kw_only=True):
    models: tuple[Model, ...]


class TokenStat(Struct, frozen=True, kw_only=True):
    """One relay token. Quotas are the relay's integer units: 500,000 are 1 USD.

    `remain_quota` may be negative while `unlimited`; then it means nothing.
    `last4` is all that is kept of the key; `key_hash` is keyed, for matching.
    `expires_at` and `last_used_at` are None for "never".
    """

    name: str
    status: str
    last4: str
    key_hash: str
    created_at: datetime | None
    last_used_at: datetime | None
    expires_at: datetime | None
    remain_quota: int
    unlimited: bool
    used_quota: int
    own: bool = False
    """It is the very token that this relay's calls are made with."""


class AccountStat(Struct, frozen=True, kw_only=True):
    """The account: free + bonus + paid = total. Integer quota units as in TokenStat."""

    free_quota: int
    bonus_quota: int
    paid_quota: int
    total_quota: int
    used_quota: int
    request_count: int


class UserStat(Struct, frozen=True, kw_only=True):
    """GET /api/user/stat of burn.hair, typed (relays/README, November 2026)."""

    tokens: tuple[TokenStat, ...]
    account: AccountStat
