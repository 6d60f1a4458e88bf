"""What a monitor is told, and how often the store is asked for it."""

import asyncio
from collections.abc import Mapping

from bots.probes import KEPT_S, Readiness
from tests.web.stage import Clock


class Checked:
    """A check that counts how often it was made."""

    def __init__(self) -> None:
        self.times = 0
        self.wrong: Mapping[str, str] = {}

    async def __call__(self) -> Mapping[str, str]:
        self.times += 1
        await asyncio.sleep(0)
        return self.wrong


async def test_many_who_ask_are_one_check() -> None:
    check, clock = Checked(), Clock()
    readiness = Readiness(check, clock, reasons=True)
    assert await asyncio.gather(*(readiness.wrong() for _ in range(50))) == [{}] * 50
    clock.seconds += KEPT_S * 0.9
    await readiness.wrong()
    assert check.times == 1


async def test_a_change_is_seen_after_two_seconds() -> None:
    check, clock = Checked(), Clock()
    readiness = Readiness(check, clock, reasons=True)
    await readiness.wrong()
    check.wrong = {"store": "/var/lib/parley.db is full"}
    assert await readiness.wrong() == {}
    clock.seconds += KEPT_S
    assert await readiness.wrong() == check.wrong


async def test_strangers_are_told_names_and_no_reasons() -> None:
    check = Checked()
    check.wrong = {"store": "/var/lib/parley.db is full"}
    assert await Readiness(check, Clock(), reasons=False).wrong() == {"store": "not ready"}
