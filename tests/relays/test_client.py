"""One relay over real sockets: every kind of call, and every way it can go wrong."""

import asyncio
import gzip
import json
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from threading import get_ident
from typing import Any

import httpx
import pytest

from core.errors import (
    ConfigError,
    RelayCut,
    RelayError,
    RelayGarbage,
    RelayInvalid,
    RelayLost,
    RelayRateLimited,
    RelayRefused,
    RelayTimeout,
    RelayUnavailable,
    RelayUnsupported,
)
from core.relay import client
from core.relay.client import Relay
from core.relay.dialect import Capabilities
from core.relay.encode import Encoder, Outbound
from core.relay.transport import Transport
from core.relay.wire import Bounds
from core.request import (
    ChatMessage,
    ChatRequest,
    ImageRequest,
    ModelsRequest,
    Picture,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
    UserStatRequest,
)
from core.response import Chunk, Usage
from core.secret import Secret
from tests.relays.servers import Answer, Exchange, Server, free_port, listening
from tests.relays.stage import (
    CHAT,
    DONE,
    KEY,
    PNG,
    STAT_TOKEN,
    WAV,
    FakeClock,
    ask,
    dialect,
    entry,
    event,
    payload,
    relay,
)


@asynccontextmanager
async def serving(
    answer: Answer, transport: httpx.AsyncBaseTransport, **settings: object
) -> AsyncIterator[tuple[Relay, Server]]:
    bounds = settings.pop("bounds", None)
    async with listening(answer) as server:
        at = entry(server.base, **settings)
        yield relay(at, transport, bounds=bounds), server  # type: ignore[arg-type]


def saying(body: bytes, status: int = 200, **headers: str) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(body, status, **headers)

    return answer


def streaming(*events: bytes, end: bool = True) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(*events)
        if end:
            await exchange.end_stream()
        else:
            exchange.writer.close()

    return answer


async def gathered(made: Relay) -> list[Chunk]:
    return [chunk async for chunk in made.stream(ask())]


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


async def test_speech(transport: Transport) -> None:
    async with serving(saying(WAV, content_type="audio/wav"), transport) as (made, server):
        speech = await made.call(SpeechRequest(text="Hello world"))
    assert (speech.content, speech.mime) == (WAV, "audio/wav")
    assert server.asked[0].target == "/v1/audio/speech"


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (TranscriptionRequest(audio=WAV, filename="a.wav"), "/v1/audio/transcriptions"),
        (TranslationRequest(audio=WAV, filename="a.wav"), "/v1/audio/translations"),
    ],
)
async def test_transcription_and_translation(
    transport: Transport, request_: TranscriptionRequest | TranslationRequest, path: str
) -> None:
    answer = saying(payload("burnhair_transcription.json"))
    async with serving(answer, transport) as (made, server):
        told = await made.call(request_)
    assert told.text.startswith("so that they know")
    (asked,) = server.asked
    assert asked.target == path
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert WAV in asked.body


async def test_a_large_upload_arrives_whole(transport: Transport) -> None:
    audio = bytes(range(256)) * 4 * 2**12
    answer = saying(payload("burnhair_transcription.json"))
    async with serving(answer, transport) as (made, server):
        await made.call(TranscriptionRequest(audio=audio, filename="a.wav"))
    assert audio in server.asked[0].body


async def test_models(transport: Transport) -> None:
    async with serving(saying(payload("burnhair_models.json")), transport) as (made, server):
        models = (await made.call(ModelsRequest())).models
    assert "gpt-4o" in [model.id for model in models]
    assert (server.asked[0].method, server.asked[0].target) == ("GET", "/v1/models")


async def test_user_stat_is_asked_with_its_own_token(transport: Transport) -> None:
    answer = saying(payload("burnhair_user_stat.json"))
    settings = {"profile": "burnhair", "stat_token": Secret(STAT_TOKEN)}
    async with serving(answer, transport, **settings) as (made, server):
        stat = await made.call(UserStatRequest())
    assert server.asked[0].target == "/api/user/stat"
    assert server.asked[0].headers["authorization"] == f"Bearer {STAT_TOKEN}"
    assert KEY not in str(server.asked[0].headers)
    assert stat.account.request_count == 108359


