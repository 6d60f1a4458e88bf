"""Answers of far more values, or pictures, than anybody asked for."""

import json
from base64 import b64encode

import msgspec
import pytest

from core.errors import RelayError, RelayGarbage, RelayTimeout
from core.relay.crowd import FEW_BYTES, NESTS, TEXTS, VALUES, is_crowded
from core.relay.transport import Transport
from core.relay.wire import Bounds
from core.request import (
    BatchStatusRequest,
    EmbeddingRequest,
    FileContentRequest,
    ImageRequest,
    ModelsRequest,
    Request,
)
from prove.world.ports import free_port
from tests.relays.calls import gathered, saying, serving
from tests.relays.servers import Answer, Exchange, listening
from tests.relays.stage import PNG, ask, entry, relay

FILLED = b" " * FEW_BYTES
LARGE = PNG + bytes(125 - len(PNG))
INLINE = {"b64_json": b64encode(PNG).decode()}


@pytest.mark.parametrize(
    ("most", "one"), [(NESTS, b"{}"), (NESTS, b"[]"), (2 * TEXTS, b'"'), (VALUES, b",")]
)
def test_so_many_values_may_be_and_no_more(most: int, one: bytes) -> None:
    assert not is_crowded(FILLED + one * most)
    assert is_crowded(FILLED + one * (most + 1))


def test_what_is_small_is_not_counted() -> None:
    assert not is_crowded(b"{" * FEW_BYTES)


def test_as_many_vectors_as_a_batch_may_have_are_no_crowd() -> None:
    """An input's vector of 3,072 numbers is some 36 KB as OpenAI writes it: 8 MiB hold 230."""
    numbers = [-0.012345678] * 3072
    body = msgspec.json.encode({"data": [{"index": i, "embedding": numbers} for i in range(200)]})
    assert not is_crowded(body)


ASKED = pytest.mark.parametrize(
    "request_",
    [ask(), EmbeddingRequest(inputs=("a",)), ModelsRequest(), BatchStatusRequest(batch_id="b")],
    ids=["chat", "embeddings", "models", "batch"],
)


@ASKED
async def test_a_crowd_is_not_decoded(transport: Transport, request_: Request) -> None:
    body = b'{"error":[' + b"[]," * (NESTS + 1) + b"0]}"
    async with serving(saying(body), transport) as (made, _):
        with pytest.raises(RelayGarbage, match="too many values"):
            await made.call(request_)


async def test_a_crowd_in_place_of_a_stream_is_not_decoded(transport: Transport) -> None:
    body = b'{"choices":[' + b"{}," * (NESTS + 1) + b"{}]}"
    async with serving(saying(body), transport) as (made, _):
        with pytest.raises(RelayGarbage, match="too many values"):
            await gathered(made)


async def test_a_file_may_hold_what_it_wants(transport: Transport) -> None:
    body = b"[]," * (NESTS + 1)
    async with serving(saying(body), transport) as (made, _):
        assert (await made.call(FileContentRequest(file_id="f"))).content == body


async def test_more_pictures_than_asked_for_are_taken_up_to_ten(transport: Transport) -> None:
    async with serving(saying(json.dumps({"data": [INLINE] * 10}).encode()), transport) as (
        made,
        _,
    ):
        assert len((await made.call(ImageRequest(prompt="cat"))).images) == 10
    async with serving(saying(json.dumps({"data": [INLINE] * 11}).encode()), transport) as (
        made,
        _,
    ):
        with pytest.raises(RelayGarbage, match="11 pictures, where 10"):
            await made.call(ImageRequest(prompt="cat"))


async def linked(transport: Transport, then: Answer, count: int, bounds: Bounds) -> list[str]:
    """What was fetched of an answer of so many links."""
    port = free_port()
    fetched: list[str] = []

    async def answer(exchange: Exchange) -> None:
        if exchange.target == "/v1/images/generations":
            links = [{"url": f"http://127.0.0.1:{port}/{i}"} for i in range(count)]
            await exchange.reply(json.dumps({"data": links}).encode())
        else:
            fetched.append(exchange.target)
            await then(exchange)

    async with listening(answer, port=port) as server:
        try:
            await relay(entry(server.base), transport, bounds=bounds).call(ImageRequest(prompt="x"))
        except RelayError as error:
            error.add_note(" ".join(fetched))
            raise
    return fetched


async def test_of_too_many_links_none_is_followed(transport: Transport) -> None:
    with pytest.raises(RelayGarbage, match="11 pictures") as caught:
        await linked(transport, saying(PNG), 11, Bounds())
    assert caught.value.__notes__ == [""]


async def test_linked_pictures_have_one_bound_together(transport: Transport) -> None:
    assert len(await linked(transport, saying(LARGE), 4, Bounds(pictures_bytes=500))) == 4
    with pytest.raises(RelayGarbage, match="too many bytes in all") as caught:
        await linked(transport, saying(LARGE), 5, Bounds(pictures_bytes=500))
    assert caught.value.__notes__ == ["/0 /1 /2 /3 /4"]


async def test_linked_pictures_have_one_time_together(transport: Transport) -> None:
    async def hold(exchange: Exchange) -> None:
        await exchange.gone()

    with pytest.raises(RelayTimeout, match=r"within 0\.1 s"):
        await linked(transport, hold, 2, Bounds(whole_s=0.1))
