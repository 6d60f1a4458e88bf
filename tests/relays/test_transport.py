"""The transport against sockets that misbehave in every way we know of."""

import asyncio
import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from core.relay.transport import Transport
from prove.world.ports import free_port
from tests.relays.servers import Exchange, accepting, listening

FAST = {"connect": 2.0, "first_byte": 2.0, "read": 2.0}


async def get(
    transport: httpx.AsyncBaseTransport, url: str, *, method: str = "GET", **extensions: Any
) -> httpx.Response:
    extensions.setdefault("timeout", FAST)
    request = httpx.Request(method, url, extensions=extensions, content=b"question")
    return await transport.handle_async_request(request)


async def read(response: httpx.Response) -> bytes:
    try:
        return await response.aread()
    finally:
        await response.aclose()


async def ok(exchange: Exchange) -> None:
    await exchange.reply(b"{}")


async def test_request_and_answer_pass_unchanged(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b"body", 418, x_mark="yes")

    async with listening(answer) as server:
        url = f"{server.base}/a%2Fb?q=%E4%BD%A0"
        request = httpx.Request("POST", url, headers={"X-Key": "v"}, content=b"question")
        response = await transport.handle_async_request(request)
        body = await read(response)

    (asked,) = server.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/a%2Fb?q=%E4%BD%A0", b"question")
    assert asked.headers["x-key"] == "v"
    assert (response.status_code, response.headers["x-mark"], body) == (418, "yes", b"body")


async def test_it_serves_as_the_transport_of_an_httpx_client(transport: Transport) -> None:
    async def echo(exchange: Exchange) -> None:
        await exchange.reply(exchange.body)

    async with listening(echo) as server, httpx.AsyncClient(transport=transport) as client:
        answer = await client.post(server.base, files={"file": ("a.txt", b"content")})
    assert b"content" in answer.content
    assert b'filename="a.txt"' in answer.content


async def test_one_connection_serves_one_call_after_another(transport: Transport) -> None:
    async with listening(ok) as server:
        for _ in range(3):
            await read(await get(transport, server.base))
    assert server.connections == 1


async def test_more_than_a_hundred_calls_are_in_flight_at_once(transport: Transport) -> None:
    everybody = asyncio.Barrier(150)

    async def answer(exchange: Exchange) -> None:
        await everybody.wait()
        await exchange.reply(b"{}")

    async with listening(answer) as server:
        calls = (get(transport, server.base) for _ in range(150))
        for response in await asyncio.gather(*calls):
            assert await read(response) == b"{}"


async def test_a_refused_connection_is_a_connect_error(transport: Transport) -> None:
    with pytest.raises(httpx.ConnectError, match="refused"):
        await get(transport, f"http://127.0.0.1:{free_port()}")


async def test_an_unknown_name_is_a_connect_error(transport: Transport) -> None:
    with pytest.raises(httpx.ConnectError, match=r"nowhere\.invalid"):
        await get(transport, "http://nowhere.invalid")


async def test_a_connection_lost_after_sending_is_a_read_error(transport: Transport) -> None:
    async def hang_up(exchange: Exchange) -> None:
        exchange.writer.close()

    async with listening(hang_up) as server:
        with pytest.raises(httpx.ReadError):
            await get(transport, server.base, method="POST")
    assert len(server.asked) == 1


async def test_a_reset_after_sending_is_a_read_error(transport: Transport) -> None:
    async def reset(exchange: Exchange) -> None:
        exchange.reset()

    async with listening(reset) as server:
        with pytest.raises(httpx.ReadError):
            await get(transport, server.base, method="POST")


async def test_a_reset_before_the_request_was_read_is_no_connect_error(
    transport: Transport,
) -> None:
    """The bytes may lie in the server's buffer: nobody can say that nothing was sent."""

    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        Exchange("", "", {}, b"", reader, writer).reset()

    async with accepting(drop) as port:
        with pytest.raises(httpx.ReadError):
            await get(transport, f"http://127.0.0.1:{port}", method="POST")


async def test_a_handshake_that_does_not_end_is_a_connect_timeout(transport: Transport) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with accepting(mute) as port:
        with pytest.raises(httpx.ConnectTimeout):
            await get(transport, f"https://127.0.0.1:{port}", timeout=FAST | {"connect": 0.05})


async def test_silence_after_the_request_is_a_read_timeout(transport: Transport) -> None:
    async def stall(exchange: Exchange) -> None:
        await exchange.gone()

    async with listening(stall) as server:
        with pytest.raises(httpx.ReadTimeout):
            await get(transport, server.base, timeout=FAST | {"first_byte": 0.05})


async def test_an_upload_that_is_not_taken_is_a_read_timeout(transport: Transport) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    async with accepting(deaf) as port:
        request = httpx.Request(
            "POST",
            f"http://127.0.0.1:{port}",
            content=bytes(32 * 2**20),
            extensions={"timeout": FAST | {"write": 0.1, "first_byte": 60.0}},
        )
        with pytest.raises(httpx.ReadTimeout):
            await transport.handle_async_request(request)


async def test_a_slow_upload_takes_nothing_of_the_time_for_the_first_byte(
    transport: Transport,
) -> None:
    size = 20 * 2**20

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-length: %d\r\n" % size in head.lower()
        for _ in range(20):
            await asyncio.sleep(0.05)
            await reader.readexactly(2**20)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()

    async with accepting(slow) as port:
        request = httpx.Request(
            "POST",
            f"http://127.0.0.1:{port}",
            content=bytes(size),
            extensions={"timeout": FAST | {"write": 0.7, "first_byte": 0.7}},
        )
        assert await read(await transport.handle_async_request(request)) == b"{}"