async def test_user_stat_without_its_token_is_a_config_error(transport: Transport) -> None:
    async with serving(saying(b"{}"), transport, profile="burnhair") as (made, server):
        with pytest.raises(ConfigError, match=r"relays\.main\.stat_token"):
            await made.call(UserStatRequest())
    assert server.asked == []


async def test_a_call_that_the_profile_denies_is_not_sent(transport: Transport) -> None:
    async with listening(saying(CHAT)) as server:
        made = relay(entry(server.base), transport, capabilities=Capabilities(speech="off"))
        with pytest.raises(RelayUnsupported, match="turned off for now"):
            await made.call(SpeechRequest(text="hi"))
    assert server.asked == []


async def test_a_request_past_a_limit_is_not_sent(transport: Transport) -> None:
    async with serving(saying(b"{}"), transport) as (made, server):
        with pytest.raises(RelayInvalid):
            await made.call(SpeechRequest(text="x" * 5000))
    assert server.asked == []


# -- pictures ------------------------------------------------------------------


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


# -- streams -------------------------------------------------------------------


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
        chunks = await asyncio.wait_for(gathered(made), 2)
        await asyncio.wait_for(left.wait(), 2)
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
        await asyncio.wait_for(left.wait(), 2)


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
        await asyncio.wait_for(left.wait(), 2)


# -- bounds and failures -------------------------------------------------------


@pytest.mark.parametrize(
    ("bounds", "events"),
    [
        (Bounds(line_bytes=1000), [b"data: " + b"x" * 2000]),
        (Bounds(stream_bytes=1000), [event("word ")] * 100),
    ],
    ids=["line", "stream"],
)
async def test_a_stream_without_end_is_left(
    transport: Transport, bounds: Bounds, events: list[bytes]
) -> None:
    left = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(*events)
        await exchange.gone()
        left.set()

    async with serving(answer, transport, bounds=bounds) as (made, _):
        with pytest.raises(RelayGarbage, match="over 1000 bytes"):
            await gathered(made)
        await asyncio.wait_for(left.wait(), 2)


async def test_a_stream_that_trickles_past_its_time_is_left(transport: Transport) -> None:
    clock = FakeClock()
    seen = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(event("a"))
        await seen.wait()
        await exchange.more(event("b"))
        await exchange.gone()

    async with listening(answer) as server:
        made = relay(entry(server.base), transport, clock=clock, bounds=Bounds(stream_s=60))
        stream = made.stream(ask())
        assert (await anext(stream)).text == "a"
        clock.pass_(61)
        seen.set()
        with pytest.raises(RelayTimeout, match="within 60 s"):
            await anext(stream)


