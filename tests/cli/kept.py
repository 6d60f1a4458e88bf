"""A configuration, and a database that was filled without a bot."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bots.cli import main
from storage.media import FileMedia
from storage.store import SqlStore
from tests.store.talk import NOW

CONFIG = """
[storage]
data = "data"
[relays.main]
profile = "sandbox"
base_url = "http://127.0.0.1:9"
key = "env:RELAY_KEY"
[bots.web]
platform = "web"
"""


class Watch:
    """The time stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def passes(self, milliseconds: int) -> datetime:
        self.time += timedelta(milliseconds=milliseconds)
        return self.time


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELAY_KEY", "sk-1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


def fill(folder: Path, story: Callable[[SqlStore, Watch], Awaitable[None]]) -> None:
    """Let `story` happen to the store of the configuration."""

    async def happen() -> None:
        watch = Watch()
        data = folder / "data"
        url = f"sqlite:///{data}/parley.db"
        store = await SqlStore.open(url, FileMedia(data / "media"), now=watch.now)
        try:
            await story(store, watch)
        finally:
            await store.close()

    asyncio.run(happen())


class Told:
    """What a command said, and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __repr__(self) -> str:
        return f"{self.code} {self.out} {self.err}"


def parley(capsys: pytest.CaptureFixture[str], *arguments: str) -> Told:
    """In this process, in the current folder."""
    code = main(arguments)
    said = capsys.readouterr()
    return Told(code, said.out, said.err)
