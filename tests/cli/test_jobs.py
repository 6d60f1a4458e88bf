"""`parley batch` and `parley finetune`: what is refused before anything is sent."""

from pathlib import Path

import pytest

from bots.cli import main
from tests.jobs.stage import Place, jsonl, line

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("A_KEY", "sk-jobs")
    return Place(tmp_path, NOBODY)


def parley(place: Place, *arguments: str) -> int:
    return main([*arguments, "--config", str(place.config)])


@pytest.mark.parametrize("command", ["submit", "status", "fetch", "list"])
def test_each_command_of_batch_explains_itself(command, capsys):
    with pytest.raises(SystemExit):
        main(["batch", command, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: parley batch {command}")


@pytest.mark.parametrize("command", ["start", "status"])
def test_each_command_of_finetune_explains_itself(command, capsys):
    with pytest.raises(SystemExit):
        main(["finetune", command, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: parley finetune {command}")


def test_with_nothing_submitted_the_table_says_so(place, capsys):
    assert parley(place, "batch", "list") == 0
    assert parley(place, "batch", "status") == 0
    assert capsys.readouterr().out == "There are none yet.\n" * 2


@pytest.mark.parametrize("wrong", ["0", "-1", "two"])
def test_a_number_that_is_none_is_refused(place, capsys, wrong):
    with pytest.raises(SystemExit):
        parley(place, "batch", "fetch", wrong)
    assert "N" in capsys.readouterr().err


def test_a_number_that_nobody_gave_is_told(place, capsys):
    assert parley(place, "batch", "fetch", "7") == 1
    assert "expected the number of a job, got 7" in capsys.readouterr().err


@pytest.mark.parametrize("given", [(), ("q.jsonl", "--prompts", "p.txt")])
def test_one_input_is_wanted(place, capsys, given):
    assert parley(place, "batch", "submit", "main", *given) == 1
    assert "expected one of FILE and --prompts" in capsys.readouterr().err


def test_a_model_for_requests_that_name_their_own_is_refused(place, capsys):
    assert parley(place, "batch", "submit", "main", "q.jsonl", "--model", "m") == 1
    assert "--model and --system are for --prompts" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "got none"),
        (b"{", "q.jsonl, line 1"),
        (jsonl([line("a"), line("a")]), 'line 2: expected a custom_id of its own, got "a" again'),
        (jsonl([{"custom_id": "a"}]), "line 1: Object missing required field"),
    ],
)
def test_a_file_that_is_no_batch_is_refused_before_anything_is_sent(place, capsys, content, said):
    assert parley(place, "batch", "submit", "main", place.write("q.jsonl", content)) == 1
    assert said in capsys.readouterr().err
    assert not (place.data / "jobs").exists()


OWN = """
like = "openai"
base_url = "https://relay.example"
source = "its page"
checked = 2026-11-21
capabilities = { batch_create = "no" }
"""


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("burnhair", 'set relays.main.profile = "burnhair-2024"'),
        ("own.toml", "Choose a relay with another profile: burnhair-2024, openai"),
    ],
)
def test_a_relay_without_batches_is_refused_with_a_way_to_one(
    tmp_path, monkeypatch, capsys, profile, said
):
    monkeypatch.setenv("A_KEY", "sk-jobs")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text(OWN)
    place = Place(tmp_path, NOBODY, profile)
    file = place.write("q.jsonl", jsonl([line("a")]))
    assert parley(place, "batch", "submit", "main", file) == 1
    assert said in capsys.readouterr().err


def test_a_suffix_longer_than_the_relay_takes_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("A_KEY", "sk-jobs")
    place = Place(tmp_path, NOBODY, "zhizengzeng")
    file = place.write("t.jsonl", jsonl([{"messages": []}]))
    options = ("--model", "gpt-3.5-turbo", "--suffix", "x" * 41)
    assert parley(place, "finetune", "start", "main", file, *options) == 1
    assert "expected at most 40, got 41" in capsys.readouterr().err


def test_a_relay_that_is_not_there_leaves_the_job_to_be_given_again(place, capsys):
    file = place.write("q.jsonl", jsonl([line("a")]))
    assert parley(place, "batch", "submit", "main", file) == 1
    assert "no connection" in capsys.readouterr().err
    assert place.noted().state == "prepared"
