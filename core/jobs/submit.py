"""Giving a job to a relay: once, whatever happens in between."""

import hashlib

from core.errors import RelayError, RelayInvalid, RelayLost, StoreError
from core.jobs import steps
from core.jobs.jobs import Jobs
from core.ports.clock import Clock
from core.relay.client import Relay
from core.relay_job import RelayJob
from core.request import (
    BatchCreateRequest,
    BatchStatusRequest,
    FileUploadRequest,
    FineTuneCreateRequest,
    FineTuneStatusRequest,
)
from core.response import Batch, File, FineTune


def fingerprint(*asked: str) -> str:
    """One for everything that makes two jobs the same."""
    return hashlib.sha256("\0".join(asked).encode()).hexdigest()


def enter(jobs: Jobs, draft: RelayJob, *, anew: bool = False) -> RelayJob:
    """The job there is for the very same thing, or the draft with a number of its own.

    What failed is entered anew by itself, what the relay did or lost only with `anew`.
    Raises StoreError.
    """
    earlier = jobs.latest(draft)
    if earlier is None:
        return jobs.add(draft, after=0)
    if earlier.state == "failed" or (anew and earlier.over):
        return jobs.add(draft, after=earlier.number)
    return earlier


async def submit(
    job: RelayJob, relay: Relay, jobs: Jobs, clock: Clock, *, again: bool = False
) -> RelayJob:
    """Upload what the relay does not have, then ask it to begin, each step noted.

    An earlier attempt whose outcome is unknown stops it, unless `again`: RelayLost.
    Raises RelayError, StoreError.
    """
    if job.begun:
        return job
    if job.state == "creating" and not again:
        raise in_doubt(job)
    if not steps.is_uploaded(job, clock.now()):
        job = jobs.put(await _upload(job, relay, jobs, clock))
    began = clock.now()
    job = jobs.put(steps.creating(job, began))
    try:
        told = await _create(job, relay)
    except RelayError as error:
        jobs.put(steps.not_created(job, error))
        raise
    return _noted(job, steps.created(job, told, began, relay.dialect.limits), jobs)


async def adopt(job: RelayJob, relay: Relay, jobs: Jobs, clock: Clock, remote_id: str) -> RelayJob:
    """Follow what the relay runs under `remote_id`: an attempt in doubt did begin.

    Raises RelayError, StoreError.
    """
    if job.begun:
        return job
    told = await asked(job, relay, remote_id)
    given = told.input_file_id if isinstance(told, Batch) else told.training_file
    if job.input_file_id and given != job.input_file_id:
        raise RelayInvalid(
            f'relay "{relay.name}": expected {remote_id} to be of file {job.input_file_id}, '
            f"got one of {given or 'no file'}. Give the id of the one that has this file."
        )
    began = job.tried_at or told.created_at or clock.now()
    return jobs.put(steps.created(job, told, began, relay.dialect.limits))


async def asked(job: RelayJob, relay: Relay, remote_id: str) -> Batch | FineTune:
    """How far the relay is. Raises RelayError."""
    if job.kind == "batch":
        return await relay.call(BatchStatusRequest(batch_id=remote_id))
    return await relay.call(FineTuneStatusRequest(job_id=remote_id))


async def _upload(job: RelayJob, relay: Relay, jobs: Jobs, clock: Clock) -> RelayJob:
    """An upload costs nothing, so that one more does no harm."""
    began = clock.now()
    file = await _send(job.input, job, relay, jobs)
    validation = await _send(job.validation, job, relay, jobs) if job.validation else None
    return steps.uploaded(job, file, validation, began, relay.dialect.limits)


async def _send(blob: str, job: RelayJob, relay: Relay, jobs: Jobs) -> File:
    return await relay.call(
        FileUploadRequest(
            content=jobs.input(blob),
            filename=f"{blob[:16]}.jsonl",
            purpose="batch" if job.kind == "batch" else "fine-tune",
        )
    )


async def _create(job: RelayJob, relay: Relay) -> Batch | FineTune:
    if job.kind == "batch":
        return await relay.call(BatchCreateRequest(input_file_id=job.input_file_id))
    return await relay.call(
        FineTuneCreateRequest(
            training_file=job.input_file_id,
            validation_file=job.validation_file_id,
            model=job.model,
            suffix=job.suffix,
            hyperparameters={"n_epochs": job.epochs} if job.epochs else {},
        )
    )


def _noted(before: RelayJob, job: RelayJob, jobs: Jobs) -> RelayJob:
    """Its id is all that there is to find it by, so it is told where it cannot be noted."""
    try:
        return jobs.put(job)
    except StoreError as error:
        raise StoreError(
            f"{error}\nThe relay has begun {job.remote_id}, and that could not be noted. Once it "
            f"can, note it by the same command with --id {job.remote_id} (job {before.number})."
        ) from error


def in_doubt(job: RelayJob) -> RelayLost:
    """What is known of an attempt that ended without an answer."""
    what = "batch" if job.kind == "batch" else "fine-tuning job"
    why = f": {job.trouble}" if job.trouble else ""
    return RelayLost(
        f'relay "{job.relay}": job {job.number} ({job.file}, {job.total} lines, relay\'s file '
        f"{job.input_file_id}) was asked for at {job.tried_at:%Y-%m-%d %H:%M:%S} UTC, and what "
        f"came of it is not known{why}. It may be running and billed, so no second {what} is "
        "created. Look at the relay's own page: if it is there, give the same command with "
        "--id and its id; if it is not, or you take the risk, with --again."
    )
