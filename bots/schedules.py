"""What happens by the clock: sweeping out what is past its time, and chores of others."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from core.errors import ParleyError
from core.model import Limit
from core.ports.clock import Clock
from core.steady import SteadyTime
from storage.store import SqlStore

log = logging.getLogger(__name__)

SWEEP_EVERY = timedelta(hours=1)
HOURLY = "hourly"
FIRST_SWEEP_AFTER = timedelta(seconds=60)
"""For a bot that never runs through a whole hour; its start is not made longer."""

FIRST_CHORES_AFTER = timedelta(seconds=10)

LOOK_EVERY_S = 2.0
"""The scheduler works out once how long it sleeps: a clock that is set is noticed by looking."""


class WholeHours(BaseTrigger):  # type: ignore[misc]
    """Each whole hour by the clock as it stands, UTC.

    APScheduler's own triggers go through every hour that a clock jumped over: 100,000 to 2038.
    """

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        del previous_fire_time
        return _whole_hour(now) + SWEEP_EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something that is done again and again, `every` so long, for the first time a moment after
    the start."""

    name: str
    every: timedelta
    do: Callable[[], Awaitable[None]]


class Every(BaseTrigger):  # type: ignore[misc]
    """So long after the last time by the clock as it stands, whatever it jumped over."""

    def __init__(self, span: timedelta) -> None:
        self._span = span

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        del previous_fire_time
        return now + self._span


class Schedules:
    """APScheduler with jobs in memory; each firing is a row, so that none happens twice.

    The scheduler's own default would drop a job that is a second late. Where the clock is set,
    what is due by it comes within LOOK_EVERY_S.
    """

    def __init__(
        self,
        store: SqlStore,
        clock: Clock,
        keep_days: Limit,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chores: Sequence[Chore] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._steady = SteadyTime(clock)
        self._keep_days = keep_days
        self._sleep = sleep
        self._chores = chores
        self._doing: dict[str, asyncio.Task[None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        soon = self._clock.now() + FIRST_SWEEP_AFTER
        self._scheduler.add_job(self.sweep, WholeHours(), id=HOURLY)
        self._scheduler.add_job(self.sweep, "date", run_date=soon)
        first = self._clock.now() + FIRST_CHORES_AFTER
        for chore in self._chores:
            self._scheduler.add_job(
                self._begin, Every(chore.every), [chore], id=chore.name, next_run_time=first
            )
        self._scheduler.start()
        self._looking = asyncio.create_task(self._keep_looking(), name="schedules")

    def look(self) -> None:
        """Begin what a clock that was set made due; set back, its hour may have been missed."""
        now = datetime.now(UTC)
        spans = {HOURLY: SWEEP_EVERY, **{chore.name: chore.every for chore in self._chores}}
        for name, span in spans.items():
            if self._scheduler.get_job(name).next_run_time - now > span:
                self._scheduler.modify_job(name, next_run_time=now)
        self._scheduler.wakeup()

    def stop(self) -> None:
        if self._looking:
            self._looking.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for doing in self._doing.values():
            doing.cancel()

    async def _begin(self, chore: Chore) -> None:
        """As a task of our own: the scheduler logs a job that it cancels as one that failed."""
        doing = self._doing.get(chore.name)
        if doing is None or doing.done():
            self._doing[chore.name] = asyncio.create_task(self._do(chore), name=chore.name)

    @staticmethod
    async def _do(chore: Chore) -> None:
        try:
            await chore.do()
        except Exception:
            log.exception("%s failed, it is tried again in %s", chore.name, chore.every)

    async def _keep_looking(self) -> None:
        while True:
            await self._sleep(LOOK_EVERY_S)
            self.look()

    async def sweep(self) -> None:
        """Erase what is older than the retention, once an hour whoever asks.

        A clock that is set years ahead erases nothing: its own hour alone is taken from it.
        """
        now = self._clock.now()
        hour, lasted = _whole_hour(now), min(now, self._steady.now())
        try:
            if not await self._store.fire("sweep", hour):
                return
            swept = await self._store.sweep(lasted, keep_days=self._keep_days)
        except (ParleyError, OSError) as error:
            log.warning("the sweep did not end, the next one goes on: %s", error)
            return
        fields = {"hour": f"{hour:%FT%H}", "messages": swept.messages, "files": swept.files}
        log.info("swept", extra={"fields": fields})


def _whole_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
