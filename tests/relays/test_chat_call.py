"""A chat call over real sockets."""

import gzip
import json
from base64 import b64encode
from threading import get_ident
from typing import Any

import httpx
import pytest

from core.errors import (
    RelayInvalid,
)
from core.relay import client
from core.relay.client import Relay
from core.relay.encode import Encoder, Outbound
from core.relay.transport import Transport
from core.request import (
    ChatMessage,
    ChatRequest,
    Picture,
)
from core.response import Usage
from core.secret import Secret
from tests.relays.calls import saying, serving
from tests.relays.servers import Exchange, listening
from tests.relays.stage import (
    CHAT,
    KEY,
    FakeClock,
    ask,
    dialect,
    entry,
    payload,
    relay,
)


async def test_a_chat_call_goes_out_and_comes_back(transport: Transport) -> None:
    async with serving(saying(CHAT), transport) as (made, server):
        chat = await made.call(ask("hi", model="m"))
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("POST", "/v1/chat/completions")
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.body)["messages"] == [{"role": "user", "content": "hi"}]
    assert (chat.text, chat.usage) == ("Hello.", Usage(prompt_tokens=3, completion_tokens=2))


async def test_any_httpx_transport_will_do() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        body = gzip.compress(payload("rcouyi_chat.json"))
        return httpx.Response(200, content=body, headers={"content-encoding": "gzip"})

    made = relay(entry("https://relay.test"), httpx.MockTransport(answer))
    assert (await made.call(ask())).text == "This is a test!"


async def test_a_relay_without_a_key_gets_no_authorization(transport: Transport) -> None:
    async with serving(saying(CHAT), transport, key=Secret()) as (made, server):
        await made.call(ask())
    assert "authorization" not in server.asked[0].headers


async def test_pictures_of_one_question_are_bounded_together(transport: Transport) -> None:
    half = Picture(content=bytes(10 * 2**20), mime="image/png")
    over = Picture(content=bytes(10 * 2**20 + 1), mime="image/png")
    question = ChatMessage(role="user", content="?", pictures=(half, over))
    with pytest.raises(RelayInvalid, match=r"at most 20971520 bytes of pictures.*got 20971521"):
        await relay(entry("http://127.0.0.1:9"), transport).call(ChatRequest(messages=(question,)))


async def test_a_large_body_is_encoded_beside_the_loop(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    class Seen(Encoder):
        def encode(self, *given: Any, **more: Any) -> Outbound:
            threads.append(get_ident())
            return super().encode(*given, **more)

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(CHAT)

    monkeypatch.setattr(client, "Encoder", Seen)
    picture = Picture(content=bytes(2 * 2**20), mime="image/png")
    large = ChatMessage(role="user", content="?", pictures=(picture,))
    async with listening(answer) as server:
        to = relay(entry(server.base), transport)
        await to.call(ask())
        await to.call(ChatRequest(messages=(large,)))
    here, beside = threads
    assert here == get_ident()
    assert beside != here
    assert b64encode(picture.content) in server.asked[1].body


def test_a_relay_without_a_key_for_its_hashes_cannot_be_made(transport: Transport) -> None:
    with pytest.raises(ValueError, match="hash_key"):
        Relay(entry(), dialect(), transport, clock=FakeClock(), hash_key=b"")
