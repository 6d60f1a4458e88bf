"""Routes from a configuration's entries, and calls of all relays at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from core.errors import ConfigError, RelayRefused
from core.relay.entry import RelayEntry, RouteTable
from core.relay.opening import open_routes, shared_transports
from core.relay.routes import RelayRoutes
from core.secret import Secret
from tests.relays.routing import Stage, refuses
from tests.relays.servers import Exchange
from tests.relays.stage import CHAT, FakeClock, ask, entry, payload


async def test_models_of_every_relay_that_answers(stage: Stage) -> None:
    async def models(exchange: Exchange) -> None:
        await exchange.reply(payload("burnhair_models.json"))

    stage.models["main"], stage.models["spare"] = models, refuses(500)
    listed = await stage.routes().models()
    assert list(listed) == ["main"]
    assert "gpt-4o" in [model.id for model in listed["main"]]


async def test_a_relay_without_a_list_has_the_models_that_its_profile_knows(
    stage: Stage,
) -> None:
    stage.models["main"] = stage.models["spare"] = refuses(404)
    known = {"known": {"chat": ("gpt-4", "bing")}}
    listed = await stage.routes(main=known, spare={"known": {}}).models()
    assert {name: [model.id for model in models] for name, models in listed.items()} == {
        "main": ["gpt-4", "bing"]
    }


@asynccontextmanager
async def opened(*entries: RelayEntry, **more: Any) -> AsyncIterator[RelayRoutes]:
    routes = open_routes(entries, RouteTable(), clock=FakeClock(), hash_key=b"k", **more)
    try:
        yield routes
    finally:
        await routes.aclose()


async def test_relays_open_with_a_transport_of_their_own_and_close_it(stage: Stage) -> None:
    async with opened(entry(stage.servers["main"].base)) as routes:
        assert (await routes.chat(ask()))[0].text == "main"
        assert list(routes.relays) == ["main"]
    with pytest.raises(RelayRefused, match="closed"):
        await routes.relays["main"].call(ask())


def test_relays_behind_the_same_proxy_share_their_connections() -> None:
    transport_of = shared_transports()
    direct = transport_of(entry("https://a.test"))
    assert transport_of(entry("https://b.test", name="b")) is direct
    assert transport_of(entry(proxy=Secret("http://127.0.0.1:1"))) is not direct
    assert transport_of(entry(verify_tls=False)) is not direct


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"profile": "nobody"}, r"relays\.main\.profile: expected one of .*; got \"nobody\""),
        ({"proxy": Secret("ftp://me:canary@x:1")}, r"relays\.main\.proxy: expected"),
        ({"ca_file": "/nowhere.pem"}, r"relays\.main\.ca_file: expected"),
        ({"base_url": "http://relay.test"}, r"relays\.main\.allow_plain_http"),
        ({"key": Secret("canary key")}, r"relays\.main\.key"),
    ],
)
def test_an_entry_that_cannot_work_is_refused_at_once(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        open_routes(
            [entry(wrong.pop("base_url", ""), **wrong)],
            RouteTable(),
            clock=FakeClock(),
            hash_key=b"k",
        )
    assert "canary" not in str(caught.value)


async def test_another_transport_can_be_handed_in() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=CHAT)

    async with opened(entry(), transports=lambda _: httpx.MockTransport(answer)) as routes:
        assert (await routes.chat(ask()))[0].text == "Hello."
