"""Deadlines and states, by a clock that the tests move. Pure."""

from datetime import timedelta

import pytest

from core.errors import RelayGarbage, RelayInvalid, RelayLost, RelayRefused, RelayUnavailable
from core.jobs import steps
from core.relay.profile import load_dialect
from core.response import Batch, File, FineTune
from tests.jobs.stage import NOW, job, refusal

LIMITS = load_dialect("burnhair-2024").limits
FILE = File(id="file-1", filename="q.jsonl", purpose="batch", size_bytes=3)


def batch(state, **more):
    return Batch(id="batch-1", state=state, input_file_id="file-1", **more)


def submitted(**more):
    return steps.created(job(total=5, **more), batch("validating"), NOW, LIMITS)


def later(**by):
    return NOW + timedelta(**by)


def test_an_uploaded_file_is_good_for_an_hour_less_a_minute():
    done = steps.uploaded(job(), FILE, None, NOW, LIMITS)
    assert done.state == "uploaded"
    assert steps.is_uploaded(done, later(minutes=58))
    assert not steps.is_uploaded(done, later(minutes=59))


def test_a_training_file_lasts_and_its_validation_file_must_be_there_too():
    tune = job(kind="fine_tune", validation="v")
    assert not steps.is_uploaded(steps.uploaded(tune, FILE, None, NOW, LIMITS), NOW)
    whole = steps.uploaded(tune, FILE, FILE, NOW, LIMITS)
    assert steps.is_uploaded(whole, later(days=300))


def test_a_record_is_asked_for_24_hours_and_then_counts_as_gone():
    assert not steps.is_forgotten(submitted(), later(hours=23, minutes=59))
    assert steps.is_forgotten(submitted(), later(hours=24))
    assert steps.forgotten(submitted()).state == "lost"
    ended = steps.seen(submitted(), batch("completed", output_file_id="o"), later(hours=2), LIMITS)
    assert not steps.is_forgotten(ended, later(hours=25))


def test_the_output_is_to_be_fetched_within_3_hours_of_the_end_that_the_relay_tells():
    told = batch("completed", output_file_id="o", completed_at=later(hours=1))
    seen = steps.seen(submitted(), told, later(hours=2), LIMITS)
    assert (seen.state, seen.ended_at) == ("ended", later(hours=1))
    assert seen.output_until == later(hours=4)


def test_an_end_that_is_not_told_counts_from_when_it_was_last_seen_at_work():
    working = steps.seen(submitted(), batch("in_progress"), later(hours=1), LIMITS)
    done = batch("completed", output_file_id="o")
    assert steps.seen(working, done, later(hours=2), LIMITS).output_until == later(hours=4)
    assert steps.seen(submitted(), done, later(hours=2), LIMITS).output_until == later(hours=3)


@pytest.mark.parametrize(("told", "ended"), [(-5, 0), (9, 2)])
def test_a_relays_wrong_clock_moves_no_deadline_beyond_what_can_be(told, ended):
    done = batch("completed", output_file_id="o", completed_at=later(hours=told))
    assert steps.seen(submitted(), done, later(hours=2), LIMITS).ended_at == later(hours=ended)


@pytest.mark.parametrize("state", ["failed", "expired", "cancelled"])
def test_what_ends_without_output_failed_and_what_has_some_is_fetched(state):
    bare = steps.seen(submitted(), batch(state, errors=("line 1: bad",)), NOW, LIMITS)
    assert (bare.state, bare.told, bare.trouble) == ("failed", state, "line 1: bad")
    some = steps.seen(submitted(), batch(state, output_file_id="o"), NOW, LIMITS)
    assert some.state == "ended"
    refused = steps.seen(submitted(), batch(state, error_file_id="e"), NOW, LIMITS)
    assert refused.state == "ended"


def test_a_relay_without_counts_does_not_make_the_lines_forgotten():
    seen = steps.seen(submitted(), batch("in_progress"), NOW, LIMITS)
    assert (seen.state, seen.total) == ("submitted", 5)
    seen = steps.seen(seen, batch("in_progress", total=5, completed=3, failed=1), NOW, LIMITS)
    assert (seen.completed, seen.failed) == (3, 1)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (refusal(400, RelayInvalid), "uploaded"),
        (refusal(503, RelayUnavailable), "uploaded"),
        (refusal(0, RelayRefused), "uploaded"),
        (refusal(500, RelayUnavailable), "creating"),
        (refusal(502, RelayLost), "creating"),
        (refusal(200, RelayGarbage), "creating"),
    ],
)
def test_only_a_sure_no_leads_back_from_creating(error, state):
    after = steps.not_created(steps.creating(job(state="uploaded"), NOW), error)
    assert (after.state, after.trouble, after.tried_at) == (state, str(error), NOW)


@pytest.mark.parametrize(
    ("word", "model", "state"),
    [
        ("pending", "", "submitted"),
        ("validating_files", "", "submitted"),
        ("a word of its own", "", "submitted"),
        ("succeeded", "ft:1", "ended"),
        ("done", "ft:1", "ended"),
        ("failed", "", "failed"),
        ("cancelled", "", "failed"),
    ],
)
def test_a_fine_tuning_job_is_over_by_its_word_or_by_its_model(word, model, state):
    tune = FineTune(
        id="ft-1", state=word, model="m", training_file="file-1", fine_tuned_model=model
    )
    begun = steps.created(job(kind="fine_tune"), tune, NOW, LIMITS)
    seen = steps.seen(begun, tune, later(hours=1), LIMITS)
    assert (seen.state, seen.told, seen.fine_tuned_model) == (state, word, model)
    assert begun.record_until is None
