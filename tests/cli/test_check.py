import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from bots.check import check
from core.model import SetSetting
from storage.media import FileMedia
from storage.store import SqlStore
from tests.cli.relay import KEY, relay

CONFIG = """
[server]
private = "127.0.0.1:{private}"
public = "127.0.0.1:{public}"
[relays.main]
profile = "openai"
base_url = "{relay}"
key = "env:A_KEY"
[routes]
chat = ["main:{model}"]
[bots.web]
platform = "web"
"""


@pytest.fixture
def ports() -> list[int]:
    """Two that are free, as far as anybody can tell."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        return [one.getsockname()[1], two.getsockname()[1]]


@pytest.fixture
def written(tmp_path: Path, ports: list[int], monkeypatch: pytest.MonkeyPatch):
    def write(address: str, key: str = KEY, model: str = "tiny-chat") -> Path:
        monkeypatch.setenv("A_KEY", key)
        path = tmp_path / "config.toml"
        text = CONFIG.format(private=ports[0], public=ports[1], relay=address, model=model)
        path.write_text(text)
        return path

    return write


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What is said about each thing, its state in front."""
    said = {}
    for line in capsys.readouterr().out.splitlines():
        state, rest = line.split(maxsplit=1)
        about, words = rest.split("  ", maxsplit=1)
        said[about] = f"{state} {words.strip()}"
    return said


def test_all_is_well(written, capsys):
    with relay(KEY) as address:
        assert check(written(address), offline=False) == 0
    said = lines(capsys)
    assert said["config"].startswith("ok")
    assert said["database"].endswith("will be made")
    assert said["private port"].endswith("is free")
    assert "3 models in" in said["relay main"]
    assert {words.split()[0] for words in said.values()} == {"ok"}


def test_every_mistake_in_the_configuration_is_told(tmp_path, capsys):
    path = tmp_path / "config.toml"
    path.write_text("[log]\nlevel = 3\nform = 4\n")
    assert check(path, offline=True) == 1
    said = capsys.readouterr().out
    assert "line 2: log.level" in said
    assert "line 3: log.form" in said


def test_a_key_that_is_refused_is_told_and_not_shown(written, capsys):
    with relay("another") as address:
        assert check(written(address), offline=False) == 1
    said = lines(capsys)["relay main"]
    assert said.startswith("WRONG")
    assert "401" in said
    assert KEY not in said


def test_a_relay_that_is_not_there_is_told(written, ports, capsys):
    assert check(written(f"http://127.0.0.1:{ports[0]}"), offline=False) == 1
    assert lines(capsys)["relay main"].startswith("WRONG")


def test_offline_no_relay_is_called(written, ports, capsys):
    assert check(written(f"http://127.0.0.1:{ports[0]}"), offline=True) == 0
    assert "relay main" not in lines(capsys)


def test_a_model_that_the_relay_does_not_list_is_noted(written, capsys):
    with relay(KEY) as address:
        assert check(written(address, model="huge-chat"), offline=False) == 0
    assert lines(capsys)["relay main"].startswith("note")


def test_a_proxy_that_is_not_there_is_told_without_its_password(
    written, ports, monkeypatch, capsys
):
    path = written("https://example.invalid")
    monkeypatch.setenv("A_PROXY", f"http://me:hunter2@127.0.0.1:{ports[0]}")
    path.write_text(path.read_text() + '[proxy]\nurl = "env:A_PROXY"\n')
    assert check(path, offline=False) == 1
    said = capsys.readouterr().out
    assert f"127.0.0.1:{ports[0]} cannot be reached" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("given", "noted"), [("expire_s = 300.0", True), ("outage_wait_s = 60.0", False)]
)
def test_a_wait_that_is_cut_short_by_another_setting_is_noted(written, capsys, given, noted):
    path = written("http://127.0.0.1:1")
    path.write_text(f"{path.read_text()}{given}\n")
    assert check(path, offline=True) == 0
    said = lines(capsys)
    assert ("bots.web.outage_wait_s" in said) is noted
    if noted:
        assert "note" in said["bots.web.outage_wait_s"]
        assert "expected at most expire_s, 300, got 600" in said["bots.web.outage_wait_s"]


