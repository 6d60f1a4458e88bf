import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlmodel import Session, select

from core.errors import NewerSchema, StoreError
from storage.migrations.upgrade import config, upgrade
from storage.sqlite.schema import HEAD
from storage.tables import InboxRow, Row
from tests.store.conftest import sqlite_place
from tests.store.talk import NOW, message

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def place(tmp_path):
    place = sqlite_place(tmp_path)
    yield place
    await place.close()


def schema(path: Path) -> dict[str, str]:
    """Every object's SQL, without layout."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    found = {name: " ".join(sql.split()) for name, sql in rows}
    connection.close()
    return found


def migrated(path: Path) -> Path:
    connection = sqlite3.connect(path, isolation_level=None)
    upgrade(connection)
    connection.close()
    return path


async def test_a_fresh_database_is_what_the_migrations_make(place, tmp_path):
    await place.open()
    await place.close()
    assert schema(tmp_path / "parley.db") == schema(migrated(tmp_path / "migrated.db"))


def test_the_migrations_make_what_the_tables_say(tmp_path):
    engine = create_engine(f"sqlite:///{migrated(tmp_path / 'migrated.db')}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []
    engine.dispose()


def test_the_latest_migration_is_the_one_that_a_start_expects():
    script = ScriptDirectory.from_config(config())
    assert script.get_heads() == [HEAD]
    assert all(len(r.revision) == 4 and r.revision.isdigit() for r in script.walk_revisions())


def test_a_fresh_and_a_known_database_start_without_alembic(tmp_path):
    code = (
        "import asyncio, sys; from pathlib import Path\n"
        "from storage.store import SqlStore; from storage.media import FileMedia\n"
        "async def start():\n"
        f"    folder = Path({str(tmp_path)!r})\n"
        "    store = await SqlStore.open(f'sqlite:///{folder}/x.db', FileMedia(folder))\n"
        "    await store.close()\n"
        "asyncio.run(start()); asyncio.run(start())\n"
        "sys.exit('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=30)
    assert done.returncode == 0


async def test_an_older_database_is_upgraded_and_keeps_its_rows(place, tmp_path):
    store = await place.open()
    await store.accept(message("m1"), "c", NOW)
    await place.close()
    connection = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    # as the schema before the first one would be: a version table without a row
    connection.execute("DELETE FROM alembic_version")
    for name in set(schema(tmp_path / "parley.db")) - {"alembic_version", "sqlite_sequence"}:
        connection.execute(f"DROP TABLE IF EXISTS {name}") if not name.startswith("ix") else None
    connection.execute("CREATE TABLE another_programs (x)")
    connection.execute("INSERT INTO another_programs VALUES (1)")
    connection.close()
    store = await place.open()
    assert await store.accept(message("m1"), "c", NOW)
    await place.close()
    connection = sqlite3.connect(tmp_path / "parley.db")
    assert connection.execute("SELECT * FROM another_programs").fetchall() == [(1,)]
    connection.close()


async def test_each_released_schema_is_upgraded_to_what_a_fresh_database_has(place, tmp_path):
    for revision in ("0001", "0002", "0003"):
        connection = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
        upgrade(connection, revision)
        connection.close()
        await place.open()
        await place.close()
        assert schema(tmp_path / "parley.db") == schema(migrated(tmp_path / "migrated.db"))


async def test_an_upgrade_that_fails_leaves_the_database_as_it_was(place, tmp_path):
    connection = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.execute("CREATE TABLE spends (in_the_way)")
    connection.close()
    before = schema(tmp_path / "parley.db")
    with pytest.raises(StoreError, match="was undone"):
        await place.open()
    assert schema(tmp_path / "parley.db") == before


async def test_a_newer_database_is_refused_with_the_remedy(place, tmp_path):
    await place.open()
    await place.close()
    connection = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(NewerSchema, match=f"expected schema {HEAD} or older, got 9999"):
        await place.open()


async def test_somebody_elses_database_is_refused(place, tmp_path):
    connection = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    with pytest.raises(StoreError, match="one with other tables"):
        await place.open()


async def test_rows_read_through_the_models_have_aware_times(place, tmp_path):
    store = await place.open()
    await store.accept(message("m1"), "c", NOW)
    await place.close()
    engine = create_engine(f"sqlite:///{tmp_path}/parley.db")
    with Session(engine) as session:
        row = session.exec(select(InboxRow)).one()
        assert row.received_at == NOW
        assert row.received_at.tzinfo is not None
        assert session.exec(select(InboxRow).where(InboxRow.received_at >= NOW)).one() is row
    engine.dispose()
