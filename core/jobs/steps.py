"""What becomes of a job with each thing that happens. Pure."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from core.errors import RelayError
from core.model import Limit
from core.relay.dialect import Limits
from core.relay_job import RelayJob
from core.response import Batch, File, FineTune

MARGIN = timedelta(minutes=1)
"""A file that the relay will keep no longer than this is uploaded again."""

BATCH_OVER = ("completed", "failed", "expired", "cancelled")
TUNED = ("succeeded", "success", "completed", "complete")
NOT_TUNED = ("failed", "cancelled", "canceled", "expired", "error")
"""Relays have words of their own; one that is in neither list is of a job at work."""


def is_uploaded(job: RelayJob, now: datetime) -> bool:
    """Whether the relay still has the file for long enough."""
    if not job.input_file_id or bool(job.validation) != bool(job.validation_file_id):
        return False
    return job.input_until is None or now + MARGIN < job.input_until


def uploaded(
    job: RelayJob, file: File, validation: File | None, now: datetime, limits: Limits
) -> RelayJob:
    """`now` is the time before the upload: the relay counts from some moment after it."""
    kept_s: Limit = limits.batch_input_s if job.kind == "batch" else "unlimited"
    return replace(
        job,
        state="uploaded",
        trouble="",
        input_file_id=file.id,
        validation_file_id=validation.id if validation else "",
        input_until=until(now, kept_s),
    )


def creating(job: RelayJob, now: datetime) -> RelayJob:
    """Noted before the relay is asked: if nothing is noted after it, nobody knows."""
    return replace(job, state="creating", trouble="", tried_at=now)


def outcome_known(error: RelayError) -> bool:
    """Whether the relay surely began nothing.

    A 500 says nothing about what was done before it, so it counts as unknown here, where
    a second job would be paid for as a whole.
    """
    return error.certain and error.status != 500


def not_created(job: RelayJob, error: RelayError) -> RelayJob:
    """Back to the step before where nothing was begun; else it stays in doubt."""
    state = "uploaded" if outcome_known(error) else "creating"
    return replace(job, state=state, trouble=str(error))


def created(job: RelayJob, told: Batch | FineTune, now: datetime, limits: Limits) -> RelayJob:
    """`now` is the time before the call that began it."""
    kept_s: Limit = limits.batch_record_s if job.kind == "batch" else "unlimited"
    return replace(
        job,
        state="submitted",
        told=told.state,
        trouble="",
        remote_id=told.id,
        submitted_at=now,
        record_until=until(now, kept_s),
    )


def seen(job: RelayJob, told: Batch | FineTune, now: datetime, limits: Limits) -> RelayJob:
    """The relay told how far it is."""
    match told:
        case Batch():
            return _seen_batch(job, told, now, limits)
        case FineTune():
            return _seen_fine_tune(job, told, now)


def _seen_batch(job: RelayJob, batch: Batch, now: datetime, limits: Limits) -> RelayJob:
    job = replace(
        job,
        told=batch.state,
        trouble="; ".join(batch.errors),
        total=batch.total or job.total,
        completed=batch.completed,
        failed=batch.failed,
        output_file_id=batch.output_file_id,
        error_file_id=batch.error_file_id,
        asked_at=now,
        ended_at=_end(job, batch.completed_at, now) if batch.state in BATCH_OVER else None,
    )
    if not job.ended_at:
        return job
    if batch.state == "completed" or batch.output_file_id or batch.error_file_id:
        kept_until = until(job.ended_at, limits.batch_output_s)
        return replace(job, state="ended", output_until=kept_until)
    return replace(job, state="failed")


def _seen_fine_tune(job: RelayJob, tune: FineTune, now: datetime) -> RelayJob:
    word = tune.state.lower()
    well = word in TUNED or bool(tune.fine_tuned_model)
    over = well or word in NOT_TUNED
    return replace(
        job,
        state=("ended" if well else "failed") if over else "submitted",
        told=tune.state,
        trouble=tune.error,
        fine_tuned_model=tune.fine_tuned_model,
        trained_tokens=tune.trained_tokens,
        asked_at=now,
        ended_at=_end(job, tune.finished_at, now) if over else None,
    )


def _end(job: RelayJob, told: datetime | None, now: datetime) -> datetime:
    """When it ended, or the earliest that it can have, by our clock.

    It had not when it was last asked, and it has now; a relay's clock counts in between.
    """
    earliest = job.ended_at or job.asked_at or job.submitted_at or job.at
    return min(max(told or earliest, earliest), now)


def is_forgotten(job: RelayJob, now: datetime) -> bool:
    """Whether the relay keeps no record of it any more, so that it is not asked."""
    kept = job.record_until is None or now < job.record_until
    return job.state == "submitted" and not kept


def forgotten(job: RelayJob) -> RelayJob:
    words = "the relay keeps no record of it any longer, and was not asked for its end in time"
    return replace(job, state="lost", trouble=words)


def output_gone(job: RelayJob, error: RelayError) -> RelayJob:
    return replace(job, state="lost", trouble=str(error))


def fetched(job: RelayJob, now: datetime) -> RelayJob:
    return replace(job, state="fetched", trouble="", fetched_at=now)


def until(start: datetime, kept_s: Limit) -> datetime | None:
    return None if kept_s == "unlimited" else start + timedelta(seconds=kept_s)
