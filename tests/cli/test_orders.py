"""What a command leaves for the running process, and what it hears of it."""

import asyncio
import errno
import os
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bots.instance import sole_use
from bots.orders import (
    ANSWER_KEPT_S,
    FOLDER,
    Do,
    OrderRefused,
    Orders,
    OrderWaits,
    Payload,
    give,
    leave,
)
from core.errors import ConfigError


async def nobody() -> Payload:
    raise AssertionError("it was done here, although a process works with the folder")


async def echo(payload: Payload) -> Payload:
    return {"heard": payload["said"]}


async def refuse(payload: Payload) -> Payload:
    raise ConfigError(f"expected another word, got {payload['said']}")


async def fail(payload: Payload) -> Payload:
    raise RuntimeError(f"a secret: {payload['said']}")


@asynccontextmanager
async def at_work(data: Path, **does: Do) -> AsyncIterator[Orders]:
    with sole_use(data):
        orders = Orders(data, does)
        orders.start()
        try:
            yield orders
        finally:
            orders.stop()


async def test_with_no_process_it_is_done_by_the_command_itself(tmp_path):
    async def alone() -> Payload:
        return {"done": "here"}

    assert await give(tmp_path, "echo", {}, alone) == {"done": "here"}
    assert not (tmp_path / FOLDER).exists()


async def test_a_running_process_does_it_and_nothing_is_left_lying(tmp_path):
    async with at_work(tmp_path, echo=echo):
        assert await give(tmp_path, "echo", {"said": "a"}, nobody) == {"heard": "a"}
    # The answer is there before the order is put away; the end of a process waits for that.
    await asyncio.get_running_loop().shutdown_default_executor()
    assert list((tmp_path / FOLDER).iterdir()) == []


async def test_what_it_refuses_and_what_fails_is_told_and_it_goes_on(tmp_path):
    async with at_work(tmp_path, echo=echo, refuse=refuse, fail=fail):
        with pytest.raises(OrderRefused, match="expected another word, got b"):
            await give(tmp_path, "refuse", {"said": "b"}, nobody)
        with pytest.raises(OrderRefused, match="RuntimeError: see the log"):
            await give(tmp_path, "fail", {"said": "c"}, nobody)
        with pytest.raises(OrderRefused, match="among echo, fail, refuse, got dance"):
            await give(tmp_path, "dance", {}, nobody)
        assert await give(tmp_path, "echo", {"said": "d"}, nobody) == {"heard": "d"}


async def test_an_order_that_nobody_takes_waits_for_the_next_start(tmp_path):
    with sole_use(tmp_path), pytest.raises(OrderWaits):
        await give(tmp_path, "echo", {"said": "later"}, nobody, within_s=0.1)
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def note(payload: Payload) -> Payload:
        await heard.put(payload["said"])
        return {}

    async with at_work(tmp_path, echo=note):
        assert await asyncio.wait_for(heard.get(), 10) == "later"


async def test_orders_are_carried_out_in_the_order_they_were_left(tmp_path):
    heard: list[str] = []

    async def note(payload: Payload) -> Payload:
        heard.append(payload["said"])
        return {}

    tickets = []
    for word in "abc":
        tickets.append(leave(tmp_path, "note", {"said": word}))
        await asyncio.sleep(0.002)  # their names begin with milliseconds
    assert await Orders(tmp_path, {"note": note}).look() == 3
    assert heard == ["a", "b", "c"]
    assert all(ticket.exists() for ticket in tickets)


async def test_a_file_that_is_no_order_is_put_away(tmp_path):
    ticket = leave(tmp_path, "echo", {})
    broken = ticket.with_suffix(".order")
    broken.write_text("{")
    orders = Orders(tmp_path, {})
    assert await orders.look() == 1
    assert "expected an order" in ticket.read_text()
    assert await orders.look() == 0


async def test_an_order_that_the_disk_lets_stand_is_carried_out_once(tmp_path, monkeypatch):
    heard: list[str] = []

    async def note(payload: Payload) -> Payload:
        heard.append(payload["said"])
        return {}

    leave(tmp_path, "note", {"said": "once"})

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bots.orders.write_whole", full)
    orders = Orders(tmp_path, {"note": note})
    await orders.look()
    await orders.look()
    assert heard == ["once"]


async def test_the_next_process_leaves_an_answer_to_who_still_waits_for_it(tmp_path):
    """As where a held process gives way to the bots in the moment that it is released."""
    ticket, old = (leave(tmp_path, "echo", {"said": word}) for word in ("a", "b"))
    orders = Orders(tmp_path, {"echo": echo})
    await orders.look()
    long_ago = time.time() - 2 * ANSWER_KEPT_S
    os.utime(old, (long_ago, long_ago))
    async with at_work(tmp_path, echo=echo):
        assert await give(tmp_path, "echo", {"said": "c"}, nobody) == {"heard": "c"}
    assert (ticket.exists(), old.exists()) == (True, False)


async def test_an_order_can_be_left_where_folders_cannot_be_synchronised(tmp_path, monkeypatch):
    """As on some networks' file systems."""
    synchronise = os.fsync

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        synchronise(handle)

    monkeypatch.setattr("os.fsync", fsync)
    async with at_work(tmp_path, echo=echo):
        assert await give(tmp_path, "echo", {"said": "a"}, nobody) == {"heard": "a"}
    # The answer is there before the order is put away; the end of a process waits for that.
    await asyncio.get_running_loop().shutdown_default_executor()
    assert list((tmp_path / FOLDER).iterdir()) == []


async def test_only_its_user_reads_an_order(tmp_path):
    order = leave(tmp_path, "echo", {}).with_suffix(".order")
    assert order.stat().st_mode & 0o77 == 0
    assert order.parent.stat().st_mode & 0o77 == 0
