"""Adapters that fail are started again; their neighbours notice nothing."""

import asyncio

from bots.supervision import FIRST_WAIT_S, LONGEST_WAIT_S, STEADY_S, Supervision
from core.model import Message
from core.ports.adapter import Receipt
from tests.web.stage import Clock


class Failing:
    """An adapter's receiving side. It fails as often as told, then it goes on."""

    def __init__(self, clock: Clock, *, times: int, after_s: float = 0.0) -> None:
        self.bot = "failing"
        self.receives = asyncio.Event()
        self._clock = clock
        self._times = times
        self._after_s = after_s

    async def run(self, emit: object) -> None:
        if self._times:
            self._times -= 1
            self._clock.seconds += self._after_s
            raise OSError("the platform is gone")
        self.receives.set()
        await asyncio.get_running_loop().create_future()


class Ending(Failing):
    """As a console at the end of its input."""

    async def run(self, emit: object) -> None:
        return


async def emit(message: Message) -> Receipt:
    raise AssertionError("nobody says anything")


async def kept_up(adapter: Failing, clock: Clock) -> tuple[list[float], list[dict[str, str]]]:
    """How long each wait was and what was down meanwhile, until the adapter receives."""
    waits: list[float] = []
    downs: list[dict[str, str]] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        downs.append(supervision.down)

    supervision = Supervision((adapter,), emit, clock, sleep)
    supervision.start()
    async with asyncio.timeout(5):
        await adapter.receives.wait()
    assert supervision.down == {}
    await supervision.stop()
    return waits, downs


async def test_each_failure_in_a_row_is_waited_out_longer_up_to_a_bound() -> None:
    clock = Clock()
    waits, downs = await kept_up(Failing(clock, times=8), clock)
    assert waits == [1, 2, 4, 8, 16, LONGEST_WAIT_S, LONGEST_WAIT_S, LONGEST_WAIT_S]
    assert downs[1] == {"failing": "OSError; again in 2 s"}


async def test_whoever_received_for_a_while_is_back_soon() -> None:
    clock = Clock()
    waits, _ = await kept_up(Failing(clock, times=4, after_s=STEADY_S + 1), clock)
    assert waits == [FIRST_WAIT_S] * 4


async def test_neighbours_receive_while_one_is_down() -> None:
    clock = Clock()
    failing, well = Failing(clock, times=1), Failing(clock, times=0)
    well.bot = "well"

    async def sleep(seconds: float) -> None:
        await asyncio.get_running_loop().create_future()

    supervision = Supervision((failing, well), emit, clock, sleep)
    supervision.start()
    async with asyncio.timeout(5):
        await well.receives.wait()
    assert set(supervision.down) == {"failing"}
    assert not failing.receives.is_set()
    await supervision.stop()


async def test_an_adapter_at_its_end_is_not_started_again() -> None:
    clock = Clock()
    supervision = Supervision((Ending(clock, times=0),), emit, clock)
    supervision.start()
    async with asyncio.timeout(5):
        await supervision.finished()
    assert supervision.down == {}


class Deaf(Failing):
    """Runs, and knows that nothing reaches it."""

    trouble = "no heartbeat for 90 s"


async def test_an_adapter_that_says_it_is_deaf_is_down_for_as_long_as_it_says_so() -> None:
    clock = Clock()
    adapter = Deaf(clock, times=0)
    supervision = Supervision((adapter,), emit, clock)
    supervision.start()
    async with asyncio.timeout(5):
        await adapter.receives.wait()
    assert supervision.down == {adapter.bot: "no heartbeat for 90 s"}
    adapter.trouble = ""
    assert supervision.down == {}
    await supervision.stop()


async def test_an_adapter_that_failed_is_told_by_its_failure() -> None:
    clock = Clock()
    down: list[dict[str, str]] = []

    async def sleep(_seconds: float) -> None:
        down.append(supervision.down)

    adapter = Deaf(clock, times=1)
    supervision = Supervision((adapter,), emit, clock, sleep)
    supervision.start()
    async with asyncio.timeout(5):
        await adapter.receives.wait()
    assert down == [{adapter.bot: "OSError; again in 1 s"}]
    await supervision.stop()
