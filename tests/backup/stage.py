"""An installation with something of everything in it, and a look at it from outside."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bots.backup.places import Places, places
from bots.config import Config, load
from bots.instance import instance_secret
from core.model import PartState
from storage.jobs import SqlJobs
from storage.media import FileMedia
from storage.sqlite.database import path_of
from storage.store import SqlStore
from tests.jobs.stage import job
from tests.store.talk import NOW, answer, ask, exchange, message

CONFIG = """
[server]
private = "127.0.0.1:{port}"
[storage]
data = "{data}"
{storage}
[relays.main]
profile = "sandbox"
base_url = "http://127.0.0.1:9"
[bots.bot]
platform = "web"
[log]
level = "warning"
"""
PICTURE, OTHER = b"a picture", b"a picture that was swept"
SEEN = "memo/bot/seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    path: Path
    config: Config
    places: Places

    @property
    def data(self) -> Path:
        return self.config.storage.data

    @property
    def database(self) -> Path:
        return path_of(self.config.storage.url.reveal())

    async def store(self) -> SqlStore:
        media = FileMedia(self.config.storage.media)
        return await SqlStore.open(self.config.storage.url.reveal(), media)


def installation(folder: Path, name: str, storage: str = "", port: int = 0) -> Installation:
    """An empty one: a configuration, and where its data will be."""
    path = folder / f"{name}.toml"
    path.write_text(CONFIG.format(data=folder / name, storage=storage, port=port))
    config = load(path)
    return Installation(path=path, config=config, places=places(config))


async def lived_in(at: Installation) -> None:
    """One exchange, one unanswered message with a picture, one part of each open state."""
    store = await at.store()
    media = FileMedia(at.config.storage.media)
    kept, swept = await media.put(PICTURE), await media.put(OTHER)
    await exchange(store, "done", "hello", "good day")
    await ask(store, message("new", text="still to be answered", media=(kept, swept)))
    await ask(store, message("open", "ben"))
    await store.commit(answer(message("open", "ben"), "one", "two", "three", at=NOW))
    await store.mark("re open", 0, PartState.SENT, "receipt")
    await store.mark("re open", 1, PartState.TRYING)
    await store.mark("re open", 2, PartState.LATER)
    await store.memo("bot").keep("seen", '{"1/2": 1700000000}')
    await media.discard([swept])
    (at.config.storage.media / swept[:2] / swept).unlink(missing_ok=True)
    await store.close()
    instance_secret(at.data)
    jobs = SqlJobs.open(at.data)
    jobs.add(job(), after=0)
    jobs.keep_input(b"a question\n")
    jobs.keep_output("1.jsonl", b"an answer\n")
    jobs.close()
    (at.data / "relays").mkdir()
    (at.data / "relays" / "main.toml").write_text("learned = true\n")


def content(data: Path) -> dict[str, bytes]:
    """Every file but databases and locks, by its path."""
    return {
        str(path.relative_to(data)): path.read_bytes()
        for path in sorted(data.rglob("*"))
        if path.is_file() and not path.name.startswith(("parley.db", "jobs.db", "in-use"))
    }


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Of every table, without what marks a restored copy as held."""
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: sorted(
                row
                for row in connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608
                if row[0] != "held"
            )
            for (name,) in found.fetchall()
        }


def one(database: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()
