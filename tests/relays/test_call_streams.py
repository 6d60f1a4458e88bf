"""Streamed answers over real sockets."""

import asyncio
import json
import zlib
from contextlib import aclosing

import pytest

from core.errors import (
    RelayCut,
    RelayGarbage,
    RelayRateLimited,
    RelayTimeout,
    RelayUnavailable,
)
from core.relay.transport import Transport
from core.response import Usage
from tests.relays.calls import gathered, saying, serving, streaming
from tests.relays.servers import Exchange
from tests.relays.stage import (
    CHAT,
    DONE,
    ask,
    event,
    payload,
)


async def test_a_recorded_stream(transport: Transport) -> None:
    answer = streaming(payload("rcouyi_chat_stream.sse"))
    async with serving(answer, transport) as (made, server):
        chunks = await gathered(made)
    assert "".join(chunk.text for chunk in chunks) == "你好。"
    assert chunks[-1].usage == Usage(prompt_tokens=19, completion_tokens=13)
    assert json.loads(server.asked[0].body)["stream"] is True


async def test_chunks_come_while_the_relay_holds_back_the_rest(transport: Transport) -> None:
    seen = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(event("first"))
        await seen.wait()
        await exchange.more(event("last", "stop"), DONE)
        await exchange.end_stream()

    async with serving(answer, transport) as (made, _):
        texts = []
        async for chunk in made.stream(ask()):
            texts.append(chunk.text)
            seen.set()
    assert texts == ["first", "last", ""]


async def test_a_compressed_stream_comes_as_it_is_flushed(transport: Transport) -> None:
    seen = asyncio.Event()
    squeeze = zlib.compressobj(wbits=31)

    def flushed(data: bytes) -> bytes:
        return squeeze.compress(data) + squeeze.flush(zlib.Z_SYNC_FLUSH)

    async def answer(exchange: Exchange) -> None:
        await exchange.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        await exchange.more(flushed(event("first")))
        await seen.wait()
        await exchange.more(flushed(event("last", "stop") + DONE) + squeeze.flush())
        await exchange.end_stream()

    async with serving(answer, transport) as (made, _):
        texts = []
        async for chunk in made.stream(ask()):
            texts.append(chunk.text)
            seen.set()
    assert texts == ["first", "last", ""]


async def test_a_connection_is_used_again_after_a_finished_stream(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(event("a", "stop"), DONE)
        await asyncio.sleep(0.01)
        await exchange.end_stream()

    async with serving(answer, transport) as (made, server):
        for _ in range(3):
            await gathered(made)
    assert server.connections == 1


async def test_a_relay_that_never_hangs_up_after_done_is_not_waited_for(
    transport: Transport,
) -> None:
    left = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(event("a", "stop"), DONE)
        await exchange.gone()
        left.set()

    async with serving(answer, transport) as (made, _):
        chunks = await asyncio.wait_for(gathered(made), 4)
        await asyncio.wait_for(left.wait(), 4)
    assert chunks[-1].finish_reason == "stop"


async def test_a_connection_lost_before_the_reason_is_a_cut(transport: Transport) -> None:
    async with serving(streaming(event("half"), end=False), transport) as (made, _):
        stream = made.stream(ask())
        assert (await anext(stream)).text == "half"
        with pytest.raises(RelayCut):
            await anext(stream)


async def test_a_connection_lost_after_the_reason_loses_nothing(transport: Transport) -> None:
    answer = streaming(event("all"), event("", "stop"), end=False)
    async with serving(answer, transport) as (made, _):
        chunks = await gathered(made)
    assert [chunk.text for chunk in chunks] == ["all", ""]
    assert chunks[-1].finish_reason == "stop"


async def test_a_stream_that_stalls_is_a_timeout(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(event("half"))
        await exchange.gone()

    async with serving(answer, transport, idle_timeout_s=0.05) as (made, _):
        with pytest.raises(RelayTimeout):
            await gathered(made)


async def test_an_error_inside_the_stream(transport: Transport) -> None:
    answer = streaming(event("half"), b'data: {"error":{"code":503,"message":"x"}}\n\n')
    async with serving(answer, transport) as (made, _):
        with pytest.raises(RelayUnavailable, match="503"):
            await gathered(made)


async def test_a_refusal_in_place_of_a_stream(transport: Transport) -> None:
    answer = saying(b'{"error":{"message":"slow down"}}', 429, retry_after="7")
    async with serving(answer, transport) as (made, _):
        with pytest.raises(RelayRateLimited, match="slow down") as caught:
            await gathered(made)
    assert caught.value.retry_after_s == 7.0


async def test_a_whole_answer_in_place_of_a_stream(transport: Transport) -> None:
    async with serving(saying(CHAT), transport) as (made, _):
        said, last = await gathered(made)
    assert said.text == "Hello."
    assert (last.finish_reason, last.usage) == (
        "stop",
        Usage(prompt_tokens=3, completion_tokens=2),
    )


async def test_a_page_in_place_of_a_stream_is_garbage(transport: Transport) -> None:
    async with serving(saying(b"<html>hi</html>", content_type="text/html"), transport) as (
        made,
        _,
    ):
        with pytest.raises(RelayGarbage):
            await gathered(made)


async def test_leaving_a_stream_closes_its_connection(transport: Transport) -> None:
    left = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(event("first"))
        await exchange.gone()
        left.set()

    async with serving(answer, transport) as (made, _):
        async with aclosing(made.stream(ask())) as stream:
            await anext(stream)
        await asyncio.wait_for(left.wait(), 4)


async def test_cancelling_a_stream_closes_its_connection(transport: Transport) -> None:
    began, left = asyncio.Event(), asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(event("first"))
        began.set()
        await exchange.gone()
        left.set()

    async with serving(answer, transport) as (made, _):
        call = asyncio.create_task(gathered(made))
        await began.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(left.wait(), 4)
