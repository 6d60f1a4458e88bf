"""SQLite in trouble: nothing is acknowledged, everything heals, no text is shown."""

import asyncio
import os
import sqlite3
import subprocess
import traceback

import pytest
from msgspec.structs import replace

from core.errors import StoreError, StoreInvalid
from core.model import Turn
from storage.media import FileMedia
from storage.store import SqlStore
from tests.store.conftest import sqlite_place
from tests.store.talk import NOW, answer, ask, exchange, message, texts

SECRET = "what ann said"


@pytest.fixture
async def place(tmp_path):
    place = sqlite_place(tmp_path)
    yield place
    await place.close()


def connection_of(store: SqlStore) -> sqlite3.Connection:
    return store._database.writer._connection


async def test_every_commit_is_synced_to_the_disk(place):
    connection = connection_of(await place.open())
    pragmas = ("synchronous", "journal_mode", "mmap_size", "secure_delete")
    values = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    assert values == [2, "wal", 0, 1]


async def test_the_reader_cannot_write(place):
    store = await place.open()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store._database.reader._connection.execute("DELETE FROM inbox")


async def test_the_database_is_its_owners_alone(place):
    store = await place.open()
    await store.accept(message("m1"), "c", NOW)
    modes = {path.name: path.stat().st_mode & 0o077 for path in place.folder.glob("parley.db*")}
    assert modes == {"parley.db": 0, "parley.db-wal": 0, "parley.db-shm": 0}


async def test_a_locked_database_refuses_and_then_goes_on(place):
    store = await place.open(busy_timeout_s=0.05)
    other = sqlite3.connect(place.folder / "parley.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcomes = await asyncio.gather(
        *(store.accept(message(f"m{n}"), "c", NOW) for n in range(5)), return_exceptions=True
    )
    assert all(isinstance(o, StoreError) and o.retryable for o in outcomes)
    assert "another process holds its lock" in str(outcomes[0])
    other.execute("ROLLBACK")
    other.close()
    assert await store.accept(message("m1"), "c", NOW)
    assert len(await store.unfinished()) == 1


