"""Waiting for a database that is locked, full or gone for a while."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from core.amounts import Amounts
from core.errors import Busy, StoreError
from core.model import Limit, Message, PartState, Spend, Turn
from core.ports.ledger import Account, Booking, Exceeded, Scope
from core.ports.store import Claim, Commit, Exchange, Spent, Store, Unfinished

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

WAITS_S = (0.05, 0.2, 1.0, 5.0)


async def persist(write: Callable[[], Awaitable[T]], sleep: Sleep) -> T:
    """Do `write` until it succeeds: what was acknowledged is never given up.

    Raises StoreError only where trying again is of no use.
    """
    tried = 0
    while True:
        try:
            return await write()
        except (StoreError, Busy) as error:
            if not error.retryable:
                raise
        await sleep(WAITS_S[min(tried, len(WAITS_S) - 1)])
        tried += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientStore:
    """A Store that waits out its database's troubles.

    So that whoever has asked a relay already need not ask it again.
    """

    store: Store
    sleep: Sleep = asyncio.sleep

    async def accept(self, message: Message, conversation: str, received_at: datetime) -> bool:
        return await self._persist(lambda: self.store.accept(message, conversation, received_at))

    async def known(self, message: Message) -> bool:
        return await self._persist(lambda: self.store.known(message))

    async def claim(self, message_id: str, owner: str, booking: Booking | None) -> Claim:
        return await self._persist(lambda: self.store.claim(message_id, owner, booking))

    async def book(self, message_id: str, booking: Booking) -> Exceeded | None:
        return await self._persist(lambda: self.store.book(message_id, booking))

    async def release(
        self,
        message_id: str,
        owner: str,
        account: Account | None = None,
        spends: Sequence[Spend] = (),
    ) -> bool:
        return await self._persist(lambda: self.store.release(message_id, owner, account, spends))

    async def rest(self, message_id: str, owner: str, *, rests: bool) -> None:
        await self._persist(lambda: self.store.rest(message_id, owner, rests=rests))

    async def unfinished(self) -> Sequence[Unfinished]:
        return await self._persist(self.store.unfinished)

    async def recent(self, conversation: str, chars: Limit) -> Sequence[Turn]:
        return await self._persist(lambda: self.store.recent(conversation, chars))

    async def log(self, conversation: str, count: int) -> Sequence[Turn]:
        return await self._persist(lambda: self.store.log(conversation, count))

    async def own(self, conversation: str, person: str, count: int) -> Sequence[Turn]:
        return await self._persist(lambda: self.store.own(conversation, person, count))

    async def pair(self, message_id: str) -> Sequence[Turn]:
        return await self._persist(lambda: self.store.pair(message_id))

    async def commit(self, commit: Commit) -> None:
        await self._persist(lambda: self.store.commit(commit))

    async def tell(self, commit: Commit) -> bool:
        return await self._persist(lambda: self.store.tell(commit))

    async def untell(self, commit: Commit, reason: str) -> None:
        await self._persist(lambda: self.store.untell(commit, reason))

    async def charge(self, message_id: str, account: Account, spends: Sequence[Spend]) -> None:
        await self._persist(lambda: self.store.charge(message_id, account, spends))

    async def mark(self, reply_id: str, index: int, state: PartState, receipt: str = "") -> None:
        await self._persist(lambda: self.store.mark(reply_id, index, state, receipt))

    async def set_aside(self, message_id: str, reason: str) -> None:
        await self._persist(lambda: self.store.set_aside(message_id, reason))

    async def settings(self, scope: str) -> Mapping[str, str]:
        return await self._persist(lambda: self.store.settings(scope))

    def group(self, scope: str) -> Mapping[str, str]:
        return self.store.group(scope)

    def decided(self, scope: str) -> Mapping[str, str]:
        return self.store.decided(scope)

    async def used(self, scope: Scope, since: str) -> Amounts:
        return await self._persist(lambda: self.store.used(scope, since))

    async def held(self, scope: Scope, since: str, now: datetime) -> Amounts:
        return await self._persist(lambda: self.store.held(scope, since, now))

    async def unpriced(self, scope: Scope, since: str) -> int:
        return await self._persist(lambda: self.store.unpriced(scope, since))

    async def seen(self, scope: Scope, bots: Sequence[str]) -> bool:
        return await self._persist(lambda: self.store.seen(scope, bots))

    async def spent(self, identity: str, since: str = "") -> Sequence[Spent]:
        return await self._persist(lambda: self.store.spent(identity, since))

    async def export(self, person: str) -> dict[str, object]:
        return await self._persist(lambda: self.store.export(person))

    async def exchanges(self, platform: str, bot: str, chat: str, count: int) -> Sequence[Exchange]:
        return await self._persist(lambda: self.store.exchanges(platform, bot, chat, count))

    async def _persist(self, work: Callable[[], Awaitable[T]]) -> T:
        return await persist(work, self.sleep)
