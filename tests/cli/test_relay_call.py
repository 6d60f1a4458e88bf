"""`parley relay call`: every call, made against the sandbox relay on a real socket."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.cli import main
from bots.instance import sole_use
from bots.relays.call_arguments import CALLS
from bots.sandbox.journal import Journal
from core.sound import to_amr
from tests.cli.relayed import KEY, STAT_TOKEN, parley, piped, write_config
from tests.cli.stands import sandbox, served

CLIP = Path(__file__).parents[1] / "clips" / "market.ogg"
BATCH = b'{"custom_id": "one", "method": "POST", "url": "/v1/chat/completions", "body": {}}\n'


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(sandbox) as one:
        yield one


@pytest.fixture
def folder(address, tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("RELAY_KEY", KEY)
    monkeypatch.setenv("STAT_TOKEN", STAT_TOKEN)
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path, address, more='stat_token = "env:STAT_TOKEN"')
    return tmp_path


SPOKEN = {
    "chat": (["hello there", "--model", "gpt-4o", "--temperature", "0"], "hello there"),
    "completion": (["Once upon a time", "--max-tokens", "30"], ""),
    "edit": (["Fix the spelling", "--input", "helo"], ""),
    "transcription": ([str(CLIP), "--language", "en", "--temperature", "0"], ""),
    "translation": ([str(CLIP)], ""),
    "models": (["--match", "whisper"], "whisper-1"),
    "user-stat": ([], "the key of these calls"),
    "key-quota": ([], "granted: $1,000.00\n"),
}


@pytest.mark.parametrize("call", SPOKEN)
def test_text_comes_on_standard_output_and_the_time_beside_it(call, folder, capsys):
    arguments, words = SPOKEN[call]
    said = parley(capsys, "call", "main", call, *arguments)
    assert said.code == 0, said
    assert words in said.out
    assert said.out.strip()
    assert said.err.endswith(" s\n")


def test_every_call_can_be_made_and_explains_itself(capsys):
    for call in CALLS:
        with pytest.raises(SystemExit) as ended:
            main(["relay", "call", "main", call, "--help"])
        assert ended.value.code == 0
        assert f"usage: parley relay call NAME {call}" in capsys.readouterr().out


def test_a_stream_is_the_same_text_as_the_whole_answer(folder, capsys):
    whole = parley(capsys, "call", "main", "chat", "hello")
    streamed = parley(capsys, "call", "main", "chat", "hello", "--stream")
    assert streamed.out == whole.out
    assert "sandbox-chat, " in streamed.err
    assert "tokens" in streamed.err


def test_a_talk_is_given_turn_by_turn(folder, capsys):
    turns = ["--system", "Be brief.", "--user", "one", "--assistant", "two"]
    said = parley(capsys, "call", "main", "chat", *turns, "three")
    assert "three" in said.out
    listed = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    (folder / "talk.json").write_text(json.dumps(listed))
    arguments = ["--system", "Be brief.", "--messages", "talk.json", "three"]
    assert parley(capsys, "call", "main", "chat", *arguments).out == said.out


def test_several_answers_are_told_one_after_the_other(folder, capsys):
    said = parley(capsys, "call", "main", "chat", "hello", "--n", "2", "--json")
    told = json.loads(said.out)
    assert len(told["alternatives"]) == 1
    assert told["usage"]["estimated"] is False


def test_vectors_come_a_line_each(folder, capsys):
    said = parley(capsys, "call", "main", "embedding", "one", "two", "--dimensions", "8")
    vectors = [json.loads(line) for line in said.out.splitlines()]
    assert [len(vector) for vector in vectors] == [8, 8]


@pytest.mark.parametrize("form", ["url", "b64_json"])
def test_pictures_are_saved_and_named(form, folder, capsys):
    arguments = ["a hill", "--size", "256x256", "--n", "2", "--format", form]
    said = parley(capsys, "call", "main", "image", *arguments, "-o", "hill.png")
    assert said.out == ""
    assert "hill.png: " in said.err
    for name in ("hill.png", "hill-2.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_a_file_that_nobody_named_is_never_written_over(folder, capsys):
    for _ in range(2):
        parley(capsys, "call", "main", "speech", "hello", "--format", "wav", "--speed", "1.5")
    assert {path.name for path in folder.glob("speech*")} == {"speech.wav", "speech-2.wav"}


def test_bytes_are_a_number_in_json(folder, capsys):
    said = parley(capsys, "call", "main", "speech", "hello", "-o", "hello.mp3", "--json")
    size_bytes = (folder / "hello.mp3").stat().st_size
    assert json.loads(said.out) == {"content_bytes": size_bytes, "mime": "audio/mpeg"}


def test_subtitles_come_as_they_are(folder, capsys):
    said = parley(capsys, "call", "main", "transcription", str(CLIP), "--format", "srt")
    assert "-->" in said.out


def test_verbose_json_is_told_as_json_with_its_segments(folder, capsys):
    said = parley(capsys, "call", "main", "transcription", str(CLIP), "--format", "verbose_json")
    told = json.loads(said.out)
    assert told["duration_s"] > 1
    assert told["segments"][0]["end_s"] > 0


def test_a_recording_of_a_format_that_relays_do_not_take_is_turned_first(folder, capsys):
    (folder / "talk.amr").write_bytes(to_amr(CLIP.read_bytes()))
    journal = Journal()
    with served(lambda: sandbox(journal=journal)) as own:
        write_config(folder, own)
        said = parley(capsys, "call", "main", "transcription", "talk.amr")
    assert said.code == 0, said
    (sent,) = (entry.fields["file"]["filename"] for entry in journal.entries())
    assert Path(sent).suffix == ".mp3"


def test_a_file_a_batch_and_a_job_are_begun_and_followed(folder, capsys):
    (folder / "batch.jsonl").write_bytes(BATCH)
    said = parley(capsys, "call", "main", "file-upload", "batch.jsonl", "--purpose", "batch")
    file = dict(line.split(": ") for line in said.out.splitlines())
    assert parley(capsys, "call", "main", "file-content", file["id"]).out.encode() == BATCH
    said = parley(capsys, "call", "main", "batch-create", file["id"], "--json")
    batch = json.loads(said.out)
    assert batch["input_file_id"] == file["id"]
    said = parley(capsys, "call", "main", "batch-status", batch["id"])
    assert f"id: {batch['id']}" in said.out


def test_a_fine_tuning_job_is_begun_and_followed(folder, capsys):
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
    (folder / "train.jsonl").write_text((json.dumps({"messages": turns}) + "\n") * 10)
    uploaded = ["file-upload", "train.jsonl", "--purpose", "fine-tune", "--json"]
    file = json.loads(parley(capsys, "call", "main", *uploaded).out)
    arguments = [file["id"], "--model", "gpt-3.5-turbo", "--hyperparameter", "n_epochs=3"]
    job = json.loads(parley(capsys, "call", "main", "fine-tune-create", *arguments, "--json").out)
    assert job["training_file"] == file["id"]
    said = parley(capsys, "call", "main", "fine-tune-status", job["id"])
    assert f"id: {job['id']}" in said.out


def test_no_hash_of_a_key_is_told(folder, capsys):
    parley(capsys, "call", "main", "chat", "hello")
    told = json.loads(parley(capsys, "call", "main", "user-stat", "--json").out)
    assert all("key_hash" not in token for token in told["tokens"])
    assert [token["last4"] for token in told["tokens"] if token["own"]] == [KEY[-4:]]


# -- pipes ------------------------------------------------------------------------


def test_standard_input_is_read_and_standard_output_holds_the_answer_alone(folder):
    said = piped(folder, "call", "main", "chat", "-", typed="你好\n".encode())
    assert "你好" in said.out
    said = piped(folder, "call", "main", "transcription", "-", typed=CLIP.read_bytes())
    assert said.code == 0, said
    assert said.out.strip()


def test_it_works_beside_a_running_bot_and_opens_no_database(folder):
    with sole_use(folder / "data"):
        said = piped(folder, "call", "main", "chat", "hello")
    assert said.code == 0, said
    assert "hello" in said.out
    assert "The ledger lacks this call: expected the running Parley to do this" in said.err
    kept = {path.name for path in (folder / "data").iterdir()}
    assert kept == {"instance.key", "in-use.lock", "orders"}


# -- what is wrong ----------------------------------------------------------------

WRONG = {
    "a name that is none": (["other", "chat", "hi"], 'expected one of main, got "other"'),
    "no words": (["main", "chat"], "Give TEXT, --user or --messages."),
    "no file": (["main", "transcription", "none.ogg"], "none.ogg: expected a file to read"),
    "no folder": (["main", "speech", "hi", "-o", "no/where.mp3"], "expected a file to write"),
    "no messages": (["main", "chat", "--messages", "config.toml"], "expected a list as in"),
    "no such batch": (["main", "batch-status", "batch_none"], "404"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_in_one_line(case, folder, capsys):
    arguments, words = WRONG[case]
    said = parley(capsys, "call", *arguments)
    assert said.code == 1
    assert said.out == ""
    assert words in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chat", "hi", "--temperature", "warm"], "expected a number, got warm"),
        (["chat", "hi", "--n", "-1"], "expected a whole number"),
        (["file-upload", "x", "--purpose", "fun"], "invalid choice"),
        (["fine-tune-create", "f", "--model", "m", "--hyperparameter", "x"], "NAME=VALUE"),
    ],
)
def test_an_option_of_another_form_is_refused_with_what_was_expected(arguments, words, capsys):
    with pytest.raises(SystemExit):
        main(["relay", "call", "main", *arguments])
    assert words in capsys.readouterr().err


# -- the list ---------------------------------------------------------------------


def test_relays_are_listed_with_what_they_serve_and_no_part_of_a_key(folder, capsys):
    more = (
        '[relays."智增"]\nprofile = "zhizengzeng"\nallow_plain_http = true\nkey = "env:RELAY_KEY"'
    )
    with (folder / "config.toml").open("a", encoding="utf-8") as file:
        file.write(more)
    said = parley(capsys, "list")
    lines = said.out.splitlines()
    assert lines[0].split() == [
        "main",
        "sandbox",
        lines[0].split()[2],
        "1",
        "key,",
        "stat",
        "token",
    ]
    assert any(line.startswith("智增  zhizengzeng") for line in lines)
    assert any(line.startswith("  unknown  ") and "speech" in line for line in lines)
    assert KEY[-4:] not in said.out


def test_what_was_learned_counts_in_the_list(folder, capsys):
    place = folder / "data" / "relays"
    place.mkdir(parents=True)
    (place / "main.toml").write_text('[capabilities]\nimage = "no"\n')
    assert "  no   image\n" in parley(capsys, "list").out
