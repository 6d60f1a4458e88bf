"""A key goes to its own relay, and shows nowhere."""

import json
import logging
from pathlib import Path

import pytest

from core.errors import ConfigError, RelayError, RelayUnauthorized, RelayUnsupported
from core.relay.encode import call_of
from core.relay.entry import RouteTable
from core.relay.opening import open_routes
from core.relay.transport import Transport
from core.request import (
    BatchCreateRequest,
    BatchStatusRequest,
    CompletionRequest,
    EditRequest,
    EmbeddingRequest,
    FileContentRequest,
    FileUploadRequest,
    FineTuneCreateRequest,
    FineTuneStatusRequest,
    ImageRequest,
    ModelsRequest,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
    UserStatRequest,
)
from core.secret import Secret
from tests.relays.calls import saying, serving
from tests.relays.servers import Exchange, listening
from tests.relays.stage import CHAT, KEY, PNG, STAT_TOKEN, WAV, FakeClock, ask, entry, relay

SECOND, THIRD = "sk-second-canary-111", "plain.third/canary+222"
ALL: list[Request] = [
    ask(),
    CompletionRequest(prompt="hi"),
    EditRequest(instruction="hi"),
    EmbeddingRequest(inputs=("hi",)),
    ImageRequest(prompt="cat"),
    SpeechRequest(text="hi"),
    TranscriptionRequest(audio=WAV, filename="a.wav"),
    TranslationRequest(audio=WAV, filename="a.wav", response_format="text"),
    FileUploadRequest(content=b"{}", filename="a.jsonl", purpose="batch"),
    FileContentRequest(file_id="file-1"),
    BatchCreateRequest(input_file_id="file-1"),
    BatchStatusRequest(batch_id="batch-1"),
    FineTuneCreateRequest(training_file="file-1", model="m"),
    FineTuneStatusRequest(job_id="ft-1"),
    ModelsRequest(),
    UserStatRequest(),
]
EVERY = {"profile": "sandbox", "stat_token": Secret(STAT_TOKEN)}
"""A profile that serves every call."""


# -- where a key goes ----------------------------------------------------------


@pytest.mark.parametrize("request_", ALL, ids=call_of)
async def test_every_call_carries_its_key_to_its_own_relay(
    transport: Transport, request_: Request
) -> None:
    async with serving(saying(b"", 503), transport, **EVERY) as (made, server):
        with pytest.raises(RelayError):
            await made.call(request_)
    secret = STAT_TOKEN if isinstance(request_, UserStatRequest) else KEY
    assert [asked.headers["authorization"] for asked in server.asked] == [f"Bearer {secret}"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("request_", ALL, ids=call_of)
@pytest.mark.parametrize(
    "place",
    ["http://127.0.0.1:{port}/v1/a", "http://localhost:{port}/v1/a", "https://127.0.0.1:{port}/a"],
    ids=["port", "host", "scheme"],
)
async def test_no_call_follows_a_redirect(
    transport: Transport, request_: Request, status: int, place: str
) -> None:
    async with listening(saying(CHAT)) as elsewhere:
        away = saying(b"", status, location=place.format(port=elsewhere.port))
        async with serving(away, transport, **EVERY) as (made, server):
            with pytest.raises(RelayUnsupported, match=r"redirects elsewhere.*base_url"):
                await made.call(request_)
    assert elsewhere.connections == 0
    assert len(server.asked) == 1


async def test_not_even_a_redirect_within_the_relay_is_followed(transport: Transport) -> None:
    async with serving(saying(b"", 307, location="/v2/chat"), transport) as (made, server):
        with pytest.raises(RelayUnsupported):
            await made.call(ask())
        with pytest.raises(RelayUnsupported):
            _ = [chunk async for chunk in made.stream(ask())]
    assert [asked.target for asked in server.asked] == ["/v1/chat/completions"] * 2


async def test_a_link_in_an_answer_and_its_redirects_are_fetched_without_the_key(
    transport: Transport,
) -> None:
    async def answer(exchange: Exchange) -> None:
        here = f"http://{exchange.headers['host']}"
        match exchange.target:
            case "/v1/images/generations":
                await exchange.reply(json.dumps({"data": [{"url": f"{here}/a"}]}).encode())
            case "/a":
                await exchange.reply(status=302, location="/b")
            case _:
                await exchange.reply(PNG)

    async with serving(answer, transport) as (made, server):
        image = (await made.call(ImageRequest(prompt="cat"))).images[0]
    drawn, *fetched = server.asked
    assert drawn.headers["authorization"] == f"Bearer {KEY}"
    assert [asked.target for asked in fetched] == ["/a", "/b"]
    assert not any(KEY in f"{asked.headers}{asked.target}" for asked in fetched)
    assert image.url == f"{server.base}/a"


# -- several keys --------------------------------------------------------------


async def test_each_call_goes_with_the_key_it_is_told(transport: Transport) -> None:
    keys = (Secret(SECOND), Secret(THIRD))
    async with serving(saying(CHAT), transport, keys=keys) as (made, server):
        assert made.keys == 3
        for key in (0, 1, 2, 0):
            await made.call(ask(), key=key)
        _ = [chunk async for chunk in made.stream(ask(), key=2)]
    sent = [asked.headers["authorization"] for asked in server.asked]
    assert sent == [f"Bearer {key}" for key in (KEY, SECOND, THIRD, KEY, THIRD)]


async def test_a_refused_key_is_named_by_its_own_setting(transport: Transport) -> None:
    async with serving(saying(b"", 401), transport, keys=(Secret(SECOND),)) as (made, _):
        with pytest.raises(RelayUnauthorized, match=r"Check relays\.main\.key\."):
            await made.call(ask())
        with pytest.raises(RelayUnauthorized, match=r"Check relays\.main\.keys\[0\]\."):
            await made.call(ask(), key=1)


def test_a_relay_tells_its_address(transport: Transport) -> None:
    made = relay(entry("https://relay.test:8443/v1/"), transport)
    assert (made.address, made.keys) == ("https://relay.test:8443", 1)


# -- where a key shows ---------------------------------------------------------


@pytest.mark.parametrize("key", ["sk-canary key", "sk-canary\n", "sk-钥匙canary", " sk-canary"])
def test_a_key_with_signs_that_no_key_has_is_refused_unseen(transport: Transport, key: str) -> None:
    with pytest.raises(ConfigError, match=r"relays\.main\.key: expected") as caught:
        relay(entry(key=Secret(key)), transport)
    assert "canary" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"relays\.main\.keys\[1\]: expected") as caught:
        relay(entry(keys=(Secret("fine"), Secret(key))), transport)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("request_", ALL, ids=call_of)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
