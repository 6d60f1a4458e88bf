"""Pictures over real sockets, inline and by links."""

import json
from base64 import b64encode

import pytest

from core.errors import (
    RelayError,
    RelayGarbage,
    RelayLost,
)
from core.relay.transport import Transport
from core.relay.wire import Bounds
from core.request import (
    ImageRequest,
)
from prove.world.ports import free_port
from tests.relays.calls import saying, serving
from tests.relays.servers import Answer, Exchange, listening
from tests.relays.stage import (
    KEY,
    PNG,
    entry,
    relay,
)


async def test_an_inline_picture(transport: Transport) -> None:
    body = json.dumps({"data": [{"b64_json": b64encode(PNG).decode()}]}).encode()
    async with serving(saying(body), transport) as (made, server):
        images = await made.call(ImageRequest(prompt="cat", response_format="b64_json"))
    (image,) = images.images
    assert (image.content, image.mime) == (PNG, "image/png")
    assert len(server.asked) == 1


def drawing(link: str, then: Answer) -> Answer:
    """Answers a drawing call with a link, and any other request by `then`."""

    async def answer(exchange: Exchange) -> None:
        if exchange.target == "/v1/images/generations":
            await exchange.reply(json.dumps({"data": [{"url": link}]}).encode())
        else:
            await then(exchange)

    return answer


async def test_a_linked_picture_is_fetched_at_once_without_the_key(transport: Transport) -> None:
    port = free_port()
    answer = drawing(f"http://127.0.0.1:{port}/cat.png?sig=1%2F2", saying(PNG))
    async with listening(answer, port=port) as server:
        images = await relay(entry(server.base), transport).call(ImageRequest(prompt="cat"))
    drawn, fetched = server.asked
    assert images.images[0].content == PNG
    assert (drawn.method, fetched.method) == ("POST", "GET")
    assert fetched.target == "/cat.png?sig=1%2F2"
    assert "authorization" not in fetched.headers
    assert KEY not in str(fetched.headers)


async def test_a_link_into_a_private_network_is_not_followed(transport: Transport) -> None:
    async with (
        listening(saying(PNG)) as inside,
        serving(drawing(f"{inside.base}/secret.png", saying(PNG)), transport) as (made, _),
    ):
        with pytest.raises(RelayLost, match="not a public address"):
            await made.call(ImageRequest(prompt="cat"))
    assert inside.connections == 0


async def test_a_redirect_into_a_private_network_is_not_followed(transport: Transport) -> None:
    port = free_port()
    async with listening(saying(PNG)) as inside:
        away = saying(b"", 302, location=f"{inside.base}/secret.png")
        answer = drawing(f"http://127.0.0.1:{port}/cat.png", away)
        async with listening(answer, port=port) as server:
            with pytest.raises(RelayLost, match="not a public address"):
                await relay(entry(server.base), transport).call(ImageRequest(prompt="cat"))
    assert inside.connections == 0


async def test_a_redirect_at_home_is_followed_but_not_for_ever(transport: Transport) -> None:
    port = free_port()

    async def fetch(exchange: Exchange) -> None:
        if exchange.target == "/cat.png":
            await exchange.reply(status=302, location="/real.png")
        else:
            await exchange.reply(PNG)

    async with listening(drawing(f"http://127.0.0.1:{port}/cat.png", fetch), port=port) as server:
        images = await relay(entry(server.base), transport).call(ImageRequest(prompt="cat"))
    assert images.images[0].content == PNG

    circle = drawing(f"http://127.0.0.1:{port}/a", saying(b"", 302, location="/a"))
    async with listening(circle, port=port) as server:
        with pytest.raises(RelayLost, match="too many redirects"):
            await relay(entry(server.base), transport).call(ImageRequest(prompt="cat"))
    assert len(server.asked) == 1 + 4


async def test_a_link_is_tried_again_since_the_picture_was_paid_for(transport: Transport) -> None:
    port = free_port()
    tries: list[str] = []

    async def fetch(exchange: Exchange) -> None:
        tries.append(exchange.target)
        if len(tries) == 1:
            exchange.writer.close()
        else:
            await exchange.reply(PNG)

    async with listening(drawing(f"http://127.0.0.1:{port}/a", fetch), port=port) as server:
        images = await relay(entry(server.base), transport).call(ImageRequest(prompt="cat"))
    assert images.images[0].content == PNG
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("then", "kind"),
    [
        (saying(b"", 404), RelayLost),
        (saying(b"<html>expired</html>"), RelayGarbage),
        (saying(PNG + bytes(1000)), RelayGarbage),
        (saying(b"", 302, location="http://[broken"), RelayGarbage),
    ],
    ids=["gone", "a page", "too large", "broken redirect"],
)
async def test_a_link_to_no_usable_picture_fails(
    transport: Transport, then: Answer, kind: type[RelayError]
) -> None:
    port = free_port()
    answer = drawing(f"http://127.0.0.1:{port}/a?signature=canary", then)
    async with listening(answer, port=port) as server:
        made = relay(entry(server.base), transport, bounds=Bounds(picture_bytes=500))
        with pytest.raises(kind) as caught:
            await made.call(ImageRequest(prompt="cat"))
    assert not caught.value.certain
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("link", ["http://[broken", "ftp://files.test/a.png", "no address"])
async def test_a_link_that_is_no_web_address_fails(transport: Transport, link: str) -> None:
    async with serving(drawing(link, saying(PNG)), transport) as (made, _):
        with pytest.raises(RelayError):
            await made.call(ImageRequest(prompt="cat"))
