"""One message from its claim to its last part. The step that catches everything."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from zoneinfo import ZoneInfo

from msgspec import structs

from core.amounts import Amounts
from core.answering import Answering
from core.bot import Bot
from core.command import Ask, Outcome
from core.decision import decisions, tell
from core.delivery import Courier
from core.engine import Engine
from core.errors import MessageEnded, StoreError, why_of
from core.expense import expense
from core.group import given_to, in_group, of_person, of_talk
from core.job import Job
from core.judge import Judge, Verdict
from core.model import Delivery, PartState, Reply, Spend, identity_of
from core.outage import Outages
from core.patience import PatientStore, Sleep
from core.people import Role, role_of
from core.ports.clock import NewId
from core.ports.ledger import Account, Booking
from core.ports.observer import Done, Observer
from core.ports.store import Commit
from core.presence import Presence
from core.quota.calendar import Calendar, zone_of
from core.quota.cashier import Cashier
from core.quota.limits import NO_LIMITS, Ceilings, Limits
from core.render import render
from core.route import intent_name, spends
from core.spoken import spoken
from core.suspects import MAX_ATTEMPTS, Suspects
from core.trace import TRACE
from core.waiting import WaitingRoom

log = logging.getLogger(__name__)

NO_BINDINGS: Mapping[str, str] = MappingProxyType({})

GIVE_BACK_S = 0.5
"""How long the store may take to note that a message was given up as the process ended."""


class Worker:
    """Works on one job at a time in each lane.

    `user_hash` makes the opaque id that a relay may see of a person.
    """

    def __init__(  # noqa: PLR0913 - all that it needs comes in here
        self,
        *,
        engine: Engine,
        courier: Courier,
        limits: Limits = NO_LIMITS,
        bindings: Mapping[str, str] = NO_BINDINGS,
        bots: Mapping[str, Bot],
        observer: Observer,
        new_id: NewId,
        user_hash: Callable[[str], str],
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = PatientStore(store=engine.store, sleep=sleep)
        self._rules = engine.rules
        self._clock = engine.clock
        self._courier = courier
        self._bots = bots
        self._observer = observer
        self._new_id = new_id
        self._owner = new_id()
        self._user_hash = user_hash
        self._limits = limits
        self._cashier = Cashier(
            store=self._store,
            relays=engine.relays,
            clock=engine.clock,
            calendar=Calendar(ZoneInfo(engine.rules.timezone)),
            ceilings=Ceilings(limits, engine.rules),
            answer_tokens=limits.answer_tokens,
            common=limits.fallback_to_common,
            bindings=bindings,
            bots=tuple(bots),
        )
        self._engine = structs.replace(engine, store=self._store, cashier=self._cashier)
        self._suspects = Suspects()
        room = WaitingRoom(
            engine=self._engine,
            adapters=courier.adapters,
            outages=Outages(engine.clock, sleep, chance),
            reply=self._reply,
            sleep=sleep,
        )
        self._judge = Judge(
            engine=self._engine,
            store=self._store,
            cashier=self._cashier,
            answering=Answering(),
            presence=Presence(courier.adapters),
            room=room,
            owner=self._owner,
            book=self._booking,
            contact=limits.contact,
        )

    async def work(self, job: Job) -> None:
        """Never raises; what could not be finished is found again at the next start."""
        TRACE.set(job.message.id)
        try:
            if delivery := job.delivery or await self._answer(job):
                await self._deliver(job, delivery)
        except MessageEnded:
            log.info("message %s was forgotten before its answer came", job.message.id)
        except Exception:
            log.exception("message %s is left for the next start", job.message.id)

    async def _deliver(self, job: Job, delivery: Delivery) -> None:
        aside = ""
        if delivery.ends >= MAX_ATTEMPTS:
            language = self._bots[job.message.address.bot].language
            aside = self._engine.texts.say("set_aside", language)
        async with self._suspects.turn(delivery.ends):
            await self._courier.deliver(delivery, job.message.key, aside)

    async def _answer(self, job: Job) -> Delivery | None:
        """What was spent is kept, also where there is nothing to keep it with."""
        account, spends = self._cashier.account(job.message, job.conversation), list[Spend]()
        try:
            async with self._suspects.turn(
                job.attempts, rested=job.rested, note=lambda rests: self._note(job, rests)
            ):
                return await self._finish(job, account, spends)
        except asyncio.CancelledError:
            await self._give_back(job, account, spends)
            raise
        except Exception:
            await self._store.charge(job.message.id, account, spends)
            raise

    async def _note(self, job: Job, rests: bool) -> None:
        await self._store.rest(job.message.id, self._owner, rests=rests)

    async def _give_back(self, job: Job, account: Account, spends: list[Spend]) -> None:
        """The process ends: that is not the message's fault, and no attempt at it."""
        giving = asyncio.create_task(self._release(job, account, spends))
        await asyncio.wait({giving}, timeout=GIVE_BACK_S)

    async def _release(self, job: Job, account: Account, spends: list[Spend]) -> None:
        with suppress(StoreError):
            await self._store.store.release(job.message.id, self._owner, account, spends)

    async def _finish(self, job: Job, account: Account, spends: list[Spend]) -> Delivery | None:
        role = role_of(job.message.address, self._rules, self._store.decided("roles"))
        booking = self._booking(job, role, account)
        waited_s = max(0.0, (self._clock.now() - job.received_at).total_seconds())
        started = self._clock.monotonic()
        claim = await self._store.claim(job.message.id, self._owner, booking)
        ask = await self._ask(job, role, account, booking, spends)
        verdict = await self._judge.of(job, ask, claim, waited_s)
        verdict, reply = await self._conclude(job, ask, verdict)
        self._observer.done(
            Done(
                message=job.message,
                intent=intent_name(job.intent),
                outcome=verdict.name,
                attempt=claim.attempt,
                waited_s=waited_s,
                took_s=self._clock.monotonic() - started,
                parts=len(reply.parts) if reply else 0,
                spends=tuple(ask.spends),
            )
        )
        if reply is None:
            return None
        return Delivery(reply=reply, states=(PartState.PENDING,) * len(reply.parts))

    def _booking(self, job: Job, role: Role, account: Account) -> Booking | None:
        """What the claim reserves; None for what costs nothing. Of whoever was blocked since,
        what an earlier attempt had reserved is written off, no more."""
        kind = spends(job.intent)
        if kind is None:
            return None
        bot, now = self._bots[job.message.address.bot], self._clock.now()
        asked = expense(kind, job.intent, job.message, bot, self._limits.answer_tokens, now)
        booking = self._cashier.booking(account, role, asked)
        if role is Role.BLOCKED:
            return structs.replace(booking, amounts=Amounts(), ceilings=())
        return booking

    async def _ask(
        self, job: Job, role: Role, account: Account, booking: Booking | None, spends: list[Spend]
    ) -> Ask:
        message = job.message
        given = given_to(message.address, self._store)
        bot = in_group(self._bots[message.address.bot], given)
        person = account.person
        settings = {
            **of_talk(given),
            **of_person(await self._store.settings(person)),
            **await self._store.settings(job.conversation),
        }
        return Ask(
            message=message,
            bot=bot,
            conversation=job.conversation,
            person=person,
            role=role,
            language=spoken(settings.get("language"), message, bot),
            settings=settings,
            user=self._user_hash(person),
            account=account,
            budget=self._cashier.budget(message.id, booking) if booking else None,
            errand=self._cashier.errand(account),
            zone=zone_of(settings.get("timezone"), self._cashier.calendar.zone),
            spends=spends,
        )

    async def _conclude(self, job: Job, ask: Ask, verdict: Verdict) -> tuple[Verdict, Reply | None]:
        """Keep the outcome; one that cannot be rendered or stored is set aside."""
        try:
            return verdict, await self._keep(job, ask, verdict)
        except MessageEnded:
            raise
        except Exception as error:
            log.exception("message %s: its answer cannot be kept", job.message.id)
            verdict = self._judge.set_aside(ask, why_of(error))
            return verdict, await self._keep(job, ask, verdict)

    async def _keep(self, job: Job, ask: Ask, verdict: Verdict) -> Reply | None:
        """Commit all that the message leaves behind; the reply as it is to be sent."""
        reply = self._reply(job, verdict.outcome)
        commit = Commit(
            message_id=job.message.id,
            conversation=job.conversation,
            person=ask.person,
            at=self._clock.now(),
            reply=reply,
            turns=verdict.outcome.turns,
            spends=tuple(ask.spends),
            effects=verdict.outcome.effects,
            dead=verdict.dead,
            also=job.also,
            account=ask.account,
        )
        decided = decisions(commit.effects, self._store)
        await self._store.commit(commit)
        tell(identity_of(job.message.address), decided)
        return reply

    def _reply(self, job: Job, outcome: Outcome) -> Reply | None:
        to = job.message.address
        parts = render(outcome.parts, self._courier.adapters[to.bot].capabilities(to))
        if not parts:
            return None
        return Reply(id=self._new_id(), answers=job.message.id, to=to, parts=parts)