async def test_a_relay_that_echoes_what_it_got_gives_no_secret_away(
    transport: Transport, request_: Request, status: int
) -> None:
    async def echo(exchange: Exchange) -> None:
        told = {"error": {"message": f"{exchange.headers} {SECOND} {THIRD}", "code": "x"}}
        await exchange.reply(json.dumps(told).encode(), status)

    keys = (Secret(SECOND), Secret(THIRD))
    async with serving(echo, transport, keys=keys, **EVERY) as (made, _):
        with pytest.raises(RelayError) as caught:
            await made.call(request_, key=1)
    told = str(caught.value)
    assert "authorization" in told
    for secret in (KEY, STAT_TOKEN, SECOND, THIRD):
        assert secret not in told


async def test_a_key_told_without_its_mark_is_a_secret_too(transport: Transport) -> None:
    bare = KEY.removeprefix("sk-")
    told = json.dumps({"error": {"message": f"no such token: {bare}!"}}).encode()
    async with serving(lambda exchange: exchange.reply(told, 400), transport) as (made, _):
        with pytest.raises(RelayError, match="no such token: …!") as caught:
            await made.call(ask())
    assert bare not in str(caught.value)


# -- plain http ----------------------------------------------------------------


def test_plain_http_beyond_this_machine_is_warned_of_once_at_opening(
    transport: Transport, caplog: pytest.LogCaptureFixture
) -> None:
    entries = [
        entry("http://relay.test/api", name="far", allow_plain_http=True),
        entry("http://127.0.0.1:8765", name="here"),
        entry("https://relay.test", name="safe"),
    ]
    with caplog.at_level(logging.WARNING, "core.relay"):
        open_routes(
            entries,
            RouteTable(),
            clock=FakeClock(),
            hash_key=b"k",
            transports=lambda _: transport,
        )
    (warning,) = [record.getMessage() for record in caplog.records]
    assert warning.startswith("relays.far: plain http to http://relay.test/api")
    assert KEY not in warning


def test_plain_http_that_was_not_allowed_is_no_relay(transport: Transport, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"relays\.main\.allow_plain_http = true"):
        open_routes(
            [entry("http://relay.test")],
            RouteTable(),
            clock=FakeClock(),
            hash_key=b"k",
            transports=lambda _: transport,
            learned=tmp_path,
        )
