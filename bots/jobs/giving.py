"""A job given to a relay, and what is said of it."""

import argparse
import sys

from bots.jobs.desk import Desk
from bots.jobs.table import deadline, span, state
from core.jobs.submit import adopt, enter, submit
from core.relay.client import Relay
from core.relay_job import RelayJob

NAMES = {"batch": "batch", "fine_tune": "fine-tuning job"}


async def give(draft: RelayJob, relay: Relay, desk: Desk, options: argparse.Namespace) -> RelayJob:
    """Submit, adopt or find submitted, and say which. Raises RelayError, StoreError."""
    job = enter(desk.jobs, draft, anew=options.anew)
    if job.begun:
        sys.stdout.write(_already(job, desk))
        return job
    if options.remote_id:
        job = await adopt(job, relay, desk.jobs, desk.clock, options.remote_id)
    else:
        job = await submit(job, relay, desk.jobs, desk.clock, again=options.again)
    sys.stdout.write(_given(job, desk))
    return job


def _given(job: RelayJob, desk: Desk) -> str:
    what = NAMES[job.kind]
    lines = f"{job.total} line" + ("s" if job.total != 1 else "")
    words = deadline(job, desk.clock.now())
    kept = f" ({words})" if words else ""
    return (
        f"{what} {job.number}: {job.file}, {lines}: {job.relay} has it as {job.remote_id}{kept}\n"
    )


def _already(job: RelayJob, desk: Desk) -> str:
    what = NAMES[job.kind]
    since = span(desk.clock.now() - (job.submitted_at or job.at))
    anew = "; --anew asks for it all once more, at its price" if job.over else ""
    return (
        f"{what} {job.number}: {job.file} was given to {job.relay} {since} ago already, as "
        f"{job.remote_id}: {state(job)}{anew}\n"
    )
