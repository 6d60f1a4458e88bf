"""Calls by hand stand in the ledger: beside a bot, alone, and where that cannot be."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bots.ledger.entering import ENTER, entering_of, payload_of
from bots.ledger.orders import LedgerOrders
from bots.orders import Orders, leave
from bots.sandbox.faults import Faults, Lose
from core.errors import ConfigError
from core.model import Spend
from storage.media import FileMedia
from storage.store import SqlStore
from tests.cli.relayed import KEY, ROOT, STAT_TOKEN, Told, piped
from tests.cli.stands import sandbox, served

CLIP = ROOT / "tests" / "clips" / "market.ogg"
CONFIG = """
[server]
private = "127.0.0.1:0"
[relays.main]
profile = "sandbox"
base_url = "{address}"
key = "env:RELAY_KEY"
stat_token = "env:STAT_TOKEN"
[bots.web]
platform = "web"
[log]
level = "warning"
"""
CALLS = (
    ["chat", "hello"],
    ["chat", "hello there", "--stream"],
    ["completion", "Once upon a time", "--max-tokens", "30"],
    ["edit", "Fix it", "--input", "helo"],
    ["image", "a hill", "--size", "256x256", "--n", "2"],
    ["speech", "hello", "-o", "hello.mp3"],
    ["models"],
    ["user-stat"],
)
KINDS = ["chat", "chat", "completion", "edit", "image", "speech"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with served(sandbox) as address:
        (tmp_path / "config.toml").write_text(CONFIG.format(address=address))
        yield tmp_path


def call(folder: Path, *arguments: str) -> Told:
    return piped(folder, "call", "main", *arguments, STAT_TOKEN=STAT_TOKEN)


def quota(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bots", "quota", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    return done.stdout.decode()


def environment() -> dict[str, str]:
    given = {"PYTHONPATH": str(ROOT), "RELAY_KEY": KEY, "STAT_TOKEN": STAT_TOKEN}
    return os.environ | given | {"LC_ALL": "C.UTF-8"}


def rows(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in quota(folder, "export", "--json").splitlines()]


@contextmanager
def bot(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """It reads the relay's account at its start."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "bots", "run"],
        cwd=folder,
        env=environment(),
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stderr is not None
    try:
        assert "http" in process.stderr.readline()
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
        process.wait(15)
        process.stderr.close()


def test_without_a_bot_each_call_that_costs_is_a_row_under_the_terminals_name(folder):
    for arguments in CALLS:
        said = call(folder, *arguments)
        assert said.code == 0, said
        assert "ledger" not in said.err
    found = rows(folder)
    assert [row["kind"] for row in found] == KINDS
    assert {(row["person"], row["bot"], row["group"]) for row in found} == {("terminal", "", "")}
    assert {(row["relay"], row["key"], row["unsure"]) for row in found} == {("main", "key", False)}
    assert all(row["usd"] and row["reserved_usd"] is None for row in found)
    assert found[4]["images"] == 2
    assert len({row["message"] for row in found}) == len(found)
    shown = quota(folder, "show")
    assert re.search(r"^terminal +owner +0 ", shown, re.MULTILINE)
    assert re.search(r"^terminal +6 ", quota(folder, "report"), re.MULTILINE)
    assert "unlimited" in quota(folder, "show", "terminal")


def test_beside_a_running_bot_ledger_and_relay_agree(folder):
    call(folder, "chat", "a key's first call is what makes its token appear")
    with bot(folder) as process:
        read_once(folder)
        for arguments in CALLS:
            said = call(folder, *arguments)
            assert (said.code, "ledger" in said.err) == (0, False), said
        process.terminate()
        process.wait(15)
    with bot(folder):
        told = read_once(folder, after=1)
    assert re.search(r"^main:key +\$0\.\d+ +\$0\.\d+ +\+0\.0 %$", told, re.MULTILINE), told
    assert [row["kind"] for row in rows(folder)][1:] == KINDS


