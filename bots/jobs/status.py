"""`parley batch status`, `parley batch list` and `parley finetune status`."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from bots.jobs.desk import Desk, desk
from bots.jobs.ledger import enter_job
from bots.jobs.table import deadline, state, table
from bots.loop import run_async
from core.errors import ParleyError
from core.jobs.follow import ask, follow
from core.relay_job import JobKind, RelayJob


def status(path: Path, kind: JobKind, number: int | None, *, wait: bool) -> int:
    """Ask, print the table; 1 if a relay did not tell. Raises ConfigError, StoreError."""
    with desk(path, asyncio.sleep) as opened:
        return run_async(show(opened, opened.chosen(kind, number), wait=wait))


def noted(path: Path, kind: JobKind) -> int:
    """The table without asking anybody. Raises ConfigError, StoreError."""
    with desk(path, asyncio.sleep) as opened:
        _print(opened.jobs.all(kind), opened)
    return 0


async def show(desk: Desk, jobs: Sequence[RelayJob], *, wait: bool) -> int:
    """All are asked at once: one that waits must not let another's time pass."""
    troubles = await asyncio.gather(*(_asked(job, desk, wait=wait) for job in jobs))
    now = [desk.jobs.get(job.number) or job for job in jobs]
    _print(now, desk)
    for trouble in filter(None, troubles):
        sys.stderr.write(f"{trouble}\n")
    before = {job.number: job.state for job in jobs}
    for job in now:
        if job.kind == "fine_tune" or job.state != before[job.number]:
            await enter_job(job, desk)
    return 1 if any(troubles) else 0


async def _asked(job: RelayJob, desk: Desk, *, wait: bool) -> str:
    """Why nothing could be learned of it; "" if something was, or nothing is to be."""
    if job.state != "submitted" and not (wait and job.kind == "batch" and job.state == "ended"):
        return ""
    try:
        async with desk.relay(job.relay) as relay:
            if wait:
                progress = Progress(desk)
                sleep, tell = desk.sleep, progress.tell
                await follow(job, relay, desk.jobs, desk.clock, sleep=sleep, tell=tell)
            else:
                await ask(job, relay, desk.jobs, desk.clock)
    except ParleyError as error:
        return f"{job.number}: {error}"
    return ""


class Progress:
    """Says on standard error what changed since it last said something."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._said = ""

    def tell(self, job: RelayJob) -> None:
        done = f" {job.completed + job.failed}/{job.total}" if job.kind == "batch" else ""
        said = f"{job.number}: {state(job)}{done}"
        if said != self._said:
            self._said = said
            words = deadline(job, self._desk.clock.now())
            sys.stderr.write(f"{said}  {words}".rstrip() + "\n")


def _print(jobs: Sequence[RelayJob], desk: Desk) -> None:
    if not jobs:
        sys.stdout.write("There are none yet.\n")
        return
    sys.stdout.write(table(jobs, desk.clock.now()))
