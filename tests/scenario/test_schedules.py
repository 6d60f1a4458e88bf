"""What happens by the clock happens once, however many processes have the same clock."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bots.schedules import FIRST_SWEEP_AFTER, Schedules
from storage.media import FileMedia
from storage.store import SqlStore, Swept

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Counted(SqlStore):
    """The store, and how often it was swept."""

    sweeps = 0

    async def sweep(self, *args: object, **kwargs: object) -> Swept:
        self.sweeps += 1
        return await super().sweep(*args, **kwargs)


async def opened(folder: Path) -> Counted:
    store = await Counted.open(f"sqlite:///{folder / 'parley.db'}", FileMedia(folder / "media"))
    assert isinstance(store, Counted)
    return store


async def test_an_hour_is_swept_once_by_whoever_comes_first(tmp_path: Path) -> None:
    clock = Clock(NOON)
    stores = [await opened(tmp_path), await opened(tmp_path)]
    both = [Schedules(store, clock, 365) for store in stores]
    await asyncio.gather(*(schedules.sweep() for schedules in both))
    clock.at += timedelta(minutes=59)
    await asyncio.gather(*(schedules.sweep() for schedules in both))
    assert sum(store.sweeps for store in stores) == 1
    clock.at += timedelta(minutes=1)
    await asyncio.gather(*(schedules.sweep() for schedules in both))
    assert sum(store.sweeps for store in stores) == 2
    for store in stores:
        await store.close()


async def test_sweeps_come_soon_after_the_start_and_then_every_hour(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    now = datetime.now(UTC)
    schedules = Schedules(store, Clock(now), 365)
    schedules.start()
    first, second = sorted(job.next_run_time for job in schedules._scheduler.get_jobs())
    hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    assert {first, second} == {now + FIRST_SWEEP_AFTER, hour}
    assert store.sweeps == 0
    schedules.stop()
    await store.close()


async def test_the_scheduler_really_sweeps(tmp_path: Path) -> None:
    swept = asyncio.Event()

    class Told(Counted):
        async def sweep(self, *args: object, **kwargs: object) -> Swept:
            swept.set()
            return await super().sweep(*args, **kwargs)

    store = await Told.open(f"sqlite:///{tmp_path / 'parley.db'}", FileMedia(tmp_path / "media"))
    schedules = Schedules(store, Clock(datetime.now(UTC) - FIRST_SWEEP_AFTER), 365)
    schedules.start()
    async with asyncio.timeout(10):
        await swept.wait()
    schedules.stop()
    await store.close()


@pytest.mark.parametrize("stops", [1, 2])
async def test_stopping_is_harmless_before_a_start_and_twice(tmp_path: Path, stops: int) -> None:
    store = await opened(tmp_path)
    schedules = Schedules(store, Clock(NOON), 365)
    for _ in range(stops):
        schedules.stop()
    await store.close()
