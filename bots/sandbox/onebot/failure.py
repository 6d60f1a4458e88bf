"""A call that an implementation answers by an error."""

from typing import Literal, TypeAlias

Reason: TypeAlias = Literal["bad_request", "failed", "unknown"]
"""Names the flavour's retcode."""


class Failed(Exception):
    """`retcode` overrides the flavour's code for `reason`."""

    def __init__(
        self, message: str, reason: Reason = "failed", *, retcode: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.retcode = retcode
