"""When a request came is told by the system: the process may have been late to read it."""

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bots.arrival import data_s, word_s
from bots.listener import Listener, bind
from core.ports.adapter import ARRIVED, LEFT

LATE_S = 0.3
EXACT_S = 0.05

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells it")


async def age(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(time.monotonic() - request.scope[ARRIVED]))


@asynccontextmanager
async def asking(port: int) -> AsyncIterator[asyncio.StreamReader]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /age HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    await writer.drain()
    try:
        yield reader
    finally:
        writer.close()
        await writer.wait_closed()


async def told(reader: asyncio.StreamReader) -> float:
    return float((await reader.read()).rpartition(b"\r\n\r\n")[2])


@pytest.fixture
async def listener():
    listener = Listener(Starlette(routes=[Route("/age", age)]), bind("127.0.0.1", 0))
    yield listener
    await listener.close()


async def test_a_request_is_as_old_as_its_wait_for_a_listener_that_was_not_open_yet(listener):
    began = time.monotonic()
    async with asking(listener.port) as reader:
        await asyncio.sleep(LATE_S)
        listener.open()
        told_s = await told(reader)
        assert LATE_S - EXACT_S <= told_s <= time.monotonic() - began + EXACT_S


async def test_a_request_is_as_old_as_it_is_where_the_loop_stood_still(listener):
    listener.open()
    async with asking(listener.port) as reader:
        assert await told(reader) < LATE_S
    async with asking(listener.port) as reader:
        time.sleep(LATE_S)  # noqa: ASYNC251 - this is what is looked at
        assert await told(reader) >= LATE_S - EXACT_S


async def test_when_somebody_hung_up_is_told_where_the_loop_stood_still():
    told_s: list[float] = []

    async def held(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue
        told_s.append(time.monotonic() - scope[LEFT])

    listener = Listener(held, bind("127.0.0.1", 0))
    listener.open()
    with socket.create_connection(("127.0.0.1", listener.port)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(EXACT_S)
    time.sleep(LATE_S)  # noqa: ASYNC251 - this is what is looked at
    async with asyncio.timeout(5):
        while not told_s:  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(0.005)
    await listener.close()
    assert told_s[0] >= LATE_S - EXACT_S


def test_what_is_no_tcp_connection_did_not_wait():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        assert data_s(ours.fileno()) == word_s(ours.fileno()) == 0.0
        assert ours.recv(1) == b"x"
