"""Routes: a relay that does not let itself be connected to is left early, and nothing was sent.

Here a connection is waited for 0.1 s where it is 2 s, and a stall noted after 0.1 s where it
is 6 s; 60 s where it must play no part.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import httpx
import pytest

from core.errors import RelayRefused, RelayTimeout
from core.relay.client import Relay
from core.relay.entry import RouteTable
from core.relay.routes import RelayRoutes
from core.relay.transport import Transport
from core.relay.watch import Prober, Wait, WaitLimits, Watch
from tests.relays.calls import streaming
from tests.relays.routing import Stage, table
from tests.relays.servers import Exchange, Proxy, accepting, http_proxy, socks5_proxy, swallowed
from tests.relays.stage import CHAT, DONE, ask, entry, event, relay

SOON_S, NEVER_S = 0.1, 60.0
IN_TIME_S = 2.0
"""Far below connect_timeout_s, for a busy machine."""

QUICK = WaitLimits(connect_s=SOON_S, probe_s=SOON_S)
BOTH = table("main", "spare")

Way = Callable[[], AbstractAsyncContextManager[tuple[str, Transport]]]
"""A base URL, and the transport to reach it by."""


# -- what lets nobody through --------------------------------------------------------


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@asynccontextmanager
async def over(base: str, proxy: str = "") -> AsyncIterator[tuple[str, Transport]]:
    transport = Transport(proxy=proxy)
    try:
        yield base, transport
    finally:
        await transport.aclose()


@asynccontextmanager
async def full_queue() -> AsyncIterator[tuple[str, Transport]]:
    with swallowed() as port:
        async with over(f"http://127.0.0.1:{port}") as way:
            yield way


@asynccontextmanager
async def mute_tls() -> AsyncIterator[tuple[str, Transport]]:
    async with accepting(mute) as port, over(f"https://127.0.0.1:{port}") as way:
        yield way


@asynccontextmanager
async def mute_http_proxy() -> AsyncIterator[tuple[str, Transport]]:
    async with (
        accepting(mute) as port,
        over("https://relay.invalid", f"http://127.0.0.1:{port}") as way,
    ):
        yield way


@asynccontextmanager
async def mute_socks_proxy() -> AsyncIterator[tuple[str, Transport]]:
    async with (
        accepting(mute) as port,
        over("https://relay.invalid", f"socks5h://127.0.0.1:{port}") as way,
    ):
        yield way


def routes_of(
    stage: Stage,
    base: str,
    transport: httpx.AsyncBaseTransport,
    route: RouteTable = BOTH,
    limits: WaitLimits = QUICK,
    stall_s: float = NEVER_S,
    connect_timeout_s: float = NEVER_S,
) -> RelayRoutes:
    """`main` at `base`, by its transport, and the stage's `spare`."""
    main = entry(base, connect_timeout_s=connect_timeout_s, first_byte_timeout_s=NEVER_S)
    spare = entry(stage.servers["spare"].base, name="spare")
    made = RelayRoutes(
        [relay(main, transport, clock=stage.clock), relay(spare, stage.transport)],
        RouteTable(chat=route.chat, stall_s=stall_s),
        clock=stage.clock,
        sleep=stage.clock.sleep,
        limits=limits,
    )
    stage.made.append(made)
    return made


async def took_s(calls: int, routes: RelayRoutes) -> tuple[set[tuple[str, int]], float]:
    """Who answered and how many are perhaps billed besides; seconds until all were answered."""
    began = asyncio.get_running_loop().time()
    answers = await asyncio.gather(*(routes.chat(ask()) for _ in range(calls)))
    took = asyncio.get_running_loop().time() - began
    return {(served.relay, len(served.lost)) for _, served in answers}, took