async def test_an_answer_may_come_before_the_upload_ends(transport: Transport) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Large\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        await reader.read()

    async with accepting(refuse) as port:
        request = httpx.Request(
            "POST",
            f"http://127.0.0.1:{port}",
            content=bytes(32 * 2**20),
            extensions={"timeout": FAST},
        )
        response = await transport.handle_async_request(request)
        assert (response.status_code, await read(response)) == (413, b"{}")


async def test_silence_before_the_body_has_the_first_byte_timeout(transport: Transport) -> None:
    async def head_alone(exchange: Exchange) -> None:
        await exchange.begin_stream()
        await exchange.gone()

    async with listening(head_alone) as server:
        timeout = FAST | {"first_byte": 0.05, "read": 60.0}
        response = await get(transport, server.base, timeout=timeout)
        with pytest.raises(httpx.ReadTimeout):
            await read(response)


async def test_silence_inside_the_body_has_the_idle_timeout(transport: Transport) -> None:
    async def stall(exchange: Exchange) -> None:
        await exchange.begin_stream(b"a")
        await exchange.gone()

    async with listening(stall) as server:
        timeout = FAST | {"first_byte": 60.0, "read": 0.05}
        response = await get(transport, server.base, timeout=timeout)
        with pytest.raises(httpx.ReadTimeout):
            await read(response)


async def test_a_slow_body_is_taken_as_long_as_it_moves(transport: Transport) -> None:
    async def trickle(exchange: Exchange) -> None:
        await exchange.begin_stream()
        for _ in range(6):
            await asyncio.sleep(0.05)
            await exchange.more(b"x")
        await exchange.end_stream()

    async with listening(trickle) as server:
        timeout = FAST | {"first_byte": 0.2, "read": 0.2}
        assert await read(await get(transport, server.base, timeout=timeout)) == b"xxxxxx"


async def test_what_came_while_the_loop_was_held_up_is_no_silence(transport: Transport) -> None:
    async def hold_up(exchange: Exchange) -> None:
        await exchange.begin_stream(b"a")
        await asyncio.sleep(0.02)
        await exchange.more(b"b")
        time.sleep(0.1)  # noqa: ASYNC251
        await exchange.end_stream()

    async with listening(hold_up) as server:
        timeout = FAST | {"read": 0.05}
        assert await read(await get(transport, server.base, timeout=timeout)) == b"ab"


@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhalf",
    ],
)
async def test_a_body_cut_short_is_a_read_error(transport: Transport, cut: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(cut)
        exchange.writer.close()

    async with listening(answer) as server:
        with pytest.raises(httpx.ReadError):
            await read(await get(transport, server.base))


@pytest.mark.parametrize(
    "noise",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\x00\xff" * 1000,
    ],
)
async def test_what_is_not_http_is_a_protocol_error(transport: Transport, noise: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(noise)
        await exchange.gone()

    async with listening(answer) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await get(transport, server.base)


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
async def test_compressed_bodies_come_out_plain(
    transport: Transport, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(compress(b"words " * 1000), content_encoding=encoding)

    async with listening(answer) as server:
        response = await get(transport, server.base)
        assert await read(response) == b"words " * 1000
    assert "content-encoding" not in response.headers
    assert encoding in server.asked[0].headers["accept-encoding"]


async def test_broken_compression_is_a_protocol_error(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b"this is no gzip", content_encoding="gzip")

    async with listening(answer) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await read(await get(transport, server.base))


async def test_a_gzip_bomb_comes_in_small_pieces_and_can_be_left(transport: Transport) -> None:
    bomb = gzip.compress(bytes(128 * 2**20), compresslevel=9)

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(bomb, content_encoding="gzip")

    async with listening(answer) as server:
        response = await get(transport, server.base)
        tracemalloc.start()
        pieces = response.stream.__aiter__()  # type: ignore[union-attr]
        sizes = [len(await anext(pieces)) for _ in range(20)]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await response.aclose()
    assert max(sizes) < 2**20
    assert peak < 16 * 2**20


async def test_leaving_an_answer_closes_its_connection(transport: Transport) -> None:
    left = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(b"first")
        await exchange.gone()
        left.set()

    async with listening(answer) as server:
        response = await get(transport, server.base)
        await response.aclose()
        await asyncio.wait_for(left.wait(), 4)


async def test_cancelling_a_call_closes_its_connection(transport: Transport) -> None:
    came, left = asyncio.Event(), asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        came.set()
        await exchange.gone()
        left.set()

    async with listening(answer) as server:
        call = asyncio.create_task(get(transport, server.base))
        await came.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(left.wait(), 4)


async def test_redirects_are_answers_like_others(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(status=302, location="http://elsewhere.invalid/")

    async with listening(answer) as server:
        response = await get(transport, server.base)
        await response.aclose()
    assert (response.status_code, len(server.asked)) == (302, 1)


async def test_cookies_are_not_kept(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b"{}", set_cookie="session=1; Path=/")

    async with listening(answer) as server:
        for _ in range(2):
            await read(await get(transport, server.base))
    assert "cookie" not in server.asked[1].headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"])
async def test_public_only_reaches_nothing_on_this_machine(transport: Transport, host: str) -> None:
    async with listening(ok) as server:
        with pytest.raises(httpx.ConnectError, match=r"not a (public|canonical)"):
            await get(transport, f"http://{host}:{server.port}", public_only=True)
    assert server.connections == 0


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http:///nowhere"])
async def test_addresses_of_another_kind_are_unsupported(transport: Transport, url: str) -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        await get(transport, url)


async def test_nothing_is_sent_after_closing() -> None:
    transport = Transport()
    async with listening(ok) as server:
        await read(await get(transport, server.base))
        await transport.aclose()
        with pytest.raises(httpx.ConnectError):
            await get(transport, server.base)
    assert server.connections == 1
