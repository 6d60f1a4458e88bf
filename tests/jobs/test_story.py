"""Whole stories over a real socket. In the first every command is a process of its own."""

import json

from bots.sandbox.faults import Status
from tests.jobs.stage import Place, jsonl, line
from tests.sandbox.server import Sandbox


def told(text: str) -> list[dict]:
    return [json.loads(row) for row in text.splitlines()]


def test_from_submit_to_the_answers_in_the_order_of_what_was_asked(
    relay: Sandbox, place: Place
) -> None:
    rows = [line(f"q{n}", f"What is {n}, my friend?") for n in range(7)]
    rows[3]["body"]["model"] = "gpt-99"
    file = place.write("questions.jsonl", jsonl(rows))
    given = place.parley("batch", "submit", "main", file)
    assert given.returncode == 0, given.stderr
    assert "batch 1: questions.jsonl, 7 lines: main has it as batch_sandbox_1" in given.stdout
    assert "record kept until" in given.stdout
    assert given.stdout.endswith("then parley batch fetch 1\n")
    early = place.parley("batch", "fetch", "1")
    assert (early.returncode, early.stdout) == (1, "")
    assert "nothing to fetch" in early.stderr
    place.parley("batch", "status")
    asked = place.parley("batch", "status", "1").stdout
    assert "7/7" in asked
    assert "fetch before" in asked
    fetched = place.parley("batch", "fetch", "1", "-o", str(place.folder / "out.jsonl"))
    assert fetched.returncode == 0, fetched.stderr
    answers = told((place.folder / "out.jsonl").read_text())
    assert [one["custom_id"] for one in answers] == [f"q{n}" for n in range(7)]
    for n, one in enumerate(answers):
        assert set(one) == {"custom_id", "text", "usage", "error"}
        if n == 3:
            assert "gpt-99" in one["error"]
            assert one["usage"] is None
        else:
            assert f"What is {n}, my friend?" in one["text"]
            assert one["error"] is None
            assert one["usage"]["completion_tokens"] > 0
    raw = told((place.data / "jobs" / "1.jsonl").read_text())
    assert [row["custom_id"] for row in raw] == ["q6", "q5", "q4", "q2", "q1", "q0"]
    assert "6 answers, 1 refused, 0 missing" in fetched.stderr


def test_what_was_fetched_is_given_again_without_the_relay(relay: Sandbox, place: Place) -> None:
    file = place.write("q.jsonl", jsonl([line("one"), line("two")]))
    place.parley_here("batch", "submit", "main", file)
    assert place.parley_here("batch", "fetch", "1").returncode == 1
    for _ in range(2):
        place.parley_here("batch", "status")
    first = place.parley_here("batch", "fetch", "1")
    asked = len(relay.journal.entries())
    again = place.parley_here("batch", "fetch", "1")
    assert first.returncode == again.returncode == 0
    assert first.stdout == again.stdout != ""
    assert len(relay.journal.entries()) == asked


def test_the_same_file_is_not_submitted_twice_but_anew_when_told(
    relay: Sandbox, place: Place
) -> None:
    file = place.write("q.jsonl", jsonl([line("one")]))
    place.parley_here("batch", "submit", "main", file)
    again = place.parley_here("batch", "submit", "main", file, "--anew")
    assert again.returncode == 0
    assert "batch 1: q.jsonl was given to main" in again.stdout
    for _ in range(3):
        place.parley_here("batch", "status")
    over = place.parley_here("batch", "submit", "main", file)
    assert "--anew" in over.stdout
    assert len(relay.journal.entries("batch_create")) == 1
    assert "batch 2:" in place.parley_here("batch", "submit", "main", file, "--anew").stdout
    assert len(relay.journal.entries("batch_create")) == 2


def test_prompts_a_line_become_a_batch(relay: Sandbox, place: Place) -> None:
    file = place.write("p.txt", "\ufeffhello\n\n你是谁？\r\n".encode())
    options = ("--prompts", file, "--model", "gpt-4o", "--system", "Be brief.")
    assert place.parley_here("batch", "submit", "main", *options).returncode == 0
    for _ in range(3):
        place.parley_here("batch", "status")
    answers = told(place.parley_here("batch", "fetch", "1").stdout)
    assert [one["custom_id"] for one in answers] == ["line-1", "line-3"]
    assert "你是谁？" in answers[1]["text"]
    assert "Be brief." in answers[1]["text"]


def test_a_file_too_large_is_refused_and_split_when_told(relay: Sandbox, place: Place) -> None:
    profile = place.folder / "small.toml"
    profile.write_text(
        'like = "sandbox"\nbase_url = "http://127.0.0.1"\nsource = "the tests"\n'
        "checked = 2026-11-21\n[limits]\nbatch_bytes = 600\n"
    )
    small = Place(place.folder, relay.origin, str(profile))
    file = small.write("q.jsonl", jsonl([line(f"q{n}") for n in range(7)]))
    whole = small.parley_here("batch", "submit", "main", file)
    assert whole.returncode == 1
    assert "expected at most 600, got" in whole.stderr
    assert "--split" in whole.stderr
    assert not relay.journal.entries()
    relay.faults.add(Status(call="batch_create", status=503))
    assert small.parley_here("batch", "submit", "main", file, "--split").returncode == 1
    split = small.parley_here("batch", "submit", "main", file, "--split")
    assert split.returncode == 0, split.stderr
    assert "q.jsonl (1 of 2)" in split.stdout
    created = [one for one in relay.journal.entries("batch_create") if one.status == 200]
    assert len(created) == 2
    assert small.noted(1).total + small.noted(2).total == 7
    sizes = [one.fields["file"]["size_bytes"] for one in relay.journal.entries("file_upload")]
    assert max(sizes) <= 600


def test_a_fine_tuning_job_from_start_to_its_model(relay: Sandbox, place: Place) -> None:
    talk = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    examples = place.write("t.jsonl", jsonl([{"messages": talk}] * 12))
    command = ("finetune", "start", "main", examples, "--model", "gpt-4o", "--suffix", "mine")
    more = ("--epochs", "2", "--validation", examples)
    started = place.parley_here(*command, *more)
    assert started.returncode == 0, started.stderr
    again = place.parley_here(*command, *more)
    assert "already" in again.stdout
    assert len(relay.journal.entries("fine_tune_create")) == 1
    (body,) = [one.body for one in relay.journal.entries("fine_tune_create")]
    assert body["hyperparameters"] == {"n_epochs": 2}
    assert body["validation_file"]
    for _ in range(4):
        shown = place.parley_here("finetune", "status", "1")
    assert place.noted().state == "ended"
    assert "ft:gpt-4o:sandbox:mine:1" in shown.stdout


def test_where_the_relay_tells_nothing_of_a_job_its_state_stays(
    relay: Sandbox, place: Place
) -> None:
    examples = place.write("t.jsonl", jsonl([{"messages": []}]))
    place.parley_here("finetune", "start", "main", examples, "--model", "gpt-4o")
    relay.faults.add(Status(call="fine_tune_status", status=404))
    shown = place.parley_here("finetune", "status")
    assert shown.returncode == 1
    assert "validating_files" in shown.stdout
    assert "404" in shown.stderr
    assert place.noted().state == "submitted"
