"""One at a time: who comes back before who begins."""

import asyncio

import pytest

from core.line import Line


async def test_who_comes_back_goes_before_who_begins() -> None:
    line, order = Line(), []

    async def go(name: str, *, back: bool) -> None:
        await line.enter(back=back)
        order.append(name)
        line.leave()

    await line.enter()
    going = [
        asyncio.create_task(go("first new", back=False)),
        asyncio.create_task(go("second new", back=False)),
        asyncio.create_task(go("first back", back=True)),
        asyncio.create_task(go("second back", back=True)),
    ]
    await asyncio.sleep(0)
    assert order == []
    line.leave()
    await asyncio.gather(*going)
    assert order == ["first back", "second back", "first new", "second new"]


async def test_who_gives_up_is_passed_over() -> None:
    line = Line()
    await line.enter()
    gone, stays = asyncio.create_task(line.enter()), asyncio.create_task(line.enter())
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    line.leave()
    await stays


async def test_who_gives_up_as_its_turn_comes_lets_the_next_in() -> None:
    line = Line()
    await line.enter()
    gone, stays = asyncio.create_task(line.enter()), asyncio.create_task(line.enter())
    await asyncio.sleep(0)
    line.leave()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await stays


async def test_an_empty_line_lets_the_next_in_at_once() -> None:
    line = Line()
    for _ in range(3):
        await line.enter()
        line.leave()
