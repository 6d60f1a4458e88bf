"""One message from its claim to its last part. The step that catches everything."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeGuard
from zoneinfo import ZoneInfo

from core.answer import STOP
from core.bot import Bot
from core.command import Ask, Outcome, Preview
from core.delivery import Courier
from core.engine import Engine
from core.errors import ParleyError, StoreError
from core.model import Delivery, Language, Message, PartState, Reply, person_key
from core.patience import Sleep, persist
from core.people import Role, daily_cap, role_of
from core.ports import Allowance, Claim, Commit, Done, Draft, NewId, Observer, Typing
from core.render import render
from core.route import Intent, Invoke, UnknownCommand, Unreadable

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
LONGEST_ANSWER_S = 600.0
TYPING_AFTER_S = 0.4
TYPING_EVERY_S = 4.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A stored message, or a stored reply that is not wholly delivered."""

    message: Message
    conversation: str
    received_at: datetime
    intent: Intent
    resumed: bool = False
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An outcome and its name; `dead` sets the message aside."""

    name: str
    outcome: Outcome
    dead: str = ""


class Worker:
    """Works on one job at a time in each lane. Also the `Running` that commands see.

    `user_hash` makes the opaque id that a relay may see of a person.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        courier: Courier,
        bots: Mapping[str, Bot],
        observer: Observer,
        new_id: NewId,
        user_hash: Callable[[str], str],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._engine = engine
        self._store = engine.store
        self._courier = courier
        self._bots = bots
        self._adapters = courier.adapters
        self._observer = observer
        self._new_id = new_id
        self._owner = new_id()
        self._user_hash = user_hash
        self._sleep = sleep
        self._zone = ZoneInfo(engine.rules.timezone)
        self._running: dict[str, asyncio.Task[Outcome]] = {}
        self._drafts = {name: a for name, a in courier.adapters.items() if isinstance(a, Draft)}
        self._typing = {name: a for name, a in courier.adapters.items() if isinstance(a, Typing)}

    def stop(self, conversation: str) -> bool:
        task = self._running.get(conversation)
        return task is not None and task.cancel(STOP)

    async def work(self, job: Job) -> None:
        """Never raises; what could not be finished is found again at the next start."""
        try:
            delivery = job.delivery or await self._answer(job)
            if delivery:
                await self._courier.deliver(delivery, job.message.key)
        except Exception:
            log.exception("message %s is left for the next start", job.message.id)

    async def _answer(self, job: Job) -> Delivery | None:
        clock = self._engine.clock
        role = role_of(job.message.address, self._engine.rules)
        allowance = self._allowance(job, role)
        waited_s = (clock.now() - job.received_at).total_seconds()
        started = clock.monotonic()
        claim = await persist(
            lambda: self._store.claim(job.message.id, self._owner, allowance), self._sleep
        )
        ask = await persist(lambda: self._ask(job, role, claim), self._sleep)
        verdict = await self._judge(job, ask, claim, waited_s)
        reply = self._reply(job, verdict.outcome)
        await persist(
            lambda: self._store.commit(self._commit(job, ask, verdict, reply)), self._sleep
        )
        self._observer.done(
            Done(
                message=job.message,
                intent=intent_name(job.intent),
                outcome=verdict.name,
                attempt=claim.attempt,
                waited_s=waited_s,
                took_s=clock.monotonic() - started,
                parts=len(reply.parts) if reply else 0,
                spends=verdict.outcome.spends,
            )
        )
        if reply is None:
            return None
        return Delivery(reply=reply, states=(PartState.PENDING,) * len(reply.parts))

    def _allowance(self, job: Job, role: Role) -> Allowance | None:
        """What the claim counts. Strangers may be told once a day that they are strangers."""
        if role is not Role.DENIED and not _spends(job.intent):
            return None
        day = self._engine.clock.now().astimezone(self._zone).date().isoformat()
        cap = 1 if role is Role.DENIED else daily_cap(role, self._engine.rules)
        return Allowance(person=person_key(job.message.address), day=day, cap=cap)

    async def _ask(self, job: Job, role: Role, claim: Claim) -> Ask:
        message = job.message
        bot = self._bots[message.address.bot]
        person = person_key(message.address)
        settings = {
            **await self._store.settings(person),
            **await self._store.settings(job.conversation),
        }
        spoken = (settings.get("language"), message.language, bot.language)
        return Ask(
            message=message,
            bot=bot,
            conversation=job.conversation,
            person=person,
            role=role,
            language=next(filter(_is_language, spoken), "en"),
            settings=settings,
            user=self._user_hash(person),
            used_today=claim.used,
        )

    async def _judge(self, job: Job, ask: Ask, claim: Claim, age_s: float) -> Verdict:
        say = self._engine.say
        if ask.role is Role.DENIED:
            told = say(
                ask, "denied", id=f"{job.message.address.platform}:{job.message.address.sender}"
            )
            return Verdict(name="denied", outcome=told if claim.granted else Outcome())
        if claim.attempt > MAX_ATTEMPTS:
            return self._set_aside(ask, f"ended the process {MAX_ATTEMPTS} times")
        if not claim.granted:
            cap = daily_cap(ask.role, self._engine.rules)
            renews = f"00:00 {self._zone.key}"
            told = say(ask, "cap_reached", used=claim.used, cap=cap, renews=renews)
            return Verdict(name="cap_reached", outcome=told)
        if job.resumed and age_s > ask.bot.expire_s:
            return Verdict(name="expired", outcome=say(ask, "expired"))
        return await self._try(job, ask, claim.attempt)

    async def _try(self, job: Job, ask: Ask, attempt: int) -> Verdict:
        """Handle it, trying again what fails by surprise, three times in all."""
        while True:
            try:
                return Verdict(name="answered", outcome=await self._handle(job, ask))
            except StoreError:
                await self._sleep(1.0)
            except ParleyError as error:
                log.warning("message %s: %s: %s", job.message.id, error.code, error)
                return Verdict(name=error.code, outcome=self._engine.failed(ask, error))
            except Exception as error:
                log.exception("message %s: try %d failed", job.message.id, attempt)
                if attempt >= MAX_ATTEMPTS:
                    return self._set_aside(ask, f"{type(error).__name__}: {error}")
                claim = await persist(
                    lambda: self._store.claim(job.message.id, self._owner, None), self._sleep
                )
                attempt = claim.attempt

    async def _handle(self, job: Job, ask: Ask) -> Outcome:
        """The engine's outcome, rendered. Every message gets a reply, a stopped one too."""
        task = asyncio.create_task(
            self._engine.handle(ask, job.intent, self, self._preview(job.message))
        )
        if not is_urgent(job.intent):
            self._running[job.conversation] = task
        try:
            with self._show_typing(job.message):
                async with asyncio.timeout(LONGEST_ANSWER_S):
                    outcome = await task
        except asyncio.CancelledError:
            if not task.cancelled() or _being_cancelled():
                raise
            return self._engine.say(ask, "stopped_early")
        finally:
            if self._running.get(job.conversation) is task:
                del self._running[job.conversation]
        adapter = self._adapters[ask.bot.name]
        return replace(
            outcome, parts=render(outcome.parts, adapter.capabilities(job.message.address))
        )

    def _set_aside(self, ask: Ask, why: str) -> Verdict:
        return Verdict(name="set_aside", outcome=self._engine.say(ask, "set_aside"), dead=why)

    def _reply(self, job: Job, outcome: Outcome) -> Reply | None:
        if not outcome.parts:
            return None
        message = job.message
        return Reply(id=self._new_id(), answers=message.id, to=message.address, parts=outcome.parts)

    def _commit(self, job: Job, ask: Ask, verdict: Verdict, reply: Reply | None) -> Commit:
        return Commit(
            message_id=job.message.id,
            conversation=job.conversation,
            person=ask.person,
            at=self._engine.clock.now(),
            reply=reply,
            turns=verdict.outcome.turns,
            spends=verdict.outcome.spends,
            effects=verdict.outcome.effects,
            dead=verdict.dead,
        )

    def _preview(self, message: Message) -> Preview | None:
        adapter = self._drafts.get(message.address.bot)
        if adapter is None:
            return None
        return lambda text: adapter.draft(message.address, message.key, text)

    @contextmanager
    def _show_typing(self, message: Message) -> Iterator[None]:
        """Say that an answer is coming once it takes a while."""
        adapter = self._typing.get(message.address.bot)
        if adapter is None:
            yield
            return
        pulses: list[asyncio.Task[None]] = []
        timer = asyncio.get_running_loop().call_later(
            TYPING_AFTER_S, lambda: pulses.append(asyncio.create_task(_pulse(adapter, message)))
        )
        try:
            yield
        finally:
            timer.cancel()
            for pulse in pulses:
                pulse.cancel()


def is_urgent(intent: Intent) -> bool:
    """Whether it is handled beside a running answer."""
    return isinstance(intent, Invoke) and intent.command.urgent


def intent_name(intent: Intent) -> str:
    """A short name for logs and metrics: the command's own, or the intent's kind."""
    if isinstance(intent, Invoke):
        return f"/{intent.command.name}"
    return type(intent).__name__.lower()


def _spends(intent: Intent) -> bool:
    match intent:
        case Invoke(command=command):
            return command.spends
        case UnknownCommand() | Unreadable():
            return False
        case _:
            return True


def _is_language(text: str | None) -> TypeGuard[Language]:
    return text in ("en", "zh")


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _pulse(adapter: Typing, message: Message) -> None:
    while True:
        try:
            await adapter.typing(message.address)
        except Exception:
            log.debug("typing notice failed", exc_info=True)
            return
        await asyncio.sleep(TYPING_EVERY_S)