async def test_after_a_failed_commit_the_history_is_read_again(place):
    """Whether it reached the disk may be unknown."""
    store = await place.open(busy_timeout_s=0.05)
    await exchange(store, "m1", "q", "a")
    await ask(store, message("m2"))
    await store.recent("web/bot/ann", 2000)
    other = sqlite3.connect(place.folder / "parley.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError):
        await store.commit(answer(message("m2"), "yes"))
    other.close()
    assert store._recent.get("web/bot/ann") is None
    assert texts(await store.recent("web/bot/ann", 2000)) == ["q", "a"]


async def test_a_lock_of_another_process_is_waited_for(place):
    store = await place.open(busy_timeout_s=5)
    other = sqlite3.connect(
        place.folder / "parley.db", isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    asyncio.get_running_loop().call_later(0.05, other.execute, "ROLLBACK")
    assert await store.accept(message("m1"), "c", NOW)
    other.close()


async def test_reads_go_on_while_the_database_is_locked(place):
    store = await place.open()
    await exchange(store, "m1", "q", "a")
    other = sqlite3.connect(place.folder / "parley.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert texts(await store.log("web/bot/ann", 9)) == ["q", "a"]
    other.close()


async def fill(store: SqlStore) -> int:
    """Accept until the store refuses; how many it took."""
    for n in range(100_000):
        try:
            await store.accept(message(f"m{n}", text=SECRET * 500), "c", NOW)
        except StoreError:
            return n
    raise AssertionError("the disk never filled")


async def test_a_database_that_may_not_grow_refuses_and_then_heals(place):
    store = await place.open()
    connection = connection_of(store)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 40}")
    taken = await fill(store)
    with pytest.raises(StoreError, match="the disk is full"):
        await store.accept(message("large", text=SECRET * 500), "c", NOW)
    assert len(await store.unfinished()) == taken
    connection.execute("PRAGMA max_page_count = 1000000")
    await store.check(NOW)
    assert await store.accept(message("large"), "c", NOW)


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk needs root and mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def test_a_full_disk_acknowledges_nothing_and_heals(small_disk):
    place = sqlite_place(small_disk)
    store = await place.open()
    taken = await fill(store)
    assert taken > 5
    with pytest.raises(StoreError, match="Make room"):
        await store.accept(message("large", text=SECRET * 500), "c", NOW)
    grow = ("mount", "-o", "remount,size=20m", str(small_disk))
    assert await (await asyncio.create_subprocess_exec(*grow)).wait() == 0
    await store.check(NOW)
    assert await store.accept(message("large", text=SECRET * 500), "c", NOW)
    store = await place.reopen()
    assert len(await store.unfinished()) == taken + 1
    await place.close()
    checked = sqlite3.connect(small_disk / "parley.db")
    assert checked.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    checked.close()


async def test_a_bad_operation_fails_alone(place):
    """Its batch is done again, one savepoint each."""
    store = await place.open()
    bad = {
        7: message("m7", text="half a pair \ud800"),
        13: replace(message("m13"), id="m12"),
    }
    sent = [bad.get(n, message(f"m{n}")) for n in range(20)]
    outcomes = await asyncio.gather(
        *(store.accept(m, "c", NOW) for m in sent), return_exceptions=True
    )
    refused = [n for n, o in enumerate(outcomes) if isinstance(o, StoreInvalid)]
    assert refused == [7, 13]
    stored = [u.message.id for u in await store.unfinished()]
    assert stored == [f"m{n}" for n in range(20) if n not in refused]


async def test_no_error_ever_shows_what_was_said(place):
    store = await place.open()
    await store.accept(message("m1", text=SECRET), "c", NOW)
    turn = Turn(role="user", text=f"{SECRET} \ud800", message_id="m1", at=NOW)
    attempts = (
        store.accept(message("m2", text=f"{SECRET} \ud800"), "c", NOW),
        store.accept(replace(message("m1", text=SECRET), key="other"), "c", NOW),
        store.commit(answer(message("m1"), SECRET, turns=(turn,))),
        store.commit(answer(message("m9", text=SECRET), SECRET)),
    )
    errors = await asyncio.gather(*attempts, return_exceptions=True)
    connection_of(store).execute("PRAGMA query_only = ON")
    errors += await asyncio.gather(
        store.accept(message("m3", text=SECRET), "c", NOW), return_exceptions=True
    )
    assert all(isinstance(error, StoreError) for error in errors)
    for error in errors:
        assert SECRET not in "".join(traceback.format_exception(error))


async def test_a_read_that_cannot_be_asked_fails_alone(place):
    store = await place.open()
    await exchange(store, "m1", "q", "a")
    odd, log = await asyncio.gather(
        store.settings("half a pair \ud800"), store.log("web/bot/ann", 9), return_exceptions=True
    )
    assert isinstance(odd, StoreInvalid)
    assert texts(log) == ["q", "a"]


@pytest.mark.parametrize(
    "url",
    ["", "sqlite://", "sqlite:///:memory:", "mysql://root:hunter2@db/x", "nonsense hunter2"],
)
async def test_an_address_that_is_no_file_is_refused_without_repeating_it(url, tmp_path):
    with pytest.raises(StoreError, match=r"expected sqlite:///path/to/file\.db") as caught:
        await SqlStore.open(url, FileMedia(tmp_path))
    assert "hunter2" not in str(caught.value)


async def test_a_file_that_is_no_database_is_refused(place):
    (place.folder / "parley.db").write_bytes(b"these are my tax papers" * 100)
    with pytest.raises(StoreError, match="no SQLite database"):
        await place.open()


async def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"Check storage\.url"):
        await SqlStore.open(f"sqlite:///{tmp_path}/file/x.db", FileMedia(tmp_path))


async def test_a_flood_of_new_messages_leaves_room_for_answers(place):
    store = await place.open(queue_limit=20)
    await ask(store, message("m1"))
    flood = [asyncio.ensure_future(store.accept(message(f"f{n}"), "c", NOW)) for n in range(15)]
    await asyncio.sleep(0)
    done = asyncio.ensure_future(store.commit(answer(message("m1"), "yes")))
    outcomes = await asyncio.gather(*flood, return_exceptions=True)
    refused = [o for o in outcomes if isinstance(o, StoreError)]
    assert len(refused) == 5
    assert "no new message is taken" in str(refused[0])
    await done


async def test_closing_writes_what_waits(place):
    store = await place.open()
    waiting = [asyncio.ensure_future(store.accept(message(f"m{n}"), "c", NOW)) for n in range(50)]
    await asyncio.sleep(0)
    store = await place.reopen()
    assert await asyncio.gather(*waiting) == [True] * 50
    assert len(await store.unfinished()) == 50


async def test_closing_has_a_bound_even_while_the_disk_does_not_answer(place):
    store = await place.open(busy_timeout_s=0.3)
    other = sqlite3.connect(place.folder / "parley.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.ensure_future(store.accept(message("m1"), "c", NOW))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await store.close(timeout_s=0.01)
    with pytest.raises(StoreError):
        await writing
    other.close()


async def test_a_closed_store_refuses(place):
    store = await place.open()
    await place.close()
    with pytest.raises(StoreError, match="closing"):
        await store.accept(message("m1"), "c", NOW)


async def test_closing_leaves_one_whole_file(place):
    store = await place.open()
    await exchange(store, "m1", "q", "a")
    await place.close()
    assert [path.name for path in place.folder.glob("*")] == ["parley.db"]
