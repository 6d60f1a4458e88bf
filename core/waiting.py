"""One message's waits while no relay of its route serves, and what its person is told of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.command import Ask, Outcome
from core.engine import Engine
from core.errors import ParleyError, RelayError
from core.job import Job
from core.model import Reply, SetSetting
from core.notice import Notice
from core.outage import TOLD_AFTER_S, Late, Outages, Route, passes
from core.patience import Sleep
from core.ports.adapter import Adapter
from core.ports.clock import Clock
from core.ports.store import Commit
from core.route import intent_name

TOLD = "told_outage"
"""The conversation's setting that holds when it was told of an outage, until an answer succeeds."""

TOLD_FOR = timedelta(days=1)
"""After so long it is another outage: nobody wrote since, or nothing was answered."""


@dataclass(slots=True, kw_only=True)
class Waiting:
    """`late` counts from when it was begun to be handled, however often it waits."""

    ask: Ask
    route: Route
    late: Late
    clock: Clock
    outages: Outages
    notice: Notice
    _again_s: float = field(default=0.0)

    @property
    def is_due(self) -> bool:
        """Whether others wait for the same already."""
        return self.outages.lasts(self.route) and self._left_s > 0

    def can_follow(self, error: ParleyError) -> bool:
        """Whether the message may be tried again later: nothing was done, and it is in time."""
        self._again_s = error.again_s if isinstance(error, RelayError) else 0.0
        return self._may_wait(error) and self._left_s > self._again_s

    def is_over(self, error: ParleyError) -> bool:
        """Whether the message would have waited, but has been waiting for its turn too long."""
        return self._may_wait(error) and self.ask.bot.outage_wait_s > 0 >= self._left_s

    async def until_turn(self) -> bool:
        """False if it has waited long enough."""
        return await self.outages.wait(self.route, self.late, self._again_s)

    async def trying(self, make: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """What `make` comes to. All who wait for the same learn of it."""
        with self.outages.trying(self.route):
            return await make()

    def over(self, outcome: Outcome) -> Outcome:
        """With the note that the conversation may be told of the next outage."""
        if not (self.notice.begun or TOLD in self.ask.settings):
            return outcome
        untold = SetSetting(scope=self.ask.conversation, name=TOLD, value=None)
        return replace(outcome, effects=(*outcome.effects, untold))

    def _may_wait(self, error: ParleyError) -> bool:
        return passes(error) and not self.ask.spends

    @property
    def _left_s(self) -> float:
        return self.late.until - self.clock.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRoom:
    """Makes each message's `Waiting`. `reply` renders what is said to a message."""

    engine: Engine
    adapters: Mapping[str, Adapter]
    outages: Outages
    reply: Callable[[Job, Outcome], Reply | None]
    sleep: Sleep

    def of(self, job: Job, ask: Ask, age_s: float) -> Waiting:
        clock = self.engine.clock
        now = clock.monotonic()
        until = now + min(ask.bot.outage_wait_s, ask.bot.expire_s) - age_s
        notice = Notice(
            outbox=self.engine.store,
            adapter=self.adapters[job.message.address.bot],
            answers=job.message.key,
            make=lambda: self._late(job, ask, until),
            sleep=self.sleep,
        )
        return Waiting(
            ask=ask,
            route=(ask.choice, intent_name(job.intent)),
            late=Late(tell_at=now + TOLD_AFTER_S, tell=notice.begin, until=until),
            clock=clock,
            outages=self.outages,
            notice=notice,
        )

    def _late(self, job: Job, ask: Ask, until: float) -> Commit | None:
        """What the person is told of an outage: once, until an answer succeeds."""
        now = self.engine.clock.now()
        if _told(ask, now):
            return None
        ends = now + timedelta(seconds=until - self.engine.clock.monotonic())
        zone = ZoneInfo(self.engine.rules.timezone)
        by = f"{ends.astimezone(zone):%H:%M}"
        return Commit(
            message_id=job.message.id,
            conversation=job.conversation,
            person=ask.person,
            at=now,
            reply=self.reply(job, self.engine.say(ask, "outage", until=by, zone=zone.key)),
            effects=(SetSetting(scope=ask.conversation, name=TOLD, value=now.isoformat()),),
        )


def _told(ask: Ask, now: datetime) -> bool:
    """Whether the conversation was told of this outage."""
    at = ask.settings.get(TOLD)
    return at is not None and now - datetime.fromisoformat(at) < TOLD_FOR
