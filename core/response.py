"""What a relay answers, in one form whatever its dialect."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens. `estimated` where the relay told none."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False


class Chat(Struct, frozen=True, kw_only=True):
    """A whole answer. `reasoning` is kept apart from `text` and never shown.

    `alternatives` are the texts of the further choices, where n > 1 was asked for.
    """

    text: str
    alternatives: tuple[str, ...] = ()
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


class Completion(Struct, frozen=True, kw_only=True):
    """The texts of /v1/completions or /v1/edits, as many as were asked for."""

    texts: tuple[str, ...]
    model: str = ""
    finish_reason: str = ""
    usage: Usage = Usage()


class Embeddings(Struct, frozen=True, kw_only=True):
    """A vector an input, in the inputs' order."""

    vectors: tuple[tuple[float, ...], ...]
    model: str = ""
    usage: Usage = Usage()


class Image(Struct, frozen=True, kw_only=True):
    """A picture's bytes, fetched at once where the relay gave a link, which is `url` then."""

    content: bytes
    mime: str
    url: str = ""


class Images(Struct, frozen=True, kw_only=True):
    images: tuple[Image, ...]
    revised_prompt: str = ""


class Speech(Struct, frozen=True, kw_only=True):
    """Audio bytes with their type."""

    content: bytes
    mime: str


class Segment(Struct, frozen=True, kw_only=True):
    """What was said between two moments, in seconds from the beginning."""

    start_s: float
    end_s: float
    text: str


class Transcription(Struct, frozen=True, kw_only=True):
    """`text` is plain, or subtitles where srt or vtt was asked for.

    `duration_s` is 0.0 where the relay does not tell it; `segments` come with verbose_json.
    """

    text: str
    language: str = ""
    duration_s: float = 0.0
    segments: tuple[Segment, ...] = ()


class File(Struct, frozen=True, kw_only=True):
    """An uploaded file. `status` is uploaded, processed, pending or error."""

    id: str
    filename: str
    purpose: str
    size_bytes: int
    status: str = ""
    created_at: datetime | None = None


class FileContent(Struct, frozen=True, kw_only=True):
    content: bytes


BatchState: TypeAlias = Literal[
    "validating",
    "failed",
    "in_progress",
    "finalizing",
    "completed",
    "expired",
    "cancelling",
    "cancelled",
]
"""OpenAI's; burn.hair's page says `complete`, which is read as `completed`."""


class Batch(Struct, frozen=True, kw_only=True):
    """A job of many requests. The files' ids are "" until there are such files.

    `expires_at` is None where the relay says null or 0. Counts are of requests.
    """

    id: str
    state: BatchState
    input_file_id: str
    output_file_id: str = ""
    error_file_id: str = ""
    created_at: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0
    errors: tuple[str, ...] = ()


class FineTune(Struct, frozen=True, kw_only=True):
    """A fine-tuning job. `state` in the relay's own word; jobs begin with `pending` or OpenAI's
    `validating_files`. `fine_tuned_model` is "" until it is ready, `trained_tokens` None until
    they are told."""

    id: str
    state: str
    model: str
    training_file: str
    fine_tuned_model: str = ""
    trained_tokens: int | None = None
    created_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""


class Model(Struct, frozen=True, kw_only=True):
    id: str
    owned_by: str = ""


class Models(Struct, frozen=True, kw_only=True):
    models: tuple[Model, ...]


QUOTA_PER_USD = 500_000
"""burn.hair's, and one-api's usual one (November 2026). Dollars are derived."""


class TokenStat(Struct, frozen=True, kw_only=True):
    """One relay token. Quotas are the relay's integer units, QUOTA_PER_USD of them a dollar.

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
    """It is a token that this relay's calls are made with."""
    alias: str = ""
    """The configuration's name of it, "" for one that is not there."""


class AccountStat(Struct, frozen=True, kw_only=True):
    """The account: free + bonus + paid = total. Integer quota units as in TokenStat."""

    free_quota: int
    bonus_quota: int
    paid_quota: int
    total_quota: int
    used_quota: int
    request_count: int


class UserStat(Struct, frozen=True, kw_only=True):
    """GET /api/user/stat of burn.hair, typed (November 2026)."""

    tokens: tuple[TokenStat, ...]
    account: AccountStat


class KeyQuota(Struct, frozen=True, kw_only=True):
    """What the key of a call may still spend, as one-api and new-api tell it.

    `granted`, `used` and `remaining` are in `unit`: whole quota units, `quota_per_unit` of
    them a dollar; US dollars; or what the relay did not say. `granted` and `remaining` are
    None while `unlimited`, `expires_at` is None for never. "billing" may tell of the whole
    account rather than of the key: that too is a setting of the relay.
    """

    source: Literal["token", "billing"]
    unit: Literal["usd", "quota", "unknown"]
    granted: float | None
    used: float
    remaining: float | None
    unlimited: bool = False
    expires_at: datetime | None = None
    quota_per_unit: float = QUOTA_PER_USD

    @property
    def granted_usd(self) -> float | None:
        """US dollars, as the two below; None while unlimited, or of an unknown unit."""
        return self._usd(self.granted)

    @property
    def used_usd(self) -> float | None:
        return self._usd(self.used)

    @property
    def remaining_usd(self) -> float | None:
        return self._usd(self.remaining)

    def _usd(self, figure: float | None) -> float | None:
        if figure is None or self.unit == "unknown":
            return None
        return figure if self.unit == "usd" else figure / self.quota_per_unit
