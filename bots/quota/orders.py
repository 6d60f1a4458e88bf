"""What the running process does with decisions that were made at the terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bots.orders import Do, Payload
from core.decision import decisions, tell
from core.errors import ConfigError
from core.model import DECISIONS, SetSetting
from storage.store import SqlStore

DECIDE = "quota decide"
"""An order. Its payload: {"settings": [SetSetting, …]}, whole values, so that it may be carried
out twice."""

BY = "terminal"


@dataclass(frozen=True, slots=True)
class QuotaOrders:
    store: SqlStore

    def does(self) -> Mapping[str, Do]:
        return {DECIDE: self.decide}

    async def decide(self, payload: Payload) -> Payload:
        settings = settings_of(payload)
        made = decisions(settings, self.store)
        await self.store.decide(settings, BY)
        tell(BY, made)
        return {}


def payload_of(settings: Sequence[SetSetting]) -> Payload:
    return {"settings": msgspec.to_builtins(settings)}


def settings_of(payload: Payload) -> list[SetSetting]:
    """Raises ConfigError."""
    try:
        settings = msgspec.convert(payload.get("settings"), list[SetSetting])
    except msgspec.ValidationError as error:
        raise ConfigError(f"expected an order with settings, got another one: {error}") from error
    if strange := [one.scope for one in settings if one.scope not in DECISIONS]:
        known = ", ".join(sorted(DECISIONS))
        raise ConfigError(f"expected decisions on {known}, got {strange[0]}")
    return settings