@pytest.mark.parametrize("way", [full_queue, mute_tls, mute_http_proxy, mute_socks_proxy])
async def test_where_no_connection_is_made_the_next_relay_is_asked_early(
    stage: Stage, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    async with way() as (base, transport):
        routes = routes_of(stage, base, transport)
        with caplog.at_level(logging.WARNING):
            answered, took = await took_s(5, routes)
        assert answered == {("spare", 0)}
        assert SOON_S <= took < IN_TIME_S
        assert [(one.scope, one.state) for one in routes.health()] == [("address", "open")]
    assert "no connection within 0.1 s" in caplog.text
    assert "billed" not in caplog.text


async def test_a_stream_goes_elsewhere_as_early(stage: Stage) -> None:
    stage.answers["spare"] = streaming(event("spare", "stop"), DONE)
    async with mute_tls() as (base, transport), asyncio.timeout(IN_TIME_S):
        routes = routes_of(stage, base, transport)
        told = [(chunk.text, by.lost) async for chunk, by in routes.stream(ask())]
    assert ("spare", ()) in told


async def test_by_default_two_seconds_pass_without_a_connection(stage: Stage) -> None:
    async with full_queue() as (base, transport):
        routes = routes_of(
            stage, base, transport, limits=WaitLimits(), stall_s=RouteTable().stall_s
        )
        answered, took = await took_s(1, routes)
    assert answered == {("spare", 0)}
    assert 2.0 <= took < 3.0


async def test_those_who_come_later_do_not_wait_for_a_connection(stage: Stage) -> None:
    async with mute_tls() as (base, transport):
        slow = WaitLimits(connect_s=1.0, probe_s=1.0)
        routes = routes_of(stage, base, transport, limits=slow)
        await took_s(1, routes)
        _, took = await took_s(1, routes)
    assert took < slow.connect_s


@pytest.mark.parametrize("route", [table("main"), table("main:a", "main:b")])
async def test_the_only_address_is_waited_for_in_full(stage: Stage, route: RouteTable) -> None:
    async with mute_tls() as (base, transport):
        routes = routes_of(stage, base, transport, route, connect_timeout_s=SOON_S * 5)
        began = asyncio.get_running_loop().time()
        with pytest.raises(RelayRefused, match="it took too long") as caught:
            await routes.chat(ask())
        assert asyncio.get_running_loop().time() - began >= SOON_S * 5
    assert caught.value.lost == ()


async def test_a_stall_without_a_connection_costs_nothing(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    limits = WaitLimits(connect_s=NEVER_S, probe_s=SOON_S)
    async with mute_tls() as (base, transport), asyncio.timeout(IN_TIME_S):
        routes = routes_of(stage, base, transport, limits=limits, stall_s=SOON_S)
        _, served = await routes.chat(ask())
    assert (served.relay, served.lost) == ("spare", ())
    assert "billed" not in caplog.text


# -- once the connection stands ------------------------------------------------------


async def slow(exchange: Exchange) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(SOON_S * 4):
            await exchange.gone()
    await exchange.reply(CHAT.replace(b"Hello.", b"main"))


async def test_a_connection_that_stands_is_waited_on_new_or_used_again(stage: Stage) -> None:
    stage.answers["main"] = slow
    routes = routes_of(stage, stage.servers["main"].base, stage.transport)
    for _ in range(2):
        assert (await took_s(1, routes))[0] == {("main", 0)}
    assert stage.servers["main"].connections == 1


@pytest.mark.parametrize(("proxy", "scheme"), [(http_proxy, "http"), (socks5_proxy, "socks5")])
async def test_a_connection_behind_a_proxy_is_noticed(
    stage: Stage, proxy: Callable[[], AbstractAsyncContextManager[Proxy]], scheme: str
) -> None:
    stage.answers["main"] = slow
    base = stage.servers["main"].base
    async with proxy() as before, over(base, f"{scheme}://127.0.0.1:{before.port}") as way:
        assert (await took_s(1, routes_of(stage, *way)))[0] == {("main", 0)}


async def test_a_silence_after_the_connection_may_have_been_billed(stage: Stage) -> None:
    stage.answers["main"] = stage.models["main"] = Exchange.gone
    base = stage.servers["main"].base
    routes = routes_of(stage, base, stage.transport, stall_s=SOON_S)
    assert (await took_s(1, routes))[0] == {("spare", 1)}


class Untold(httpx.AsyncBaseTransport):
    """Tells nothing of its connections."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with suppress(TimeoutError):
            async with asyncio.timeout(SOON_S * 4):
                await asyncio.Event().wait()
        return httpx.Response(200, json={"choices": [{"message": {"content": "Hi"}}]})


async def test_of_a_transport_that_tells_nothing_nothing_is_concluded(stage: Stage) -> None:
    routes = routes_of(stage, "https://relay.invalid", Untold())
    assert (await took_s(1, routes))[0] == {("main", 0)}


def watched(spare: Relay) -> Wait:
    watch = Watch(Prober(NEVER_S), lambda _: None, stall_s=NEVER_S, connect_s=NEVER_S)
    return Wait(watch, spare, 0, lambda: True)


async def test_a_probe_tells_nothing_of_the_connection_of_a_call(stage: Stage) -> None:
    spare = relay(entry(stage.servers["spare"].base), stage.transport)
    probed = asyncio.get_running_loop().create_future()

    async def probe() -> None:
        async with watched(spare) as wait:
            wait.connecting()
            Prober(NEVER_S).probe(spare, 0, probed.set_result)
            assert (await probed).answered
            wait.give_up()
            await asyncio.Event().wait()

    with pytest.raises(RelayRefused):
        await probe()


async def test_what_comes_after_a_connection_may_have_been_billed(stage: Stage) -> None:
    async def twice() -> None:
        async with watched(relay(entry(stage.servers["spare"].base), stage.transport)) as wait:
            wait.connecting()
            wait.connected()
            wait.connecting()
            wait.give_up()
            await asyncio.Event().wait()

    with pytest.raises(RelayTimeout, match="may have been billed"):
        await twice()


async def test_a_connection_made_in_the_last_moment_is_used(stage: Stage) -> None:
    spare = relay(entry(stage.servers["spare"].base), stage.transport)
    async with watched(spare) as wait:
        wait.connecting()
        wait.give_up()
        wait.connected()
        assert (await spare.call(ask())).text == "spare"
