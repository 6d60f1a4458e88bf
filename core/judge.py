"""What a claimed message comes to: handled, refused, expired, or set aside."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from core.answering import Answering
from core.command import Ask, Outcome
from core.engine import Engine
from core.errors import ParleyError, StoreError, why_of
from core.job import Job
from core.model import SetSetting, Text, identity_of
from core.people import Role, is_shut_out
from core.ports.ledger import Account, Booking, Exceeded
from core.ports.store import Claim, Store
from core.presence import Presence
from core.quota.budget import LimitReached
from core.quota.cashier import Cashier
from core.refusal import refusal, whom_to_ask
from core.suspects import MAX_ATTEMPTS, is_spent
from core.waiting import Waiting, WaitingRoom

log = logging.getLogger(__name__)

TOLD_DENIED = "told_denied"
"""The person's setting that has the day on which he was last told that he may not talk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An outcome and its name; `dead` sets the message aside."""

    name: str
    outcome: Outcome
    dead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Gives each claimed message its verdict. `owner` is who claims; `book` what is reserved
    with a claim; `contact` whom to ask where a limit holds."""

    engine: Engine
    store: Store
    cashier: Cashier
    answering: Answering
    presence: Presence
    room: WaitingRoom
    owner: str
    book: Callable[[Job, Role, Account], Booking | None]
    contact: str

    async def of(self, job: Job, ask: Ask, claim: Claim, age_s: float) -> Verdict:
        say = self.engine.say
        if ask.role is Role.BLOCKED:
            return Verdict(name="denied", outcome=await self._denied(ask))
        if job.broken:
            return self.set_aside(ask, job.broken)
        if is_spent(claim.attempt, rested=job.rested):
            return self.set_aside(ask, f"ended the process {claim.attempt - 1} times")
        if claim.exceeded:
            return self._refused(ask, claim.exceeded)
        if job.resumed and age_s > ask.bot.expire_s:
            return Verdict(name="expired", outcome=say(ask, "expired"))
        return await self._try(job, ask, claim.attempt, age_s)

    async def _denied(self, ask: Ask) -> Outcome:
        """Strangers may be told once a day that they are strangers, and who is blocked that."""
        day = self.cashier.calendar.day(self.engine.clock.now())
        if (await self.store.settings(ask.person)).get(TOLD_DENIED) == day:
            return Outcome()
        told = SetSetting(scope=ask.person, name=TOLD_DENIED, value=day)
        identity = identity_of(ask.message.address)
        if is_shut_out(identity, self.engine.rules, self.store.decided("roles")):
            contact = whom_to_ask(self.engine.texts, ask, self.contact)
            outcome = self.engine.say(ask, "blocked", contact=contact)
        else:
            outcome = self.engine.say(ask, "denied", id=identity)
        return replace(outcome, effects=(told,))

    def _refused(self, ask: Ask, exceeded: Exceeded) -> Verdict:
        renews = self.cashier.renews(exceeded.ceiling)
        told = refusal(
            self.engine.texts, ask, exceeded, self.engine.clock.now(), renews, self.contact
        )
        return Verdict(name="limit_reached", outcome=Outcome(parts=(Text(text=told),)))

    async def _try(self, job: Job, ask: Ask, attempt: int, age_s: float) -> Verdict:
        waiting = self.room.of(job, ask, age_s)
        try:
            verdict = await self._tries(job, ask, attempt, waiting)
        except BaseException:
            waiting.notice.drop()
            raise
        await waiting.notice.end()
        if verdict.name == "answered" and ask.spends:
            return replace(verdict, outcome=waiting.over(verdict.outcome))
        return verdict

    async def _tries(self, job: Job, ask: Ask, attempt: int, waiting: Waiting) -> Verdict:
        """Handle it, trying again what fails by surprise, three times in all, and waiting for
        a relay where none serves."""
        waits = waiting.is_due
        while True:
            if waits and (verdict := await self._wait(job, ask, waiting)):
                return verdict
            try:
                return Verdict(name="answered", outcome=await self._handle(job, ask, waiting))
            except StoreError as error:
                return self.set_aside(ask, why_of(error))
            except ParleyError as error:
                waits = waiting.can_follow(error)
                level = logging.INFO if waits else logging.WARNING  # `core.outage` tells of it
                log.log(level, "message %s: %s: %s", job.message.id, error.code, error)
                if waiting.is_over(error):
                    return self._too_late(ask)
                if not waits:
                    return self._failed(ask, error)
            except Exception as error:
                log.exception("message %s: try %d failed", job.message.id, attempt)
                if attempt >= MAX_ATTEMPTS:
                    return self.set_aside(ask, why_of(error))
                claim = await self.store.claim(job.message.id, self.owner, None)
                attempt, waits = claim.attempt, False

    def _failed(self, ask: Ask, error: ParleyError) -> Verdict:
        if isinstance(error, LimitReached):
            return self._refused(ask, error.exceeded)
        return Verdict(name=error.code, outcome=self.engine.failed(ask, error))

    async def _wait(self, job: Job, ask: Ask, waiting: Waiting) -> Verdict | None:
        """Until a relay may serve: None. It is no attempt, wherever the process ends."""
        await self.store.release(job.message.id, self.owner)
        turn = await self.answering.wait(job.lane, waiting.until_turn())
        booking = self.book(job, ask.role, ask.account) if turn and ask.account else None
        claim = await self.store.claim(job.message.id, self.owner, booking)
        if claim.exceeded:
            return self._refused(ask, claim.exceeded)
        if booking and ask.budget:
            ask.budget.start(booking.amounts)
        match turn:
            case True:
                return None
            case False:
                return self._too_late(ask)
            case None:
                return Verdict(name="stopped", outcome=self.engine.say(ask, "stopped_early"))

    async def _handle(self, job: Job, ask: Ask, waiting: Waiting) -> Outcome:
        """Every message gets a reply, a stopped one too."""
        preview = self.presence.preview(job.message)
        making = waiting.trying(
            lambda: self.engine.handle(ask, job.intent, self.answering, preview)
        )
        with self.presence.typing(job.message):
            outcome = await self.answering.run(job.lane, making)
        return outcome or self.engine.say(ask, "stopped_early")

    def _too_late(self, ask: Ask) -> Verdict:
        return Verdict(name="expired", outcome=self.engine.say(ask, "outage_expired"))

    def set_aside(self, ask: Ask, why: str) -> Verdict:
        return Verdict(name="set_aside", outcome=self.engine.say(ask, "set_aside"), dead=why)
