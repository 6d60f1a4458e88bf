"""What the running process does with messages that were set aside."""

from collections.abc import Mapping
from dataclasses import dataclass

from bots.orders import Do, Payload
from core.errors import ConfigError
from core.gateway import Gateway
from core.patience import PatientStore
from storage.store import SqlStore

RETRY, DROP = "dead retry", "dead drop"
"""Orders. Their payload and what comes of them: {"ids": [whole ids]}."""


@dataclass(frozen=True, slots=True)
class DeadOrders:
    store: SqlStore
    gateway: Gateway

    def does(self) -> Mapping[str, Do]:
        return {RETRY: self.retry, DROP: self.drop}

    async def retry(self, payload: Payload) -> Payload:
        """Only what this very call made unfinished is nobody's work yet."""
        renewed = await self.store.put_back(ids_of(payload))
        for left in await PatientStore(store=self.store).unfinished():
            if left.message.id in renewed:
                self.gateway.take_up(left)
        return {"ids": list(renewed)}

    async def drop(self, payload: Payload) -> Payload:
        return {"ids": list(await self.store.drop(ids_of(payload)))}


def ids_of(payload: Payload) -> list[str]:
    """Raises ConfigError."""
    ids = payload.get("ids")
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise ConfigError("expected an order with the ids of messages, got another one")
    return ids
