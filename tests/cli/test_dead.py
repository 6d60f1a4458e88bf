"""`parley dead`: what was set aside is listed, shown, put back and dropped, with no bot running."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bots.cli import main
from bots.instance import sole_use
from bots.orders import give
from storage.store import SqlStore
from tests.cli.kept import Watch, fill, folder, parley
from tests.store.talk import answer, ask, message

__all__ = ["folder"]

FIRST, SECOND = "01a1fbc7d7b016469a5e434821d6", "02a1fbc7d7b016469a5e434821d6"
FINE = "03a1fbc7d7b016469a5e434821d6"


async def two_aside(store: SqlStore, _watch: Watch) -> None:
    for name, who, why in ((FIRST, "ann", "ValueError: no"), (SECOND, "bob", "x" * 100)):
        asked = message(name, who, text="the canary\x1b[2J is Piet")
        await ask(store, asked)
        await store.commit(answer(asked, "sorry", dead=why))
    await ask(store, message(FINE))
    await store.commit(answer(message(FINE), "fine"))


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "data/parley.db")) as connection:
        return connection.execute(query).fetchall()


def test_the_list_says_whose_when_and_why_and_no_word_of_it(folder: Path, capsys) -> None:
    fill(folder, two_aside)
    head, first, second = parley(capsys, "dead", "list").out.splitlines()
    assert head.split() == ["id", "set", "aside", "(UTC)", "platform", "bot", "who", "tries", "why"]
    assert first.startswith(f"{FIRST}  2026-11-21 12:00:00  web       bot  name of ann (ann)  1")
    assert first.endswith("ValueError: no")
    assert second.endswith("x" * 71 + "…")
    assert "Piet" not in first + second


def test_one_is_shown_with_its_text_and_whole_reason(folder: Path, capsys) -> None:
    fill(folder, two_aside)
    said = parley(capsys, "dead", "show", SECOND[:8])
    assert said.code == 0, said
    assert "x" * 100 in said.out
    assert said.out.endswith("\n\nthe canary\\x1b[2J is Piet\n")


def test_nothing_set_aside_is_said_and_no_error(folder: Path, capsys) -> None:
    fill(folder, lambda store, _watch: ask(store, message(FINE)))
    for arguments in (("list",), ("retry", "--all"), ("drop", "--all")):
        said = parley(capsys, "dead", *arguments)
        assert (said.code, said.out) == (0, "No message is set aside.\n")


def test_what_is_put_back_is_new_and_told_of_by_trace(folder: Path, capsys) -> None:
    fill(folder, two_aside)
    said = parley(capsys, "dead", "retry", FIRST[:10])
    assert said.out == f"{FIRST}: put back; a bot that runs answers it now, else the next start\n"
    assert rows(folder, "SELECT id, state, attempt FROM inbox WHERE state = 'new'") == [
        (FIRST, "new", 0)
    ]
    assert FIRST not in parley(capsys, "dead", "list").out
    assert "put back after it had been set aside" in parley(capsys, "trace", FIRST).out


def test_what_is_dropped_leaves_no_word_anywhere_on_the_disk(folder: Path, capsys) -> None:
    fill(folder, two_aside)
    assert parley(capsys, "dead", "drop", "--all").out == f"{FIRST}: dropped\n{SECOND}: dropped\n"
    assert parley(capsys, "dead", "list").out == "No message is set aside.\n"
    for path in folder.glob("data/parley.db*"):
        assert b"Piet" not in path.read_bytes()
    assert rows(folder, "SELECT count(*) FROM inbox") == [(3,)]
    assert rows(folder, "SELECT payload FROM replies") != []
    assert "set aside: dropped" in parley(capsys, "trace", FIRST).out


@pytest.mark.parametrize("command", ["show", "retry", "drop"])
def test_a_message_that_is_not_set_aside_is_left_alone(command: str, folder: Path, capsys) -> None:
    fill(folder, two_aside)
    said = parley(capsys, "dead", command, FINE)
    assert said.code == 1
    assert f"expected messages that are set aside, got {FINE}" in said.err
    said = parley(capsys, "dead", command, "ffffffffff")
    assert "which no stored message has" in said.err
    assert rows(folder, "SELECT count(*) FROM inbox WHERE state = 'dead'") == [(2,)]


def test_whoever_names_one_wrong_has_nothing_done(folder: Path, capsys) -> None:
    fill(folder, two_aside)
    assert parley(capsys, "dead", "drop", FIRST, FINE).code == 1
    assert rows(folder, "SELECT count(*) FROM inbox WHERE state = 'dead'") == [(2,)]


@pytest.mark.parametrize("command", ["retry", "drop"])
def test_all_is_said_and_never_guessed(command: str, folder: Path, capsys) -> None:
    with pytest.raises(SystemExit):
        main(["dead", command])
    with pytest.raises(SystemExit):
        main(["dead", command, "--all", FIRST])
    assert "--all" in capsys.readouterr().err


def test_a_process_that_does_not_listen_is_left_an_order(folder: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("bots.dead.dead.give", partial(give, within_s=0.1))
    fill(folder, two_aside)
    with sole_use(folder / "data"):
        said = parley(capsys, "dead", "retry", FIRST)
    assert said.code == 1
    assert "the order waits for it" in said.err
    (order,) = (folder / "data/orders").iterdir()
    assert FIRST in order.read_text()
    assert rows(folder, "SELECT count(*) FROM inbox WHERE state = 'dead'") == [(2,)]
