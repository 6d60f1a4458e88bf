"""The door: what comes in is stored before anybody is told that it was received."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from core.bot import Bot
from core.command import Command, Reasons
from core.errors import Busy, StoreError, why_of
from core.group import given_to, in_group
from core.job import Job
from core.lanes import Lanes, Slot
from core.model import Message, conversation_key, weight_of
from core.overheard import Overheard
from core.people import PeopleRules, Role, role_of
from core.ports.adapter import Receipt
from core.ports.clock import Clock
from core.ports.observer import Observer
from core.ports.store import Store, Unfinished
from core.reasons import chat_place
from core.route import Ignore, Intent, Talk, Unreadable, route
from core.settling import Place, Settling, joined
from core.suspects import MAX_ATTEMPTS

log = logging.getLogger(__name__)

BROKEN = Unreadable()
"""What a message is taken to ask for where finding out failed by surprise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Accepts messages from all adapters; `accept` is their `Emit`."""

    bots: Mapping[str, Bot]
    commands: Mapping[str, Command]
    store: Store
    lanes: Lanes[Job]
    settling: Settling
    rules: PeopleRules
    reasons: Reasons
    clock: Clock
    observer: Observer
    overheard: Overheard = field(default_factory=Overheard)

    async def accept(self, message: Message) -> Receipt:
        """Store a message and put it to work. Raises StoreError: then it is to come again."""
        receipt = await self._tried(message)
        self.observer.received(message, receipt)
        return receipt

    async def resume(self) -> int:
        """Put to work what an earlier run left unfinished, in its order; how much it was."""
        return sum([self.take_up(left) for left in await self.store.unfinished()])

    def take_up(self, left: Unfinished) -> bool:
        """Put to work one message that nobody works on; False if its bot is not configured."""
        if left.message.address.bot not in self.bots:
            log.warning("message %s waits: its bot is not configured", left.message.id)
            return False
        try:
            self._put_to_work(self._left(left))
        except Exception as error:
            log.exception("message %s cannot be taken up", left.message.id)
            self._put_to_work(self._left(left, why_of(error)))
        return True

    def _left(self, left: Unfinished, broken: str = "") -> Job:
        return Job(
            message=left.message,
            conversation=left.conversation,
            received_at=left.received_at,
            intent=BROKEN if broken else self._intent(left.message),
            resumed=True,
            delivery=left.delivery,
            attempts=left.attempt,
            rested=left.rested,
            broken=broken,
        )

    def _intent(self, message: Message) -> Intent:
        return route(message, self._bot(message), self.commands)

    def _put_to_work(self, job: Job) -> None:
        """What is stored. It is in its lane when this returns, or raises."""
        slot = self.lanes.enter(job.lane, bounded=False)
        self._place(job, slot).fill(job.stored)

    def _place(self, job: Job, slot: Slot[Job]) -> Place:
        if job.broken:
            return slot
        try:
            return self.settling.place(job, slot, self._bot(job.message))
        except BaseException:
            slot.drop()
            raise

    async def _tried(self, message: Message) -> Receipt:
        """One that fails by surprise is set aside: it must not come again without end."""
        why = ""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                return await self._accept(message)
            except Exception as error:
                if _passes(error):
                    raise
                log.exception("message %s: try %d to receive it failed", message.id, attempt)
                why = why_of(error)
        try:
            return await self._receive_broken(message, why)
        except Exception as error:
            if _passes(error):
                raise
            log.exception("message %s is passed over: it cannot be stored", message.id)
            return Receipt.BROKEN

    async def _receive_broken(self, message: Message, why: str) -> Receipt:
        bot = self.bots[message.address.bot]  # what is set for the group may be what failed
        job = Job(
            message=message,
            conversation=conversation_key(message.address, bot.group_history),
            received_at=self.clock.now(),
            intent=BROKEN,
            broken=why,
        )
        if not await self.store.accept(message, job.conversation, job.received_at):
            return Receipt.DUPLICATE
        self._put_to_work(job)
        return Receipt.STORED

    def _bot(self, message: Message) -> Bot:
        """The bot as it is where the message stands."""
        given = given_to(message.address, self.store)
        return in_group(self.bots[message.address.bot], given)

    async def _accept(self, message: Message) -> Receipt:
        bot = self._bot(message)
        intent = route(message, bot, self.commands)
        if reason := self._passed_over(message, intent, bot):
            self.reasons.note(chat_place(message), reason)
            return Receipt.IGNORED
        before = self._overheard_before(message, intent)
        try:
            job, place = self._entered(message, intent, bot, before)
        except Busy:
            self._give_back(before)
            return await self._refused(message)
        except Exception:
            self._give_back(before)
            raise
        # The sender may hang up while it is being stored: what is stored is worked on.
        return await asyncio.shield(asyncio.create_task(self._store(job, place, before)))

    def _entered(
        self, message: Message, intent: Intent, bot: Bot, before: Sequence[Message]
    ) -> tuple[Job, Place]:
        """Its place, taken before anything is awaited. Raises Busy."""
        if before:
            message = joined((*before, message))
            intent = route(message, bot, self.commands)
        job = Job(
            message=message,
            conversation=conversation_key(message.address, bot.group_history),
            received_at=self.clock.now(),
            intent=intent,
        )
        return job, self._place(job, self.lanes.enter(job.lane, weight=weight_of(message)))

    def _passed_over(self, message: Message, intent: Intent, bot: Bot) -> str:
        if isinstance(intent, Ignore) and not self._is_expected(message, bot):
            if message.media and not self._is_denied(message):
                self.overheard.note(message, self.clock.monotonic())
            return intent.reason
        if message.address.group and self._is_denied(message):
            return "why_denied"
        return ""

    def _is_denied(self, message: Message) -> bool:
        roles = self.store.decided("roles")
        return role_of(message.address, self.rules, roles) is Role.BLOCKED

    def _is_expected(self, message: Message, bot: Bot) -> bool:
        """The others of an album are for the bot where one of it is."""
        return bool(message.album) and self.settling.expects(
            message, conversation_key(message.address, bot.group_history)
        )

    def _overheard_before(self, message: Message, intent: Intent) -> Sequence[Message]:
        """Pictures that its sender showed the group a moment ago, where words alone came now."""
        if not message.address.group:
            return ()
        match intent:
            case Talk(pictures=()):
                return self.overheard.take(message.address, self.clock.monotonic())
            case _ if message.album:
                return self.overheard.take(message.address, self.clock.monotonic(), message.album)
            case _:
                return ()

    async def _refused(self, message: Message) -> Receipt:
        """There is no room. What is delivered once more was taken, and may itself be waiting."""
        with suppress(StoreError):
            if await self.store.known(message):
                return Receipt.DUPLICATE
        return Receipt.BUSY

    def _give_back(self, before: Sequence[Message]) -> None:
        if before:
            self.overheard.give_back(before, self.clock.monotonic())

    async def _store(self, job: Job, place: Place, before: Sequence[Message]) -> Receipt:
        stored = False
        try:
            stored = await self.store.accept(job.message, job.conversation, job.received_at)
            if stored:
                place.fill(job.stored)
        finally:
            if not stored:
                place.drop()
                self._give_back(before)
        return Receipt.STORED if stored else Receipt.DUPLICATE


def _passes(error: Exception) -> bool:
    """Whether the platform is to bring the message again."""
    return isinstance(error, StoreError) and error.retryable
