"""How far a job is, and its output kept in time."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from core.errors import RelayError, RelayUnavailable, RelayUnsupported, StoreInvalid
from core.jobs import steps
from core.jobs.jobs import Jobs
from core.jobs.submit import asked
from core.ports.clock import Clock
from core.relay.client import Relay
from core.relay.dialect import Call
from core.relay_job import RelayJob
from core.request import FileContentRequest

Sleep: TypeAlias = Callable[[float], Awaitable[None]]
Tell: TypeAlias = Callable[[RelayJob], None]

SHORTEST_S = 10.0
LONGEST_S = 60.0
GROWTH = 1.5

GONE = (404, 410)


async def ask(job: RelayJob, relay: Relay, jobs: Jobs, clock: Clock) -> RelayJob:
    """The job as the relay tells it now, noted. What has no news to get is not asked for.

    Raises RelayError, StoreError.
    """
    if job.state not in ("submitted", "ended"):
        return job
    if steps.is_forgotten(job, clock.now()):
        return jobs.put(steps.forgotten(job))
    call: Call = "batch_status" if job.kind == "batch" else "fine_tune_status"
    if not relay.dialect.serves(call):
        raise RelayUnsupported(
            f'relay "{relay.name}": by its profile it does not tell how far a job is. '
            "Look at the relay's own page.",
            call=call,
        )
    told = await asked(job, relay, job.remote_id)
    return _put(steps.seen(job, told, clock.now(), relay.dialect.limits), jobs)


async def keep(job: RelayJob, relay: Relay, jobs: Jobs, clock: Clock) -> RelayJob:
    """A batch that ended, its output kept here before anything else is done with it.

    Raises RelayError, StoreError.
    """
    if job.kind != "batch" or job.state != "ended":
        return job
    if not job.output_file_id and not job.error_file_id:
        job = await ask(job, relay, jobs, clock)
    if not job.output_file_id and not job.error_file_id:
        raise RelayUnavailable(
            f'relay "{relay.name}": expected an output file of {job.remote_id}, which it calls '
            f"{job.told}, got none. Ask again in a minute."
        )
    try:
        for name, file_id in outputs(job).items():
            if file_id and jobs.output(name) is None:
                content = await relay.call(FileContentRequest(file_id=file_id))
                jobs.keep_output(name, content.content)
    except RelayError as error:
        past = job.output_until is not None and clock.now() >= job.output_until
        if error.status in GONE and past:
            jobs.put(steps.output_gone(job, error))
        raise
    return _put(steps.fetched(job, clock.now()), jobs)


def outputs(job: RelayJob) -> dict[str, str]:
    """The names that a batch's raw files are kept under, with the relay's ids."""
    return {
        f"{job.number}.errors.jsonl": job.error_file_id,
        f"{job.number}.jsonl": job.output_file_id,
    }


async def follow(
    job: RelayJob, relay: Relay, jobs: Jobs, clock: Clock, *, sleep: Sleep, tell: Tell
) -> RelayJob:
    """Ask, later and later each time, until nothing more becomes of it; its output is kept.

    What may pass by itself is waited out. Raises RelayError, StoreError.
    """
    pause_s = SHORTEST_S
    while True:
        try:
            asked_now = await ask(job, relay, jobs, clock) if job.state == "submitted" else job
            job = await keep(asked_now, relay, jobs, clock)
        except RelayError as error:
            if not passes(error):
                raise
            job = jobs.get(job.number) or job
            pause_s = max(pause_s, error.retry_after_s or 0.0)
        tell(job)
        if job.state != "submitted" and not (job.kind == "batch" and job.state == "ended"):
            return job
        await sleep(pause_s)
        pause_s = min(max(pause_s, SHORTEST_S) * GROWTH, LONGEST_S)


def passes(error: RelayError) -> bool:
    """Whether to ask once more is of use: asking costs nothing and changes nothing."""
    return error.retryable or not error.certain


def _put(job: RelayJob, jobs: Jobs) -> RelayJob:
    """Another process that asks at the same time notes the same: then its note is taken."""
    try:
        return jobs.put(job)
    except StoreInvalid:
        noted = jobs.get(job.number)
        if noted is None:
            raise
        return noted
