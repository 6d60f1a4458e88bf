"""One message from its claim to its last part. The step that catches everything."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from core.answering import Answering
from core.bot import Bot
from core.command import Ask, Outcome
from core.delivery import Courier
from core.engine import Engine
from core.errors import MessageEnded, ParleyError, StoreError, why_of
from core.group import given_to, in_group, of_person, of_talk
from core.job import Job
from core.model import Delivery, PartState, Reply, Spend, person_key
from core.outage import Outages
from core.patience import PatientStore, Sleep
from core.people import Role, daily_cap, role_of
from core.ports.clock import NewId
from core.ports.observer import Done, Observer
from core.ports.store import Allowance, Claim, Commit
from core.presence import Presence
from core.render import render
from core.route import intent_name, spends
from core.spoken import spoken
from core.suspects import MAX_ATTEMPTS, Suspects
from core.trace import TRACE
from core.waiting import Waiting, WaitingRoom

log = logging.getLogger(__name__)

GIVE_BACK_S = 0.5
"""How long the store may take to note that a message was given up as the process ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An outcome and its name; `dead` sets the message aside."""

    name: str
    outcome: Outcome
    dead: str = ""


class Worker:
    """Works on one job at a time in each lane.

    `user_hash` makes the opaque id that a relay may see of a person.
    """

    def __init__(  # noqa: PLR0913 - all that it needs comes in here
        self,
        *,
        engine: Engine,
        courier: Courier,
        bots: Mapping[str, Bot],
        observer: Observer,
        new_id: NewId,
        user_hash: Callable[[str], str],
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = PatientStore(store=engine.store, sleep=sleep)
        self._engine = replace(engine, store=self._store)
        self._rules = engine.rules
        self._clock = engine.clock
        self._courier = courier
        self._bots = bots
        self._observer = observer
        self._new_id = new_id
        self._owner = new_id()
        self._user_hash = user_hash
        self._zone = ZoneInfo(engine.rules.timezone)
        self._answering = Answering()
        self._suspects = Suspects()
        self._presence = Presence(courier.adapters)
        self._room = WaitingRoom(
            engine=self._engine,
            adapters=courier.adapters,
            outages=Outages(engine.clock, sleep, chance),
            reply=self._reply,
            sleep=sleep,
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
        spends: list[Spend] = []
        try:
            async with self._suspects.turn(job.attempts):
                return await self._finish(job, spends)
        except asyncio.CancelledError:
            await self._give_back(job, spends)
            raise
        except Exception:
            if spends:
                await self._store.charge(job.message.id, person_key(job.message.address), spends)
            raise

    async def _give_back(self, job: Job, spends: list[Spend]) -> None:
        """The process ends: that is not the message's fault, and no attempt at it."""
        giving = asyncio.create_task(self._release(job, spends))
        await asyncio.wait({giving}, timeout=GIVE_BACK_S)

    async def _release(self, job: Job, spends: list[Spend]) -> None:
        store, message = self._store.store, job.message
        with suppress(StoreError):
            if await store.release(message.id, self._owner) and spends:
                await store.charge(message.id, person_key(message.address), spends)

    async def _finish(self, job: Job, spends: list[Spend]) -> Delivery | None:
        role = role_of(job.message.address, self._rules)
        allowance = self._allowance(job, role)
        waited_s = max(0.0, (self._clock.now() - job.received_at).total_seconds())
        started = self._clock.monotonic()
        claim = await self._store.claim(job.message.id, self._owner, allowance)
        ask = await self._ask(job, role, claim, spends)
        verdict = await self._judge(job, ask, claim, waited_s)
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

    def _allowance(self, job: Job, role: Role) -> Allowance | None:
        """What the claim counts. Strangers may be told once a day that they are strangers."""
        if role is not Role.DENIED and not spends(job.intent):
            return None
        day = self._clock.now().astimezone(self._zone).date().isoformat()
        cap = 1 if role is Role.DENIED else daily_cap(role, self._rules)
        return Allowance(person=person_key(job.message.address), day=day, cap=cap)

    async def _ask(self, job: Job, role: Role, claim: Claim, spends: list[Spend]) -> Ask:
        message = job.message
        given = given_to(message.address, self._store)
        bot = in_group(self._bots[message.address.bot], given)
        person = person_key(message.address)
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
            used_today=claim.used,
            spends=spends,
        )

    async def _judge(self, job: Job, ask: Ask, claim: Claim, age_s: float) -> Verdict:
        say = self._engine.say
        if ask.role is Role.DENIED:
            address = job.message.address
            told = say(ask, "denied", id=f"{address.platform}:{address.sender}")
            return Verdict(name="denied", outcome=told if claim.granted else Outcome())
        if job.broken:
            return self._set_aside(ask, job.broken)
        if claim.attempt > MAX_ATTEMPTS:
            return self._set_aside(ask, f"ended the process {MAX_ATTEMPTS} times")
        if not claim.granted:
            cap = daily_cap(ask.role, self._rules)
            renews = f"00:00 {self._zone.key}"
            told = say(ask, "cap_reached", used=claim.used, cap=cap, renews=renews)
            return Verdict(name="cap_reached", outcome=told)
        if job.resumed and age_s > ask.bot.expire_s:
            return Verdict(name="expired", outcome=say(ask, "expired"))
        return await self._try(job, ask, claim.attempt, age_s)

    async def _try(self, job: Job, ask: Ask, attempt: int, age_s: float) -> Verdict:
        waiting = self._room.of(job, ask, age_s)
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
                return self._set_aside(ask, why_of(error))
            except ParleyError as error:
                waits = waiting.can_follow(error)
                level = logging.INFO if waits else logging.WARNING  # `core.outage` tells of it
                log.log(level, "message %s: %s: %s", job.message.id, error.code, error)
                if waiting.is_over(error):
                    return self._too_late(ask)
                if not waits:
                    return Verdict(name=error.code, outcome=self._engine.failed(ask, error))
            except Exception as error:
                log.exception("message %s: try %d failed", job.message.id, attempt)
                if attempt >= MAX_ATTEMPTS:
                    return self._set_aside(ask, why_of(error))
                claim = await self._store.claim(job.message.id, self._owner, None)
                attempt, waits = claim.attempt, False

    async def _wait(self, job: Job, ask: Ask, waiting: Waiting) -> Verdict | None:
        """Until a relay may serve: None. It is no attempt, wherever the process ends."""
        await self._store.release(job.message.id, self._owner)
        turn = await self._answering.wait(job.lane, waiting.until_turn())
        await self._store.claim(job.message.id, self._owner, None)
        match turn:
            case True:
                return None
            case False:
                return self._too_late(ask)
            case None:
                return Verdict(name="stopped", outcome=self._engine.say(ask, "stopped_early"))

    async def _handle(self, job: Job, ask: Ask, waiting: Waiting) -> Outcome:
        """Every message gets a reply, a stopped one too."""
        preview = self._presence.preview(job.message)
        making = waiting.trying(
            lambda: self._engine.handle(ask, job.intent, self._answering, preview)
        )
        with self._presence.typing(job.message):
            outcome = await self._answering.run(job.lane, making)
        return outcome or self._engine.say(ask, "stopped_early")

    def _too_late(self, ask: Ask) -> Verdict:
        return Verdict(name="expired", outcome=self._engine.say(ask, "outage_expired"))

    def _set_aside(self, ask: Ask, why: str) -> Verdict:
        return Verdict(name="set_aside", outcome=self._engine.say(ask, "set_aside"), dead=why)

    async def _conclude(self, job: Job, ask: Ask, verdict: Verdict) -> tuple[Verdict, Reply | None]:
        """Keep the outcome; one that cannot be rendered or stored is set aside."""
        try:
            return verdict, await self._keep(job, ask, verdict)
        except MessageEnded:
            raise
        except Exception as error:
            log.exception("message %s: its answer cannot be kept", job.message.id)
            verdict = self._set_aside(ask, why_of(error))
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
        )
        await self._store.commit(commit)
        return reply

    def _reply(self, job: Job, outcome: Outcome) -> Reply | None:
        to = job.message.address
        parts = render(outcome.parts, self._courier.adapters[to.bot].capabilities(to))
        if not parts:
            return None
        return Reply(id=self._new_id(), answers=job.message.id, to=to, parts=parts)
