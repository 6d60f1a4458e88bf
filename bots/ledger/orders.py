"""What the running process does with calls that were made by hand."""

from collections.abc import Mapping
from dataclasses import dataclass

from bots.ledger.entering import ENTER, entering_of
from bots.orders import Do, Payload
from core.ports.ledger import terminal_account
from storage.store import SqlStore


@dataclass(frozen=True, slots=True)
class LedgerOrders:
    store: SqlStore

    def does(self) -> Mapping[str, Do]:
        return {ENTER: self.enter}

    async def enter(self, payload: Payload) -> Payload:
        """Raises ConfigError, StoreError."""
        given = entering_of(payload)
        account = terminal_account(given.day.isoformat())
        await self.store.enter(given.name, account, given.spends)
        return {}
