"""The tokens of one call, as OpenAI's `usage` tells them, and their price."""

from typing import Self

from msgspec import Struct

UNITS_PER_COMPLETION_TOKEN = 3
"""A prompt token costs one quota unit."""


class Usage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    completion_tokens_details: dict[str, int] | None = None

    @classmethod
    def of(cls, prompt_tokens: int, completion_tokens: int) -> Self:
        return cls(
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            total_tokens=prompt_tokens + completion_tokens,
        )

    @property
    def units(self) -> int:
        """The price in quota units."""
        return self.prompt_tokens + UNITS_PER_COMPLETION_TOKEN * self.completion_tokens


class Reply(Struct, frozen=True, kw_only=True):
    """A whole answer's JSON, its price in quota units and a chat's tokens."""

    content: dict[str, object]
    units: int
    tokens: int = 0
