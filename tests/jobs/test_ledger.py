"""What jobs cost stands in the ledger once, whatever was stopped or asked for again."""

import sqlite3
from contextlib import closing

import httpx
from msgspec.structs import replace

from storage.jobs import SqlJobs
from tests.jobs.stage import Place, jsonl, line
from tests.sandbox.server import Sandbox

BATCH = jsonl([line(name, f"What is {name}?", model="sandbox-chat") for name in "abc"])
LESSON = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]}
SPENT = "SELECT kind, model, nano_usd, person, unsure FROM spends ORDER BY seq"


def rows(place: Place) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{place.data}/parley.db?mode=ro", uri=True)) as ledger:
        return ledger.execute(SPENT).fetchall()


def charged(relay: Sandbox) -> int:
    """Nano-dollars, by the sandbox's own account, of which a unit has 2,000."""
    told = httpx.get(
        f"{relay.origin}/api/usage/token/", headers={"Authorization": "Bearer sk-jobs"}
    )
    return int(told.json()["data"]["total_used"]) * 2_000


def over(place: Place, *kind: str) -> None:
    for _ in range(4):
        place.parley_here(*kind, "status")


def not_entered(place: Place, number: int = 1) -> None:
    """As a kill between the ledger's row and the note of it leaves a job."""
    jobs: SqlJobs = place.jobs()
    try:
        noted = jobs.get(number)
        assert noted is not None
        assert noted.entered_at is not None
        jobs.put(replace(noted, entered_at=None))
    finally:
        jobs.close()


def test_a_batch_is_entered_when_it_is_fetched_and_once(relay, place):
    place.parley_here("batch", "submit", "main", place.write("q.jsonl", BATCH))
    over(place, "batch")
    first = place.parley_here("batch", "fetch", "1")
    not_entered(place)
    again = place.parley_here("batch", "fetch", "1")
    assert first.stdout == again.stdout != ""
    ((kind, model, nano_usd, person, unsure),) = rows(place)
    assert (kind, model, person, unsure) == ("batch", "sandbox-chat", "terminal", 0)
    assert 0 <= charged(relay) - nano_usd < 2_000
    assert "about $0.00" in first.stderr


def test_a_fine_tuning_job_is_entered_when_it_was_seen_to_end_and_once(relay, place):
    file = place.write("t.jsonl", jsonl([LESSON] * 10))
    place.parley_here("finetune", "start", "main", file, "--model", "gpt-3.5-turbo")
    over(place, "finetune")
    not_entered(place)
    over(place, "finetune")
    ((kind, model, nano_usd, _, _),) = rows(place)
    assert (kind, model) == ("fine_tune", "gpt-3.5-turbo")
    assert nano_usd == charged(relay) > 0


def test_a_batch_whose_output_was_fetched_by_waiting_is_entered_then(relay, place):
    place.parley_here("batch", "submit", "main", place.write("q.jsonl", BATCH))
    over(place, "batch")
    place.parley_here("batch", "status", "--wait")
    entered = rows(place)
    assert len(entered) == 1
    place.parley_here("batch", "fetch", "1")
    assert rows(place) == entered