def test_a_port_that_something_else_has_is_told(written, ports, capsys):
    with socket.create_server(("127.0.0.1", ports[1])) as taken:
        taken.settimeout(0)
        assert check(written("http://127.0.0.1:1"), offline=True) == 1
    assert lines(capsys)["public port"].startswith("WRONG")


def test_a_secret_that_others_can_read_is_noted(written, tmp_path, capsys):
    path = written("http://127.0.0.1:1")
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "key").chmod(0o644)
    path.write_text(path.read_text().replace("env:A_KEY", "file:key"))
    assert check(path, offline=True) == 0
    assert f"chmod 600 {tmp_path / 'key'}" in lines(capsys)["secrets"]


def database(folder: Path, version: str) -> None:
    (folder / "data").mkdir()
    with closing(sqlite3.connect(folder / "data" / "parley.db")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
        connection.commit()


def test_a_database_of_a_newer_parley_is_told(written, tmp_path, capsys):
    database(tmp_path, "9999")
    assert check(written("http://127.0.0.1:1"), offline=True) == 1
    assert "schema 9999 is newer" in lines(capsys)["database"]


def test_a_database_of_an_older_parley_is_told_to_be_upgraded(written, tmp_path, capsys):
    database(tmp_path, "0000")
    assert check(written("http://127.0.0.1:1"), offline=True) == 0
    assert "to be upgraded" in lines(capsys)["database"]


def test_a_file_that_is_no_database_is_told(written, tmp_path, capsys):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "parley.db").write_text("not a database " * 100)
    assert check(written("http://127.0.0.1:1"), offline=True) == 1
    assert lines(capsys)["database"].startswith("WRONG")


@asynccontextmanager
async def at_work(folder: Path, **bindings: str) -> AsyncIterator[None]:
    """A process that has the database open, with bindings that were decided."""
    (folder / "data").mkdir()
    store = await SqlStore.open(f"sqlite:///{folder}/data/parley.db", FileMedia(folder / "media"))
    try:
        settings = [
            SetSetting(scope="bindings", name=f"telegram:{who}", value=token)
            for who, token in bindings.items()
        ]
        await store.decide(settings, "terminal")
        yield
    finally:
        await store.close()


@pytest.mark.parametrize(
    ("more", "outcome"),
    [("", "so their calls fail"), ("[limits]\nfallback_to_common = true\n", "by the common keys")],
)
async def test_a_binding_to_a_key_that_is_gone_is_noted_beside_a_bot_at_work(
    written, tmp_path, monkeypatch, capsys, more, outcome
):
    path = written("http://127.0.0.1:1")
    monkeypatch.setenv("BOB", KEY)
    tokens = 'tokens = { bob = "env:BOB" }\n[routes]'
    path.write_text(path.read_text().replace("[routes]", tokens) + more)
    async with at_work(tmp_path, amy="main:alice", bob="main:bob", carl="none"):
        assert await asyncio.to_thread(check, path, offline=True) == 0
    said = capsys.readouterr().out
    assert said.count("note   bindings") == 1
    assert "telegram:amy is bound to main:alice, which is not configured" in said
    assert outcome in said
    assert "parley quota bind telegram:amy none" in said


def test_a_table_in_a_pipe_has_no_colours(written, capsys):
    check(written("http://127.0.0.1:1"), offline=True)
    assert "\x1b" not in capsys.readouterr().out


def test_a_relay_that_cannot_be_opened_keeps_its_line_in_the_table(written, monkeypatch, capsys):
    path = written("http://127.0.0.1:1", key="two words")
    assert check(path, offline=False) == 1
    said = lines(capsys)
    assert said["relay main"].startswith("WRONG")
    assert "relays.main.key" in said["relay main"]
    assert "two words" not in said["relay main"]
    assert "database" in said


@pytest.mark.parametrize(("given", "code", "state"), [(KEY, 0, "ok"), ("another", 1, "WRONG")])
def test_a_stat_token_is_tried_where_one_is_set(written, monkeypatch, capsys, given, code, state):
    with relay(KEY) as address:
        path = written(address)
        text = path.read_text().replace('"openai"', '"sandbox"')
        monkeypatch.setenv("A_TOKEN", given)
        path.write_text(text.replace("[routes]", 'stat_token = "env:A_TOKEN"\n[routes]'))
        assert check(path, offline=False) == code
    said = lines(capsys)
    assert said["quota main"].startswith(state)
