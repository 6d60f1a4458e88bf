"""What the running process does with decisions that were made at the terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bots.clock import new_id
from bots.orders import Do, Payload
from core.decision import decisions, tell
from core.errors import ConfigError
from core.model import DECISIONS, Deciding, Grant
from storage.store import SqlStore

DECIDE = "quota decide"
"""An order. Its payload: {"settings": [Deciding, …], "order": a name that no two have}, by which
it is carried out once. Its answer: {"granted": {grant_name: all that is granted by now}}."""

BY = "terminal"


@dataclass(frozen=True, slots=True)
class QuotaOrders:
    store: SqlStore

    def does(self) -> Mapping[str, Do]:
        return {DECIDE: self.decide}

    async def decide(self, payload: Payload) -> Payload:
        settings = settings_of(payload)
        made = decisions(settings, self.store)
        if await self.store.decide(settings, BY, str(payload.get("order", ""))):
            tell(BY, made)
        given = self.store.decided("grants")
        names = [one.name for one in settings if isinstance(one, Grant)]
        return {"granted": {name: given.get(name, "0") for name in names}}


def payload_of(settings: Sequence[Deciding]) -> Payload:
    return {"settings": msgspec.to_builtins(settings), "order": new_id()}


def settings_of(payload: Payload) -> list[Deciding]:
    """Raises ConfigError."""
    try:
        settings = msgspec.convert(payload.get("settings"), list[Deciding])
    except msgspec.ValidationError as error:
        raise ConfigError(f"expected an order with settings, got another one: {error}") from error
    scopes = [one.scope for one in settings if not isinstance(one, Grant)]
    if strange := [scope for scope in scopes if scope not in DECISIONS]:
        known = ", ".join(sorted(DECISIONS))
        raise ConfigError(f"expected decisions on {known}, got {strange[0]}")
    return settings
