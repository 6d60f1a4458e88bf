"""What happens by the clock happens once, however many processes have the same clock."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bots.schedules import FIRST_SWEEP_AFTER, HOURLY, Chore, Schedules, WholeHours
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


async def test_a_clock_that_was_set_back_takes_the_next_hour_by_its_new_time(
    tmp_path: Path,
) -> None:
    store = await opened(tmp_path)
    schedules = Schedules(store, Clock(NOON), 365)
    schedules.start()
    years_on = datetime.now(UTC) + timedelta(days=4000)
    schedules._scheduler.modify_job(HOURLY, next_run_time=years_on)
    schedules.look()
    await asyncio.sleep(0)
    left = schedules._scheduler.get_job(HOURLY).next_run_time - datetime.now(UTC)
    schedules.stop()
    await store.close()
    assert left <= timedelta(hours=1)


def test_the_hours_that_a_clock_jumped_over_are_not_made_up_for() -> None:
    was, now = datetime(2026, 11, 21, 13, tzinfo=UTC), datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)
    following = WholeHours().get_next_fire_time(was, now)
    assert following == datetime(2038, 1, 19, 4, tzinfo=UTC)


async def test_whether_the_clock_was_set_is_looked_at_again_and_again(tmp_path: Path) -> None:
    """By waking up early: the scheduler itself may sleep for hours."""
    slept = asyncio.Queue[float](2)
    store = await opened(tmp_path)
    schedules = Schedules(store, Clock(NOON), 365, sleep=slept.put)
    schedules.start()
    async with asyncio.timeout(10):
        waits = [await slept.get() for _ in range(5)]
    schedules.stop()
    await store.close()
    assert max(waits) <= 10


async def test_a_clock_that_was_set_years_ahead_erases_nothing(tmp_path: Path) -> None:
    times: list[datetime] = []

    class Noted(Counted):
        async def sweep(self, now: datetime, **kwargs: object) -> Swept:
            times.append(now)
            return Swept(messages=0, files=0)

    store = await Noted.open(f"sqlite:///{tmp_path / 'parley.db'}", FileMedia(tmp_path / "media"))
    clock = Set(NOON)
    schedules = Schedules(store, clock, 365)
    clock.at += timedelta(days=4000)
    await schedules.sweep()
    clock.at = NOON - timedelta(days=1)
    await schedules.sweep()
    await store.close()
    assert times == [NOON, NOON - timedelta(days=1)]


async def test_a_chore_is_done_again_though_it_failed_and_never_twice_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done = asyncio.Queue[int]()
    held = asyncio.Event()

    async def do() -> None:
        done.put_nowait(done.qsize())
        if done.qsize() == 1:
            raise ValueError("the first time")
        await held.wait()

    store = await opened(tmp_path)
    chore = Chore(name="chore", every=timedelta(seconds=60), do=do)
    schedules = Schedules(store, Clock(NOON), 365, chores=[chore])
    for _ in range(4):
        await schedules._begin(chore)
        await asyncio.sleep(0)
    assert done.qsize() == 2
    assert "the first time" in caplog.text
    schedules.stop()
    await asyncio.sleep(0)
    assert "CancelledError" not in caplog.text
    await store.close()


async def test_a_chore_comes_a_moment_after_the_start_and_on_a_clock_that_was_set_back(
    tmp_path: Path,
) -> None:
    done = asyncio.Queue[None](1)
    store = await opened(tmp_path)
    chore = Chore(name="chore", every=timedelta(seconds=60), do=lambda: done.put(None))
    now = datetime.now(UTC)
    schedules = Schedules(store, Clock(now), 365, chores=[chore])
    schedules.start()
    first = schedules._scheduler.get_job("chore").next_run_time
    assert timedelta() < first - now < timedelta(seconds=60)
    schedules._scheduler.modify_job("chore", next_run_time=now + timedelta(days=4000))
    schedules.look()
    async with asyncio.timeout(10):
        await done.get()
    schedules.stop()
    await store.close()


class Set(Clock):
    """Its wall clock is set, its monotonic one stands still."""

    def monotonic(self) -> float:
        return 0.0


@pytest.mark.parametrize("stops", [1, 2])
async def test_stopping_is_harmless_before_a_start_and_twice(tmp_path: Path, stops: int) -> None:
    store = await opened(tmp_path)
    schedules = Schedules(store, Clock(NOON), 365)
    for _ in range(stops):
        schedules.stop()
    await store.close()