async def test_an_answer_that_trickles_past_its_time_is_left(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(b"{")
        await exchange.gone()

    async with serving(answer, transport, bounds=Bounds(whole_s=0.05)) as (made, _):
        with pytest.raises(RelayTimeout, match=r"within 0\.05 s"):
            await made.call(ask())


async def test_an_answer_past_its_bound_is_left(transport: Transport) -> None:
    async with serving(saying(CHAT), transport, bounds=Bounds(json_bytes=20)) as (made, _):
        with pytest.raises(RelayGarbage, match="over 20 bytes"):
            await made.call(ask())


async def test_a_gzip_bomb_is_left_at_the_bound(transport: Transport) -> None:
    bomb = gzip.compress(b'{"choices":' + b" " * (64 * 2**20))
    answer = saying(bomb, content_encoding="gzip")
    async with serving(answer, transport, bounds=Bounds(json_bytes=2**20)) as (made, _):
        with pytest.raises(RelayGarbage, match="over 1048576 bytes"):
            await made.call(ask())


async def test_a_refusal_with_an_endless_body_is_still_that_refusal(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b"x" * 10_000, 503)

    async with serving(answer, transport, bounds=Bounds(error_bytes=1000)) as (made, _):
        with pytest.raises(RelayUnavailable):
            await made.call(ask())


async def test_a_relay_that_is_not_there(transport: Transport) -> None:
    made = relay(entry(f"http://127.0.0.1:{free_port()}"), transport)
    with pytest.raises(RelayRefused, match=r'relay "main": no connection: .*relays\.main\.proxy'):
        await made.call(ask())


def hang_up(exchange: Exchange) -> None:
    exchange.writer.close()


@pytest.mark.parametrize("leave", [hang_up, Exchange.reset], ids=["closed", "reset"])
async def test_a_relay_that_breaks_off(
    transport: Transport, leave: Callable[[Exchange], None]
) -> None:
    async def answer(exchange: Exchange) -> None:
        leave(exchange)

    async with serving(answer, transport) as (made, server):
        with pytest.raises(RelayLost, match="may have been billed"):
            await made.call(ask())
    assert len(server.asked) == 1


async def test_a_relay_that_breaks_off_in_its_answer(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
        exchange.writer.close()

    async with serving(answer, transport) as (made, _):
        with pytest.raises(RelayLost):
            await made.call(ask())


async def test_a_relay_that_says_nothing(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.gone()

    async with serving(answer, transport, first_byte_timeout_s=0.05) as (made, _):
        with pytest.raises(RelayTimeout, match="no answer in time"):
            await made.call(ask())


async def test_something_that_is_no_relay(transport: Transport) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"220 mail ready\r\n\r\n")

    async with serving(answer, transport) as (made, _):
        with pytest.raises(RelayGarbage, match="unreadable"):
            await made.call(ask())


async def test_a_key_does_not_follow_a_redirect(transport: Transport) -> None:
    async with listening(saying(CHAT)) as elsewhere:
        away = saying(b"", 308, location=f"{elsewhere.base}/v1/chat/completions")
        async with serving(away, transport) as (made, _):
            with pytest.raises(RelayUnsupported, match="base_url"):
                await made.call(ask())
    assert elsewhere.connections == 0


@pytest.mark.parametrize("key", ["sk-canary key", "sk-canary\n", "sk-钥匙canary", " sk-canary"])
def test_a_key_with_signs_that_no_key_has_is_refused_unseen(transport: Transport, key: str) -> None:
    with pytest.raises(ConfigError, match=r"relays\.main\.key: expected") as caught:
        relay(entry(key=Secret(key)), transport)
    assert "canary" not in str(caught.value)


def test_a_relay_without_a_key_for_its_hashes_cannot_be_made(transport: Transport) -> None:
    with pytest.raises(ValueError, match="hash_key"):
        Relay(entry(), dialect(), transport, clock=FakeClock(), hash_key=b"")


ECHO: list[Request] = [
    ask(),
    ImageRequest(prompt="cat"),
    SpeechRequest(text="hi"),
    TranscriptionRequest(audio=WAV, filename="a.wav"),
    ModelsRequest(),
    UserStatRequest(),
]


@pytest.mark.parametrize("request_", ECHO, ids=lambda request: type(request).__name__)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
async def test_a_relay_that_echoes_what_it_got_gives_no_secret_away(
    transport: Transport, request_: Request, status: int
) -> None:
    async def echo(exchange: Exchange) -> None:
        told = {"error": {"message": f"{exchange.headers}", "code": exchange.headers.get("x")}}
        await exchange.reply(json.dumps(told).encode(), status)

    settings = {"profile": "burnhair", "stat_token": Secret(STAT_TOKEN)}
    async with serving(echo, transport, **settings) as (made, _):
        with pytest.raises(RelayError) as caught:
            await made.call(request_)  # type: ignore[call-overload]
    told = str(caught.value)
    assert "authorization" in told
    assert KEY not in told
    assert STAT_TOKEN not in told
