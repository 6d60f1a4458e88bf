"""The stores under test. PostgreSQL joins by one more name in `places`."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

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


places: dict[str, Callable[[Path], Place]] = {"sqlite": sqlite_place}


@pytest.fixture(params=sorted(places))
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        place = places[request.param](tmp_path)
        stack.push_async_callback(place.close)
        yield place


@pytest.fixture
async def store(place: Place) -> SqlStore:
    return await place.open()
