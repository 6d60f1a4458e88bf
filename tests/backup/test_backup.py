"""`parley backup`: one file, beside a bot at work."""

import asyncio
import re
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from bots.backup.archive import MANIFEST, Manifest
from bots.backup.backup import write
from bots.cli import main
from core.errors import StoreError
from storage.sqlite.snapshot import copy_database
from tests.backup.stage import Installation, installation, one
from tests.store.talk import NOW, message


def members(file: Path) -> list[str]:
    with tarfile.open(file) as tar:
        return tar.getnames()


def manifest(file: Path) -> Manifest:
    with tarfile.open(file) as tar:
        found = tar.extractfile(MANIFEST)
        assert found is not None
        return msgspec.json.decode(found.read(), type=Manifest)


async def test_it_holds_the_databases_and_every_file_that_they_refer_to(old, tmp_path):
    told = write(old.places, tmp_path / "b.tar", NOW)
    names = members(tmp_path / "b.tar")
    assert names[0] == "parley.db"
    assert names[-1] == MANIFEST
    kinds = {re.sub(r"[0-9a-f]{64}", "HASH", name) for name in names}
    assert kinds >= {"jobs.db", "jobs/1.jsonl", "jobs/inputs/HASH.jsonl", "instance.key"}
    assert "relays/main.toml" in names
    assert (told.messages, told.files, told.missing) == (3, 1, 1)
    assert told == manifest(tmp_path / "b.tar")


async def test_it_is_its_owners_alone_and_leaves_nothing_else(old, tmp_path):
    before = {path.name for path in tmp_path.iterdir()}
    write(old.places, tmp_path / "b.tar", NOW)
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == before | {"b.tar"}


async def test_it_never_replaces_a_file(old, tmp_path):
    (tmp_path / "b.tar").write_text("another")
    with pytest.raises(StoreError, match="expected a name that is free"):
        write(old.places, tmp_path / "b.tar", NOW)
    assert (tmp_path / "b.tar").read_text() == "another"


async def test_without_a_database_nothing_is_written(new, tmp_path):
    with pytest.raises(StoreError, match="expected one to back up, got none"):
        write(new.places, tmp_path / "b.tar", NOW)
    assert not list(tmp_path.glob("*b.tar*"))


async def test_beside_a_writer_each_copy_is_a_moment_of_the_original(old, tmp_path):
    store = await old.store()
    done = asyncio.Event()

    async def load() -> int:
        count = 0
        while not done.is_set():
            said = [message(f"m{count + n}") for n in range(20)]
            await asyncio.gather(*(store.accept(one, "c", NOW) for one in said))
            count += len(said)
        return count

    loading = asyncio.create_task(load())
    counts = []
    for number in range(4):
        file = tmp_path / f"{number}.db"
        await asyncio.to_thread(copy_database, old.database, file)
        assert one(file, "PRAGMA integrity_check") == [("ok",)]
        keys = [key for (key,) in one(file, "SELECT id FROM inbox WHERE id LIKE 'm%' ORDER BY seq")]
        assert keys == [f"m{n}" for n in range(len(keys))]
        counts.append(len(keys))
        await asyncio.sleep(0)
    done.set()
    made = await loading
    await store.close()
    assert counts == sorted(counts)
    assert counts[-1] <= made


def log_bytes(at: Installation) -> int:
    return Path(f"{at.database}-wal").stat().st_size


async def test_it_never_checkpoints(old, tmp_path):
    store = await old.store()
    await store.accept(message("m1"), "c", NOW)
    before = old.database.read_bytes()
    log = log_bytes(old)
    write(old.places, tmp_path / "b.tar", NOW)
    assert log
    assert old.database.read_bytes() == before
    assert log_bytes(old) == log
    await store.close()


async def test_a_rollback_journal_of_killed_jobs_is_undone(old, tmp_path):
    """What a kill leaves behind: a change half written, and the journal to undo it."""
    path = old.data / "jobs.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE half AS SELECT hex(zeroblob(9000)) x FROM jobs")
        connection.execute("INSERT INTO half SELECT x FROM half")
        left = {file.name: file.read_bytes() for file in old.data.glob("jobs.db*")}
        connection.execute("ROLLBACK")
    assert "jobs.db-journal" in left
    for name, bytes_left in left.items():
        (old.data / name).write_bytes(bytes_left)
    write(old.places, tmp_path / "b.tar", NOW)
    with tarfile.open(tmp_path / "b.tar") as tar:
        tar.extract("jobs.db", tmp_path, filter="data")
    assert one(tmp_path / "jobs.db", "SELECT count(*) FROM jobs") == [(1,)]
    assert not one(tmp_path / "jobs.db", "SELECT 1 FROM sqlite_master WHERE name = 'half'")


async def test_the_command_says_what_it_wrote_and_what_is_not_in_it(
    old, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["backup", "--config", str(old.path)]) == 0
    (file,) = tmp_path.glob("parley-*.tar")
    assert re.fullmatch(r"parley-\d{8}T\d{6}Z\.tar", file.name)
    told = capsys.readouterr().out
    assert f"Written to {file.name}: " in told
    assert "3 messages, 1 file. No longer there, forgotten or past its time: 1 file." in told
    assert "The configuration and secrets/ are not in it" in told


def test_a_wrong_folder_is_named(tmp_path, capsys):
    at = installation(tmp_path, "empty")
    assert main(["backup", "--config", str(at.path)]) == 1
    assert "expected one to back up, got none" in capsys.readouterr().err


async def test_a_full_disk_or_a_missing_folder_is_told(old: Installation, tmp_path):
    with pytest.raises(StoreError, match="cannot be written"):
        write(old.places, tmp_path / "nowhere" / "b.tar", NOW)
