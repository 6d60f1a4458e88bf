"""The stores under test. PostgreSQL joins by one more name in `places`.

The memory store is the benchmark's: it must do what the others do, but for what is
about disks. Such tests are `on_disk`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bench.memory import Memory
from bench.memory_store import MemoryStore
from storage.media import FileMedia
from storage.store import SqlStore


class Place:
    """Where a store is kept: it can be closed and opened again."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.media = FileMedia(folder / "media")
        self._open: list[SqlStore] = []

    async def open(self, **options: float) -> SqlStore:
        store = await SqlStore.open(self.url, self.media, **options)
        self._open.append(store)
        return store

    async def reopen(self) -> SqlStore:
        await self.close()
        return await self.open()

    async def close(self) -> None:
        while self._open:
            await self._open.pop().close()


def sqlite_place(folder: Path) -> Place:
    return Place(f"sqlite:///{folder}/parley.db", folder)


class MemoryPlace(Place):
    """Memory that outlives the store, as a disk does."""

    def __init__(self, folder: Path) -> None:
        super().__init__("", folder)
        self._memory = Memory()

    async def open(self, **options: float) -> MemoryStore:
        return MemoryStore(self._memory, self.media)


places: dict[str, Callable[[Path], Place]] = {"sqlite": sqlite_place, "memory": MemoryPlace}

on_disk = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
"""For a test of what a disk does, or of what is kept in memory beside it."""


@pytest.fixture(params=sorted(places))
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        place = places[request.param](tmp_path)
        stack.push_async_callback(place.close)
        yield place


@pytest.fixture
async def store(place: Place) -> SqlStore:
    return await place.open()
