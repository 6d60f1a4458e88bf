"""The door: what comes in is stored before anybody is told that it was received."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from core.bot import Bot
from core.command import Command, Reasons
from core.errors import Busy
from core.job import Job
from core.lanes import Lanes, Slot
from core.model import Message, conversation_key
from core.people import PeopleRules, Role, role_of
from core.ports import Clock, Observer, Receipt, Store
from core.reasons import chat_place
from core.route import Ignore, Intent, route

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Accepts messages from all adapters; `accept` is their `Emit`."""

    bots: Mapping[str, Bot]
    commands: Mapping[str, Command]
    store: Store
    lanes: Lanes[Job]
    rules: PeopleRules
    reasons: Reasons
    clock: Clock
    observer: Observer

    async def accept(self, message: Message) -> Receipt:
        """Store a message and put it to work. Raises StoreError: then it is not received."""
        receipt = await self._accept(message)
        self.observer.received(message, receipt)
        return receipt

    async def resume(self) -> int:
        """Put to work what an earlier run left unfinished, in its order; how much it was."""
        resumed = 0
        for left in await self.store.unfinished():
            bot = self.bots.get(left.message.address.bot)
            if bot is None:
                log.warning("message %s waits: its bot is not configured", left.message.id)
                continue
            job = Job(
                message=left.message,
                conversation=left.conversation,
                received_at=left.received_at,
                intent=route(left.message, bot, self.commands),
                resumed=True,
                delivery=left.delivery,
            )
            self.lanes.enter(job.lane, bounded=False).fill(job)
            resumed += 1
        return resumed

    async def _accept(self, message: Message) -> Receipt:
        bot = self.bots[message.address.bot]
        intent = route(message, bot, self.commands)
        if reason := self._passed_over(message, intent):
            self.reasons.note(chat_place(message), reason)
            return Receipt.IGNORED
        job = Job(
            message=message,
            conversation=conversation_key(message.address, bot.group_history),
            received_at=self.clock.now(),
            intent=intent,
        )
        try:
            slot = self.lanes.enter(job.lane, weight=len(message.text) + len(message.raw))
        except Busy:
            return Receipt.BUSY
        # The sender may hang up while it is being stored: what is stored is worked on.
        return await asyncio.shield(asyncio.create_task(self._store(job, slot)))

    def _passed_over(self, message: Message, intent: Intent) -> str:
        if isinstance(intent, Ignore):
            return intent.reason
        if message.address.group and role_of(message.address, self.rules) is Role.DENIED:
            return "why_denied"
        return ""

    async def _store(self, job: Job, slot: Slot[Job]) -> Receipt:
        try:
            if not await self.store.accept(job.message, job.conversation, job.received_at):
                return Receipt.DUPLICATE
            slot.fill(job)
            return Receipt.STORED
        finally:
            slot.drop()
