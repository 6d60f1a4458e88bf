"""A conversation in order, conversations side by side, and bounds."""

import asyncio
from contextlib import suppress

import pytest

from core.errors import Busy
from core.lanes import Lanes


class Work:
    """Notes each job; those named in `gates` wait for their gate."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    async def __call__(self, job: str) -> None:
        if gate := self.gates.get(job):
            await gate.wait()
        self.done.append(job)


async def test_a_conversation_is_worked_on_in_the_order_places_were_taken() -> None:
    work = Work()
    lanes = Lanes(work)
    first, second = lanes.enter("a"), lanes.enter("a")
    second.fill("second")
    await asyncio.sleep(0)
    assert work.done == []
    first.fill("first")
    await lanes.close(1)
    assert work.done == ["first", "second"]


async def test_a_hung_conversation_holds_up_no_other() -> None:
    work = Work()
    work.gates["hung"] = asyncio.Event()
    lanes = Lanes(work)
    lanes.enter("a").fill("hung")
    for number in range(200):
        lanes.enter(f"b{number}").fill(f"job {number}")
    await asyncio.sleep(0.01)
    assert len(work.done) == 200
    work.gates["hung"].set()
    await lanes.close(1)
    assert work.done[-1] == "hung"


async def test_a_place_given_up_is_passed_over() -> None:
    work = Work()
    lanes = Lanes(work)
    given_up, kept = lanes.enter("a"), lanes.enter("a")
    kept.fill("kept")
    given_up.drop()
    await lanes.close(1)
    assert work.done == ["kept"]
    assert lanes.depth == 0


async def test_a_full_lane_and_a_full_house_are_busy() -> None:
    lanes = Lanes(Work(), per_conversation=2, in_all=3)
    slots = [lanes.enter("a"), lanes.enter("a")]
    with pytest.raises(Busy):
        lanes.enter("a")
    slots.append(lanes.enter("b"))
    with pytest.raises(Busy):
        lanes.enter("c")
    slots.append(lanes.enter("a", bounded=False))
    for slot in slots:
        slot.drop()
    await lanes.close(1)
    assert lanes.depth == 0
    lanes.enter("a").drop()
    await lanes.close(1)


async def test_conversations_that_flood_leave_room_for_one_that_has_nothing_waiting() -> None:
    lanes = Lanes(Work(), in_all=10, weight_in_all=100)
    slots = [lanes.enter(name, weight=10) for name in "abcd" for _ in range(2)]
    for noisy in "abcd":
        with pytest.raises(Busy):
            lanes.enter(noisy, weight=10)
    slots += [lanes.enter("calm", weight=10), lanes.enter("quiet", weight=10)]
    for slot in slots:
        slot.drop()
    await lanes.close(1)


async def test_closing_cancels_what_does_not_end_in_time() -> None:
    work = Work()
    work.gates["hung"] = asyncio.Event()
    lanes = Lanes(work)
    lanes.enter("a").fill("hung")
    lanes.enter("a").fill("never")
    await lanes.close(0.01)
    assert work.done == []
    assert lanes.depth == 0


async def test_what_waits_is_bounded_in_characters_too() -> None:
    lanes = Lanes(Work(), weight_in_all=100)
    slots = [lanes.enter("a", weight=60), lanes.enter("b", weight=40)]
    with pytest.raises(Busy):
        lanes.enter("c", weight=1)
    slots[0].fill("a")
    slots[1].drop()
    await lanes.close(1)
    with pytest.raises(Busy):
        lanes.enter("c", weight=101)
    lanes.enter("c", weight=100).drop()
    await lanes.close(1)


async def test_work_that_ignores_its_cancellation_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.lanes.LAST_WORDS_S", 0.01)
    release = asyncio.Event()

    async def stubborn(job: str) -> None:
        del job
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await release.wait()

    lanes = Lanes(stubborn)
    lanes.enter("a").fill("job")
    async with asyncio.timeout(5):
        await lanes.close(0.01)
    assert lanes.depth == 1
    release.set()
    await lanes.close(1)
    assert lanes.depth == 0


async def test_a_place_given_up_takes_no_room():
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work(job: str) -> None:
        begun.set()
        await go_on.wait()

    lanes = Lanes[str](work, per_conversation=3)
    lanes.enter("a", weight=5).fill("first")
    await begun.wait()
    for _ in range(10):
        lanes.enter("a", weight=5).drop()
    lanes.enter("a").fill("second")
    assert lanes.depth == 2
    lanes.enter("a").fill("third")
    with pytest.raises(Busy):
        lanes.enter("a")
    go_on.set()
    await lanes.close(1)
    assert lanes.depth == 0
