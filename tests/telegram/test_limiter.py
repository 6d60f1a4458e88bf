"""Paces: laws over any order of sends, with a clock that is turned by whoever waits."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.telegram.limiter import Limiter, Rates
from tests.telegram.conftest import Memory


class Time(Memory):
    """Sleepers wake in the order of their times, and the clock is theirs."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.Event()
        self._sleepers.append((self.now_s + seconds, len(self.slept), awake))
        self.slept.append(seconds)
        await awake.wait()

    async def pass_until(self, done) -> None:
        while not done():
            for _ in range(20):
                await asyncio.sleep(0)  # whoever can go on does
            if self._sleepers and not done():
                self._sleepers.sort()
                self.now_s, _, awake = self._sleepers.pop(0)
                awake.set()


async def sent_at(rates: Rates, sends: list[tuple[str, bool]]) -> dict[str, list[float]]:
    time = Time()
    limiter = Limiter(rates, time, time.sleep)
    sent: dict[str, list[float]] = {}

    async def send(chat: str, group: bool) -> None:
        await limiter.turn(chat, group=group)
        sent.setdefault(chat, []).append(time.now_s)

    tasks = [asyncio.ensure_future(send(*one)) for one in sends]
    await time.pass_until(lambda: all(task.done() for task in tasks))
    return sent


def within(times: list[float], count: int, length_s: float) -> bool:
    ordered = sorted(times)
    return all(
        later - earlier >= length_s - 1e-6
        for earlier, later in zip(ordered, ordered[count:], strict=False)
    )


CHATS = st.lists(st.sampled_from([("1", False), ("2", False), ("-1", True)]), max_size=60)


@settings(max_examples=50, deadline=None)
@given(CHATS)
def test_no_window_ever_has_more_than_it_may(sends):
    sent = asyncio.run(sent_at(Rates(per_second=5), sends))
    assert sum(map(len, sent.values())) == len(sends)
    for times in sent.values():
        assert within(times, 3, 3.0)
    assert within(sent.get("-1", []), 20, 60.0)
    assert within([at for times in sent.values() for at in times], 5, 1.0)


async def test_many_chats_are_not_held_up_by_one():
    sends = [("1", False)] * 50 + [(str(n), False) for n in range(2, 22)]
    sent = await sent_at(Rates(), sends)
    assert max(sent["1"]) > 40
    assert max(sent[str(n)][0] for n in range(2, 22)) < 1


async def test_without_bounds_nobody_waits():
    free = Rates(per_second="unlimited", chat_per_second="unlimited", group_per_minute="unlimited")
    sent = await sent_at(free, [("-1", True)] * 500)
    assert set(sent["-1"]) == {0.0}


async def test_silence_is_kept_by_those_who_wait_already():
    time = Time()
    limiter = Limiter(Rates(), time, time.sleep)
    sent = []

    async def send() -> None:
        await limiter.turn("1", group=False)
        sent.append(time.now_s)

    tasks = [asyncio.ensure_future(send()) for _ in range(6)]
    await asyncio.sleep(0)
    limiter.cool("1", 30, group=False)
    await time.pass_until(lambda: all(task.done() for task in tasks))
    assert sent[:3] == [0, 0, 0]
    assert min(sent[3:]) >= 30
    assert not limiter.has_room("1", group=False) or time.now_s >= 30


async def test_a_courtesy_gives_way_to_whoever_waits():
    time = Time()
    limiter = Limiter(Rates(), time, time.sleep)
    for _ in range(3):
        await limiter.turn("1", group=False)
    assert limiter.has_room("1", group=False)
    waiting = asyncio.ensure_future(limiter.turn("1", group=False))
    await asyncio.sleep(0)
    assert not limiter.has_room("1", group=False)
    assert limiter.has_room("2", group=False)
    await time.pass_until(waiting.done)
    assert limiter.has_room("1", group=False)
