"""Answers past their bounds, and relays that break off."""

import asyncio
import gzip
from collections.abc import Callable

import pytest

from core.errors import (
    RelayGarbage,
    RelayLost,
    RelayRefused,
    RelayTimeout,
    RelayUnavailable,
)
from core.relay.transport import Transport
from core.relay.wire import Bounds
from prove.world.ports import free_port
from tests.relays.calls import gathered, saying, serving
from tests.relays.servers import Exchange, listening
from tests.relays.stage import (
    CHAT,
    FakeClock,
    ask,
    entry,
    event,
    relay,
)


@pytest.mark.parametrize(
    ("bounds", "events"),
    [
        (Bounds(line_bytes=1000), [b"data: " + b"x" * 2000]),
        (Bounds(stream_bytes=1000), [event("word ")] * 100),
    ],
    ids=["line", "stream"],
)
async def test_a_stream_without_end_is_left(
    transport: Transport, bounds: Bounds, events: list[bytes]
) -> None:
    left = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(*events)
        await exchange.gone()
        left.set()

    async with serving(answer, transport, bounds=bounds) as (made, _):
        with pytest.raises(RelayGarbage, match="over 1000 bytes"):
            await gathered(made)
        await asyncio.wait_for(left.wait(), 4)


async def test_a_stream_that_trickles_past_its_time_is_left(transport: Transport) -> None:
    clock = FakeClock()
    seen = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(event("a"))
        await seen.wait()
        await exchange.more(event("b"))
        await exchange.gone()

    async with listening(answer) as server:
        made = relay(entry(server.base), transport, clock=clock, bounds=Bounds(stream_s=60))
        stream = made.stream(ask())
        assert (await anext(stream)).text == "a"
        clock.pass_(61)
        seen.set()
        with pytest.raises(RelayTimeout, match="within 60 s"):
            await anext(stream)


async def test_an_answer_that_trickles_past_its_time_is_left(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(b"{")
        await exchange.gone()

    async with serving(answer, transport, bounds=Bounds(whole_s=0.05)) as (made, _):
        with pytest.raises(RelayTimeout, match=r"within 0\.05 s"):
            await made.call(ask())


async def test_an_answer_past_its_bound_is_left(transport: Transport) -> None:
    async with serving(saying(CHAT), transport, bounds=Bounds(json_bytes=20)) as (made, _):
        with pytest.raises(RelayGarbage, match="over 20 bytes"):
            await made.call(ask())


async def test_a_gzip_bomb_is_left_at_the_bound(transport: Transport) -> None:
    bomb = gzip.compress(b'{"choices":' + b" " * (64 * 2**20))
    answer = saying(bomb, content_encoding="gzip")
    async with serving(answer, transport, bounds=Bounds(json_bytes=2**20)) as (made, _):
        with pytest.raises(RelayGarbage, match="over 1048576 bytes"):
            await made.call(ask())


async def test_a_refusal_with_an_endless_body_is_still_that_refusal(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b"x" * 10_000, 503)

    async with serving(answer, transport, bounds=Bounds(error_bytes=1000)) as (made, _):
        with pytest.raises(RelayUnavailable):
            await made.call(ask())


async def test_a_refusal_whose_words_do_not_come_is_still_that_refusal(
    transport: Transport,
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 503 Busy\r\ncontent-length: 400\r\n\r\n{")
        await exchange.gone()

    async with serving(answer, transport, bounds=Bounds(error_s=0.05)) as (made, _):
        async with asyncio.timeout(2):
            with pytest.raises(RelayUnavailable):
                await made.call(ask())


async def test_a_relay_that_is_not_there(transport: Transport) -> None:
    made = relay(entry(f"http://127.0.0.1:{free_port()}"), transport)
    with pytest.raises(RelayRefused, match=r'relay "main": no connection: .*relays\.main\.proxy'):
        await made.call(ask())


def hang_up(exchange: Exchange) -> None:
    exchange.writer.close()


@pytest.mark.parametrize("leave", [hang_up, Exchange.reset], ids=["closed", "reset"])
async def test_a_relay_that_breaks_off(
    transport: Transport, leave: Callable[[Exchange], None]
) -> None:
    async def answer(exchange: Exchange) -> None:
        leave(exchange)

    async with serving(answer, transport) as (made, server):
        with pytest.raises(RelayLost, match="may have been billed"):
            await made.call(ask())
    assert len(server.asked) == 1


async def test_a_relay_that_breaks_off_in_its_answer(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
        exchange.writer.close()

    async with serving(answer, transport) as (made, _):
        with pytest.raises(RelayLost):
            await made.call(ask())


async def test_a_relay_that_says_nothing(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.gone()

    async with serving(answer, transport, first_byte_timeout_s=0.05) as (made, _):
        with pytest.raises(RelayTimeout, match="no answer in time"):
            await made.call(ask())


async def test_something_that_is_no_relay(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"220 mail ready\r\n\r\n")

    async with serving(answer, transport) as (made, _):
        with pytest.raises(RelayGarbage, match="unreadable"):
            await made.call(ask())
