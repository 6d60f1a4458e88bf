"""The accounts of all relays that tell of them."""

import asyncio
from collections.abc import Mapping, Sequence

from bots.balances.account import RelayAccount
from core.ports.balances import Balance
from core.ports.clock import Clock
from core.relay.client import Relay
from storage.readings import StoredReadings


class RelayBalances:
    """`core.ports.balances.Balances`. Nothing is asked before somebody asks."""

    def __init__(self, relays: Mapping[str, Relay], kept: StoredReadings, clock: Clock) -> None:
        self._accounts = {name: RelayAccount(relay, kept, clock) for name, relay in relays.items()}

    async def of(self) -> Sequence[Balance]:
        telling = [account for account in self._accounts.values() if account.tells]
        await asyncio.gather(*(account.read() for account in telling))
        return self.last

    @property
    def last(self) -> Sequence[Balance]:
        """As they were last read, without asking anybody."""
        return [
            one.known.balance
            for one in self.accounts.values()
            if one.known.balance.read_at or one.known.balance.unreadable_since
        ]

    @property
    def accounts(self) -> Mapping[str, RelayAccount]:
        """Of relays that tell."""
        return {name: one for name, one in self._accounts.items() if one.tells}
