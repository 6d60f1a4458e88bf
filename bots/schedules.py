"""What happens by the clock: sweeping out what is past its time."""

import logging
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from core.errors import ParleyError
from core.model import Limit
from core.ports import Clock
from storage.store import SqlStore

log = logging.getLogger(__name__)

SWEEP_EVERY_H = 1
FIRST_SWEEP_AFTER = timedelta(seconds=60)
"""For a bot that never runs through a whole hour; its start is not made longer."""


class Schedules:
    """APScheduler with jobs in memory; each firing is a row, so that none happens twice.

    The scheduler's own default would drop a job that is a second late.
    """

    def __init__(self, store: SqlStore, clock: Clock, keep_days: Limit) -> None:
        self._store = store
        self._clock = clock
        self._keep_days = keep_days
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        soon = self._clock.now() + FIRST_SWEEP_AFTER
        self._scheduler.add_job(self.sweep, "cron", hour=f"*/{SWEEP_EVERY_H}")
        self._scheduler.add_job(self.sweep, "date", run_date=soon)
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def sweep(self) -> None:
        """Erase what is older than the retention, once an hour whoever asks."""
        now = self._clock.now()
        try:
            if not await self._store.fire("sweep", _whole_hour(now)):
                return
            swept = await self._store.sweep(now, keep_days=self._keep_days)
        except (ParleyError, OSError) as error:
            log.warning("the sweep did not end, the next one goes on: %s", error)
            return
        log.info("swept", extra={"fields": {"messages": swept.messages, "files": swept.files}})


def _whole_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
