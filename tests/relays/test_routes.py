"""Routes: which relay is asked, and which next; over real sockets with a clock of our own."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import RelayInvalid
from core.ports.relays import Relays, Served
from core.relay.dialect import Limits
from core.relay.routes import RelayRoutes
from core.request import ImageRequest, SpeechRequest, TranscriptionRequest, TranslationRequest
from tests.relays.routing import Stage, complains, hangs_up, refuses, says, table
from tests.relays.servers import Answer, Exchange
from tests.relays.stage import PNG, WAV, ask


async def test_routes_are_the_port_that_the_engine_knows(stage: Stage) -> None:
    relays: Relays = stage.routes()
    chat, served = await relays.chat(ask())
    assert (chat.text, served) == ("main", Served(relay="main", model="gpt-4o-mini", key="key"))


async def test_the_first_target_serves_while_it_can(stage: Stage) -> None:
    routes = stage.routes(table("spare:m1", "main"))
    for _ in range(3):
        chat, served = await routes.chat(ask())
        assert (chat.text, str(served.model)) == ("spare", "m1")
    assert (stage.asked("main"), stage.asked("spare")) == (0, 3)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 503, 504])
async def test_another_relay_is_asked_where_it_may_do_better(stage: Stage, status: int) -> None:
    stage.answers["main"] = refuses(status)
    chat, served = await stage.routes().chat(ask())
    assert (chat.text, served.relay) == ("spare", "spare")
    assert stage.asked("main") == 1
    assert stage.clock.slept == []


async def test_another_relay_is_asked_when_one_breaks_off(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.answers["main"] = hangs_up
    chat, _ = await stage.routes().chat(ask())
    assert chat.text == "spare"
    assert "may be billed twice" in caplog.text


async def test_a_request_that_is_at_fault_itself_is_asked_once(stage: Stage) -> None:
    stage.answers["main"] = refuses(400)
    with pytest.raises(RelayInvalid):
        await stage.routes().chat(ask())
    assert (stage.asked("main"), stage.asked("spare")) == (1, 0)


@pytest.mark.parametrize(
    "answer",
    [
        refuses(413),
        complains(404, "model_not_found"),
        complains(400, "context_length_exceeded"),
    ],
    ids=["too large", "no such model", "context"],
)
async def test_what_is_too_much_for_one_target_goes_to_the_next(
    stage: Stage, answer: Answer
) -> None:
    stage.answers["main"] = answer
    assert (await stage.routes().chat(ask()))[0].text == "spare"


async def test_what_one_profile_forbids_another_relay_may_draw(stage: Stage) -> None:
    async def draws(exchange: Exchange) -> None:
        await exchange.reply(b'{"data":[{"b64_json":"%s"}]}' % b64encode(PNG))

    stage.answers["spare"] = draws
    request = ImageRequest(prompt="cat", size="1792x1024")
    small = {"choices": {"image": {"size": ("256x256",)}}}
    assert (await stage.routes(main=small).images(request))[1].relay == "spare"
    with pytest.raises(RelayInvalid, match="256x256"):
        await stage.routes(main=small, spare=small).images(request)
    assert stage.asked("main") == 0


async def test_a_request_beyond_one_profiles_limit_goes_to_the_next(stage: Stage) -> None:
    async def hears(exchange: Exchange) -> None:
        await exchange.reply(b'{"text":"hi"}')

    stage.answers["spare"] = hears
    request = TranscriptionRequest(audio=WAV, filename="a.wav")
    small = {"limits": Limits(audio_bytes=1)}
    assert (await stage.routes(main=small).transcription(request))[1].relay == "spare"
    with pytest.raises(RelayInvalid, match="at most 1 bytes of audio") as caught:
        await stage.routes(main=small, spare=small).transcription(request)
    assert caught.value.params == {"got": len(WAV), "limit": 1}
    assert stage.asked("main") == 0


async def test_a_target_that_was_asked_too_much_does_not_cool(stage: Stage) -> None:
    routes = stage.routes()
    stage.answers["main"] = refuses(413)
    await routes.chat(ask())
    stage.answers["main"] = says("main")
    assert (await routes.chat(ask()))[0].text == "main"


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda routes: routes.images(ImageRequest(prompt="cat")), b'{"data":[{"b64_json":"%s"}]}'),
        (lambda routes: routes.speech(SpeechRequest(text="hi")), WAV),
        (
            lambda routes: routes.transcription(TranscriptionRequest(audio=WAV, filename="a.wav")),
            b'{"text":"hi"}',
        ),
        (
            lambda routes: routes.translation(TranslationRequest(audio=WAV, filename="a.wav")),
            b'{"text":"hi"}',
        ),
    ],
    ids=["images", "speech", "transcription", "translation"],
)
async def test_every_kind_of_call_has_failover(
    stage: Stage, call: Callable[[RelayRoutes], Any], answer: bytes
) -> None:
    async def serve(exchange: Exchange) -> None:
        body = answer.replace(b"%s", b64encode(PNG))
        kind = "audio/wav" if body == WAV else "application/json"
        await exchange.reply(body, content_type=kind)

    stage.answers["main"], stage.answers["spare"] = hangs_up, serve
    _, served = await call(stage.routes())
    assert served.relay == "spare"
