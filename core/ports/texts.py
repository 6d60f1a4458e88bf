"""The sentences for people who chat."""

from typing import Protocol


class Texts(Protocol):
    def say(self, code: str, language: str, /, **params: object) -> str:
        """The user's sentence for `code`. Unknown languages fall back to English."""
        ...
