"""What jobs come to, as rows of the ledger."""

from datetime import timedelta

import pytest

from core.jobs.lines import read_batch
from core.jobs.output import match
from core.jobs.spent import batch_spends, name_of, tune_spends
from core.price import Price
from tests.jobs.stage import NOW, job, jsonl, line

PRICES = {"gpt-4o": Price(prompt=2.5, completion=10.0)}


def answer(name: str, usage: tuple[int, int] | None) -> dict[str, object]:
    body: dict[str, object] = {"choices": [{"message": {"content": "fine"}}]}
    if usage:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return {"custom_id": name, "response": {"status_code": 200, "body": body}}


def spends(rows, answers, **more):
    lines = read_batch(jsonl(rows), "q.jsonl")
    return batch_spends(job(**more), lines, match(lines, jsonl(answers)), PRICES.get, 0.4)


def test_a_batch_costs_its_share_of_the_price_of_each_lines_model():
    rows = [line("a"), line("b"), line("c"), line("d", model="own")]
    answers = [answer("a", (1000, 100)), answer("b", (3000, 0)), answer("d", (5, 5))]
    known, unknown = spends(rows, answers, ended_at=NOW + timedelta(hours=1))
    assert (known.prompt_tokens, known.completion_tokens) == (4000, 100)
    assert known.nano_usd == (4000 * 2500 + 100 * 10_000) * 4 // 10
    assert (unknown.model, unknown.nano_usd, unknown.kind) == ("own", None, "batch")
    assert (known.relay, known.key, known.at) == ("main", "key", NOW + timedelta(hours=1))


def test_tokens_that_were_not_told_are_a_row_apart_and_refused_lines_are_none():
    rows = [line("a"), line("b"), line("c")]
    refused = {"custom_id": "c", "error": {"message": "no"}}
    told, guessed = spends(rows, [answer("a", (10, 1)), answer("b", None), refused])
    assert (told.estimated, guessed.estimated) == (False, True)
    assert not spends([line("c")], [refused])


@pytest.mark.parametrize(
    ("state", "tokens", "price", "rows"),
    [
        ("ended", 1500, Price(prompt=1, training=8), [(1500, 12_000_000)]),
        ("ended", 1500, Price(prompt=1), [(1500, None)]),
        ("ended", 1500, None, [(1500, None)]),
        ("ended", None, Price(training=8), [(0, None)]),
        ("failed", 300, Price(training=8), [(300, 2_400_000)]),
        ("failed", None, Price(training=8), []),
        ("submitted", None, Price(training=8), []),
    ],
)
def test_a_fine_tuning_job_costs_what_it_trained(state, tokens, price, rows):
    one = job(kind="fine_tune", model="m", state=state, trained_tokens=tokens)
    found = tune_spends(one, lambda model: price if model == "m" else None)
    assert [(spend.prompt_tokens, spend.nano_usd) for spend in found] == rows


def test_each_job_has_a_name_of_its_own():
    jobs = [job(number=1), job(number=2), job(number=1, remote_id="b"), job(kind="fine_tune")]
    assert len({name_of(one) for one in jobs}) == len(jobs)
