"""`parley relay test` against the sandbox, as itself and as other relays."""

import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bots.relays.tries import ORDER
from bots.sandbox.dialects.dialect import dialect_named
from bots.sandbox.faults import Faults
from bots.sandbox.journal import Journal
from tests.cli.relayed import KEY, ROOT, STAT_TOKEN, Told, parley, write_config
from tests.cli.stands import sandbox, served
from tests.cli.terminal import Terminal

STAT = 'stat_token = "env:STAT_TOKEN"'
OWN = """\
# Mine.
like = "openai"
base_url = "{address}"
source = "seen"
checked = 2026-11-20

[capabilities] # as far as I know
image = "no"         # too dear
'edit' = 'off'
# the rest
speech = "yes"

[limits]
speech_chars = 100
"""


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("RELAY_KEY", KEY)
    monkeypatch.setenv("STAT_TOKEN", STAT_TOKEN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def standing_for(name: str) -> Iterator[str]:
    dialect = dialect_named(name)
    with served(lambda: sandbox(dialect=dialect)) as address:
        yield address + dialect.base_path


def rows(said: Told) -> dict[str, list[str]]:
    """The table's cells by call: profile, result, ms, cost, words."""
    lines = said.out.splitlines()
    head = lines[0]
    starts = [head.index(name) for name in ("profile", "result", "ms", "cost")]
    found = {}
    for line in lines[1:]:
        name = line[: starts[0]].strip()
        if name in {call.replace("_", "-") for call in ORDER} | {"total"}:
            found[name] = line[starts[0] :].split(maxsplit=4)
    return found


def test_every_call_is_tried_and_told_with_its_time_and_price(folder, capsys):
    with served(sandbox) as address:
        write_config(folder, address, more=STAT)
        said = parley(capsys, "test", "main", "--yes")
    assert said.code == 0, said
    told = rows(said)
    assert set(told) == {call.replace("_", "-") for call in ORDER} | {"total"}
    assert {cells[1] for name, cells in told.items() if name != "total"} == {"served"}
    assert all(cells[2].isdecimal() for name, cells in told.items() if name != "total")
    assert told["image"][3].startswith("$")
    assert told["models"][3] == "-"
    assert float(told["total"][0].removeprefix("$")) >= float(told["image"][3].removeprefix("$"))
    assert "nothing to note" in said.out


def test_nothing_that_costs_much_is_begun_unless_it_is_asked_for(folder, capsys, journal):
    with served(lambda: sandbox(journal=journal)) as address:
        write_config(folder, address)
        calls = "--calls", "file-upload,batch-create,fine-tune-create,batch-status"
        said = parley(capsys, "test", "main", "--yes", *calls)
        assert [one.path for one in journal.entries() if one.status == 200] == ["/v1/files"]
        assert "it looked for file-parleytest0" in said.out
        said = parley(capsys, "test", "main", "--yes", "--costly", *calls)
    told = rows(said)
    assert "batch_" in " ".join(told["batch-create"])
    assert "ft" in " ".join(told["fine-tune-create"])
    assert told["batch-create"][3] == "?"


def test_without_an_account_to_ask_prices_come_from_the_profile(folder, capsys):
    with served(sandbox) as address:
        write_config(folder, address, profile="openai")
        said = parley(capsys, "test", "main", "--yes", "--calls", "chat,stream")
    told = rows(said)
    assert "≈ $0.0000" in " ".join(told["chat"])
    assert "≈ $0.0000" in " ".join(told["total"])


def test_lines_of_an_own_profile_are_brought_up_to_date_and_all_else_stays(folder, capsys):
    with served(sandbox) as address:
        (folder / "mine.toml").write_text(OWN.format(address=address))
        write_config(folder, "", profile="mine.toml")
        kept = parley(capsys, "test", "main", "--yes", "--keep", "--calls", "image,edit,speech")
        assert (folder / "mine.toml").read_text() == OWN.format(address=address)
        said = parley(capsys, "test", "main", "--yes", "--calls", "image,edit,speech")
    expected = OWN.format(address=address)
    expected = expected.replace('"no" ', '"yes" ').replace("'off'", '"yes"')
    assert (folder / "mine.toml").read_text() == expected
    assert not (folder / "data" / "relays").exists()
    for told in (kept, said):
        assert 'image = "yes" # was "no"' in told.out
        assert 'edit = "yes" # was "off"' in told.out
    assert "Not written" in kept.out
    assert "Written into" in said.out


def test_what_was_learned_earlier_does_not_outlive_an_own_profiles_line(folder, capsys):
    (folder / "data" / "relays").mkdir(parents=True)
    learned = folder / "data" / "relays" / "main.toml"
    learned.write_text('[capabilities]\nimage = "no"\n')
    with served(sandbox) as address:
        (folder / "mine.toml").write_text(OWN.format(address=address))
        write_config(folder, "", profile="mine.toml")
        parley(capsys, "test", "main", "--yes", "--calls", "image,speech")
    (served_now,) = (x for x in parley(capsys, "list").out.splitlines() if x.startswith("  yes "))
    assert "image" in served_now
    assert "speech" not in learned.read_text()


def test_of_a_profile_that_comes_with_parley_what_was_seen_is_kept_beside_the_data(folder, capsys):
    with standing_for("rcouyi") as address:
        write_config(folder, address, profile="rcouyi")
        said = parley(capsys, "test", "main", "--yes", "--calls", "chat,edit,embedding,models")
        assert said.code == 0, said
        told = rows(said)
        assert (told["chat"][1], told["edit"][1]) == ("served", "refused")
        again = parley(capsys, "test", "main", "--yes", "--calls", "chat,edit,embedding,models")
    place = folder / "data" / "relays" / "main.toml"
    learned = tomllib.loads(place.read_text())["capabilities"]
    assert learned["edit"] == "no"
    assert 'edit = "no" # was "unknown"' in said.out
    assert "nothing to note" in again.out
    assert "edit" in next(x for x in parley(capsys, "list").out.splitlines() if "  no " in x)


def test_a_call_is_not_blamed_for_the_upload_before_it(folder, capsys):
    with standing_for("burnhair-2024") as address:
        write_config(folder, address, profile="burnhair-2024")
        calls = "--calls", "fine-tune-create,fine-tune-status", "--costly"
        said = parley(capsys, "test", "main", "--yes", *calls)
    assert "no such call (There is no POST /v1/fine_tuning/jobs" in said.out


def test_what_is_said_to_be_off_stays_off_while_it_is_not_served(folder, capsys):
    with standing_for("burnhair") as address:
        write_config(folder, address, profile="burnhair")
        said = parley(capsys, "test", "main", "--yes", "--calls", "file-upload,batch-status")
    assert said.code == 0, said
    assert rows(said)["file-upload"][0] == "off"
    assert "nothing to note" in said.out


def test_a_relay_that_only_fails_changes_nothing_and_is_told(folder, capsys):
    faults = Faults()
    with served(lambda: sandbox(faults=faults)) as address:
        write_config(folder, address)
        fault = {"kind": "status", "status": 503, "message": "no channel", "count": 9}
        httpx.post(f"{address}/sandbox/faults", json=fault).raise_for_status()
        said = parley(capsys, "test", "main", "--yes", "--calls", "chat,models")
    assert said.code == 1
    assert rows(said)["chat"][1] == "failed"
    assert "503" in said.out
    assert "Nothing was learned" in said.out


def test_without_a_terminal_it_wants_a_yes(folder, capsys, journal, monkeypatch):
    with served(lambda: sandbox(journal=journal)) as address:
        write_config(folder, address)
        with Path(os.devnull).open() as nobody:
            monkeypatch.setattr(sys, "stdin", nobody)
            said = parley(capsys, "test", "main")
    assert said.code == 1
    assert "Add --yes." in said.err
    assert journal.entries() == []


@pytest.mark.parametrize(("answer", "calls"), [("n", 0), ("y", 1)])
def test_at_a_terminal_it_asks_before_it_spends(answer, calls, folder, journal):
    with served(lambda: sandbox(journal=journal)) as address:
        write_config(folder, address)
        command = (sys.executable, "-P", "-m", "bots", "relay", "test", "main", "--calls", "chat")
        terminal = Terminal(*command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)})
        terminal.answer("spends a little. Go on?", answer)
        assert terminal.wait() == (0 if calls else 1)
    assert KEY not in terminal.seen
    assert ("served" in terminal.seen) is bool(calls)
    assert len(journal.entries()) == calls


def test_a_call_that_there_is_not_is_refused_with_those_there_are(folder, capsys):
    write_config(folder, "http://127.0.0.1:9")
    said = parley(capsys, "test", "main", "--yes", "--calls", "chat,dance")
    assert said.code == 1
    assert "got dance" in said.err
    assert "fine-tune-status" in said.err
