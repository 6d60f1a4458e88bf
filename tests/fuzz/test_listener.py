"""Over real sockets: heads, bodies and frames without end are ended, before they are kept."""

import asyncio
import os
from contextlib import asynccontextmanager, suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from adapters.wechat.door import BODY_BYTES as PUSH_BYTES
from bots.listener import FRAME_LIMIT_BYTES, HEAD_BYTES, PLATFORM_FRAME_BYTES, Listener, bind

ENOUGH = 32 * HEAD_BYTES
PATIENCE_S = 10.0


async def size(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def sizes(socket: WebSocket) -> None:
    await socket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await socket.send_text(str(len(await socket.receive_text())))


@asynccontextmanager
async def listening(frame_bytes=FRAME_LIMIT_BYTES):
    routes = [Route("/size", size, methods=["POST"]), WebSocketRoute("/ws", sizes)]
    listener = Listener(Starlette(routes=routes), bind("127.0.0.1", 0), frame_bytes)
    listener.open()
    try:
        yield listener.port
    finally:
        await listener.close()


async def poured(port: int, head: bytes, more: bytes, enough: int = ENOUGH) -> int:
    """Bytes of `more` that were taken before the listener hung up; `enough` if it never did."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    sent = 0
    try:
        async with asyncio.timeout(PATIENCE_S):
            while sent < enough:
                writer.write(more)
                await writer.drain()
                sent += len(more)
                await asyncio.sleep(0)
            await reader.read()
    except (ConnectionError, TimeoutError):
        return sent
    finally:
        writer.transport.abort()
    return min(sent, enough)


ENDLESS = {
    "an address": (b"POST /size", b"a" * 4096),
    "a header": (b"POST /size HTTP/1.1\r\nHost: a\r\nX-A: ", b"a" * 4096),
    "a header's name": (b"POST /size HTTP/1.1\r\nHost: a\r\n", b"a" * 4096),
    "headers": (b"POST /size HTTP/1.1\r\nHost: a\r\n", b"X-A: b\r\n" * 512),
    "a chunk's extension": (
        b"POST /size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        b"a" * 4096,
    ),
    "trailers": (
        b"POST /size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"X-A: b\r\n" * 512,
    ),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_what_has_no_end_before_or_behind_a_body_is_hung_up_on(what):
    async with listening() as port:
        assert await poured(port, *ENDLESS[what]) < ENOUGH


async def test_a_body_of_any_size_and_in_any_pieces_is_let_through_to_who_bounds_it():
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        whole = os.urandom(8 * HEAD_BYTES)
        writer.write(b"POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(whole))
        for at in range(0, len(whole), 1000):
            writer.write(whole[at : at + 1000])
        told = await asyncio.wait_for(reader.readuntil(b"%d" % len(whole)), PATIENCE_S)
        writer.close()
        assert b"200 OK" in told


async def test_one_connection_may_have_any_number_of_requests():
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = b"POST /size HTTP/1.1\r\nHost: a\r\nX-A: %s\r\nContent-Length: 1\r\n\r\na"
        for _ in range(5):
            writer.write(request % (b"a" * (HEAD_BYTES // 2)))
            told = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n1"), PATIENCE_S)
            assert b"200 OK" in told
        writer.close()
    assert PUSH_BYTES <= HEAD_BYTES


@pytest.mark.parametrize("most", [FRAME_LIMIT_BYTES, PLATFORM_FRAME_BYTES])
@pytest.mark.parametrize("pieces", [1, 7])
async def test_a_frame_past_its_bound_ends_the_socket_by_1009_in_pieces_too(most, pieces):
    async with listening(most) as port, connect(f"ws://127.0.0.1:{port}/ws", proxy=None) as socket:
        await socket.send("a" * 1000)
        assert await socket.recv() == "1000"
        piece = "a" * (most // pieces + 1)
        with suppress(ConnectionClosed):
            await socket.send([piece] * pieces if pieces > 1 else piece)
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1009


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the other side hangs up without a word."""
    try:
        return not await asyncio.wait_for(reader.read(), PATIENCE_S)
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "data", [b"", b"POST /size HT", b"POST /size HTTP/1.1\r\nHost: a\r\nX-A: b\r\n"]
)
async def test_a_head_that_does_not_come_is_hung_up_on(data, monkeypatch):
    monkeypatch.setattr("bots.listener.HEAD_S", 0.05)
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        assert await ended(reader)
        writer.close()


async def test_a_body_that_does_not_come_is_hung_up_on(monkeypatch):
    monkeypatch.setattr("bots.listener.BODY_S", 0.05)
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na")
        assert await ended(reader)
        writer.close()


async def test_a_body_that_trickles_is_hung_up_on(monkeypatch):
    monkeypatch.setattr("bots.listener.BODY_S", 0.2)

    async def trickle() -> None:
        while True:
            writer.write(b"a")
            await asyncio.sleep(0.01)

    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n")
        trickling = asyncio.create_task(trickle())
        assert await ended(reader)
        trickling.cancel()
        writer.close()


async def test_the_next_request_of_a_connection_has_its_time_too(monkeypatch):
    monkeypatch.setattr("bots.listener.HEAD_S", 0.2)
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na")
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n1"), PATIENCE_S)
        writer.write(b"POST /size HT")
        assert await ended(reader)
        writer.close()


async def test_of_more_connections_than_there_is_room_for_the_latest_are_hung_up_on(monkeypatch):
    monkeypatch.setattr("bots.listener.MOST_CONNECTIONS", 2)
    async with listening() as port:
        first = await asyncio.open_connection("127.0.0.1", port)
        second = await asyncio.open_connection("127.0.0.1", port)
        third, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await ended(third)
        for _, inside in (first, second):
            inside.write(b"POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na")
        for reader, _ in (first, second):
            assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n1"), PATIENCE_S)
        for _, inside in (first, second):
            inside.close()
        writer.close()
