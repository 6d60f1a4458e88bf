"""What a try came to, as a row of the table."""

from typing import Literal, TypeAlias

from msgspec import Struct

from bots.relays.cost import Cost
from core.relay.dialect import Call, Capability, Streaming

Tried: TypeAlias = Call | Streaming
"""What a trial tries: names as in a profile's [capabilities]."""

Result: TypeAlias = Literal["served", "refused", "failed", "skipped"]
"""Answered; the relay said no; nothing that counts came; not tried."""


class Outcome(Struct, frozen=True, kw_only=True):
    """`verdict` is what the profile should say; None where the try leaves it open."""

    call: Tried
    profile: Capability
    result: Result
    words: str
    took_ms: float | None = None
    cost: Cost = Cost(kind="free")
    verdict: Capability | None = None

    def row(self) -> tuple[str, ...]:
        took = "" if self.took_ms is None else f"{self.took_ms:.0f}"
        name = self.call.replace("_", "-")
        return name, self.profile, self.result, took, str(self.cost), self.words

    @property
    def missed(self) -> bool:
        """Whether the profile promises what was not served."""
        return self.profile == "yes" and self.result in ("refused", "failed")


HEADS = ("call", "profile", "result", "ms", "cost", "")