def read_once(folder: Path, after: int = 0) -> str:
    """The report, once the bot has read the account, or read it again."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        told = readings(folder)
        if len(told) > after:
            return quota(folder, "report")
        time.sleep(0.1)
    raise AssertionError(f"expected the account to be read, got {told}")


def readings(folder: Path) -> list[tuple[object, ...]]:
    path = folder / "data" / "parley.db"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        query = (
            "SELECT used FROM readings WHERE relay = 'main' AND subject <> 'account' ORDER BY at"
        )
        return connection.execute(query).fetchall()
    finally:
        connection.close()


# -- where it is not as it should be ----------------------------------------------------


def test_calls_at_once_without_a_bot_are_all_written(folder):
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda word: call(folder, "chat", word), ("a", "b", "c", "d")))
    assert all((said.code, "ledger" in said.err) == (0, False) for said in told), told
    assert len(rows(folder)) == 4
    assert not any((folder / "data" / "orders").glob("*.order"))


def test_a_bot_that_does_not_answer_is_told_and_writes_it_once_it_goes_on(folder):
    with bot(folder) as process:
        process.send_signal(signal.SIGSTOP)
        said = call(folder, "chat", "hello")
        assert (said.code, "hello" in said.out) == (0, True)
        (line,) = (line for line in said.err.splitlines() if "ledger" in line)
        assert "The ledger lacks this call: expected the running Parley to do this" in line
        assert "the order waits for it" in line
        process.send_signal(signal.SIGCONT)
        until = time.monotonic() + 10
        while not rows(folder) and time.monotonic() < until:
            time.sleep(0.1)
        assert len(rows(folder)) == 1


def test_a_ledger_that_cannot_be_written_keeps_no_answer_back(folder):
    call(folder, "models")
    (folder / "data" / "parley.db").write_bytes(b"no database" * 1000)
    said = call(folder, "chat", "hello", "--stream")
    assert (said.code, "hello" in said.out) == (0, True)
    (line,) = (line for line in said.err.splitlines() if "ledger" in line)
    assert line.startswith("The ledger lacks this call: database ")


def test_a_call_that_was_refused_is_no_row_and_one_that_was_lost_is_an_unsure_one(folder):
    said = call(folder, "chat", "hello", "--model", "gpt-99")
    assert said.code == 1
    with served(lambda: sandbox(faults=losing())) as address:
        (folder / "config.toml").write_text(CONFIG.format(address=address))
        assert call(folder, "chat", "hello").code == 1
    (row,) = rows(folder)
    assert (row["unsure"], row["estimated"], row["model"]) == (True, True, "sandbox-chat")


def losing() -> Faults:
    faults = Faults()
    faults.add(Lose(call="chat"))
    return faults


def test_what_a_trial_came_to_is_written_too(folder):
    said = piped(folder, "test", "main", "--yes", "--keep", STAT_TOKEN=STAT_TOKEN)
    assert said.code == 0, said
    kinds = sorted(str(row["kind"]) for row in rows(folder))
    heard = ["speech", "transcription", "translation"]
    assert kinds == sorted(["chat", "chat", "completion", "edit", "embedding", "image", *heard])


async def test_an_order_that_is_carried_out_twice_is_one_set_of_rows(tmp_path):
    store = await SqlStore.open(f"sqlite:///{tmp_path}/parley.db", FileMedia(tmp_path / "media"))
    at = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    spend = Spend(kind="chat", relay="main", model="m", key="key", at=at, nano_usd=5)
    answer = leave(tmp_path, ENTER, payload_of("one", [spend, spend], "Asia/Shanghai"))
    order = answer.with_suffix(".order")
    left = order.read_bytes()
    for _ in range(2):
        order.write_bytes(left)  # as if it could not be put away before the process ended
        assert await Orders(tmp_path, LedgerOrders(store).does()).look() == 1
        assert not json.loads(answer.read_bytes())["wrong"]
    assert (await store.spending("2026-11-22", "2026-11-22")).total.calls == 2
    assert (await store.used("all", "2026-11-22")).nano_usd == 10
    await store.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"day": "soon"},
        {"spends": [{"kind": "dance"}]},
        {"spends": [{"kind": "chat", "relay": "m", "model": "m", "at": "2026-11-21T00:00:00"}]},
    ],
)
def test_an_order_that_is_none_is_refused(wrong):
    with pytest.raises(ConfigError, match="expected an order with calls"):
        entering_of({"name": "one", "day": "2026-11-21", "spends": []} | wrong)
