"""One relay's account: as it was last read, and since when it cannot be."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec
from msgspec import Struct, structs

from bots.balances.asking import Said, asked, tells
from core.errors import (
    RelayError,
    RelayLost,
    RelayRefused,
    RelayTimeout,
    RelayUnavailable,
    RelayUnsupported,
    StoreError,
)
from core.ports.balances import AccountBalance, Balance
from core.ports.clock import Clock
from core.relay.client import Relay
from storage.readings import Reading, StoredReadings

log = logging.getLogger(__name__)

FRESH_S = 60.0
"""How long an answer holds. Of keys one by one so long for each: new-api lets an address ask
20 times in 20 minutes (middleware/rate-limit.go of QuantumNous/new-api, November 2026)."""

READ_S = 20.0
"""How long a reading may take in all."""

UNREACHED = (RelayRefused, RelayLost, RelayTimeout, RelayUnavailable, TimeoutError)


class Known(Struct, frozen=True, kw_only=True):
    """What outlives the process. `shrinks`: the account's total falls as its used figure
    grows, so it is what is left; None until that was seen."""

    balance: Balance
    shrinks: bool | None = None


class RelayAccount:
    """`trouble` is the last reading's failure, None where it worked or there was none."""

    def __init__(self, relay: Relay, kept: StoredReadings, clock: Clock) -> None:
        self._relay = relay
        self._kept = kept
        self._clock = clock
        self._lock = asyncio.Lock()
        self._until = float("-inf")
        self._loaded = False
        self._tells = tells(relay)
        self.known = Known(balance=Balance(relay=relay.name))
        self.trouble: Exception | None = None

    @property
    def tells(self) -> bool:
        return self._tells

    @property
    def unreached(self) -> bool:
        return isinstance(self.trouble, UNREACHED)

    async def read(self) -> None:
        """At most so often; raises nothing."""
        async with self._lock:
            if self._clock.monotonic() < self._until:
                return
            await self._load()
            await self._read()
            keys = 1 if self._relay.tells_stat else len(self._relay.aliases)
            self._until = self._clock.monotonic() + FRESH_S * keys

    async def _load(self) -> None:
        """What an earlier process knew."""
        if self._loaded:
            return
        try:
            kept = await self._kept.kept(self._relay.name)
            self.known = msgspec.json.decode(kept, type=Known) if kept else self.known
        except (StoreError, msgspec.MsgspecError) as error:
            log.warning("what was known of relay %s is not read: %s", self._relay.name, error)
        self._loaded = True

    async def _read(self) -> None:
        now, readings = self._clock.now(), tuple[Reading, ...]()
        try:
            async with asyncio.timeout(READ_S):
                said = await asked(self._relay, now)
        except RelayUnsupported:
            self._tells = False
            return
        except (RelayError, TimeoutError) as error:
            self._failed(error, now)
        else:
            self._told(said)
            readings = said.readings
        await self._keep(readings)

    def _told(self, said: Said) -> None:
        if self.trouble:
            log.info("the account of relay %s is read again", self._relay.name)
        shrinks = is_shrinking(self.known.balance.account, said.balance.account)
        self.trouble = None
        self.known = Known(
            balance=said.balance, shrinks=self.known.shrinks if shrinks is None else shrinks
        )

    def _failed(self, error: Exception, now: datetime) -> None:
        if self.trouble is None:
            why = str(error) or "no answer in time"
            log.warning("the account of relay %s cannot be read: %s", self._relay.name, why)
        self.trouble = error
        balance = self.known.balance
        since = balance.unreadable_since or now
        self.known = structs.replace(self.known, balance=replace(balance, unreadable_since=since))

    async def _keep(self, readings: Sequence[Reading]) -> None:
        try:
            if readings:
                await self._kept.note(readings)
            await self._kept.keep(self._relay.name, msgspec.json.encode(self.known).decode())
        except StoreError as error:
            log.warning("a reading of relay %s is not kept: %s", self._relay.name, error)


def is_shrinking(before: AccountBalance | None, now: AccountBalance | None) -> bool | None:
    """Whether what was used meanwhile went off the total; None where it cannot be told, since
    nothing was used, or somebody topped it up as well."""
    if before is None or now is None or now.used_nano_usd <= before.used_nano_usd:
        return None
    used = now.used_nano_usd - before.used_nano_usd
    fell = before.total_nano_usd - now.total_nano_usd
    if fell == used:
        return True
    return False if fell == 0 else None
