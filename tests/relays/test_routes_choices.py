"""Routes: a person's pick, pictures, the persona, and routes that leave things out."""

import pytest

from core.errors import AnswerUnbounded, ConfigError, RelayUnsupported
from core.ports.relays import Errand, Served
from core.relay.dialect import Capabilities
from core.relay.opening import open_routes
from core.relay.transport import Transport
from core.request import ChatMessage, ChatRequest, Picture, SpeechRequest
from tests.relays.routing import Stage, refuses, table
from tests.relays.servers import Exchange
from tests.relays.stage import PNG, WAV, FakeClock, ask, entry


async def test_a_persons_choice_is_asked_first(stage: Stage) -> None:
    routes = stage.routes(table("main:a", "spare:b"))
    assert routes.choices() == ["main:a", "spare:b"]
    _, served = await routes.chat(ask(), Errand(choice="spare:llama3:8b"))
    assert served == Served(relay="spare", model="llama3:8b", key="key")
    stage.answers["spare"] = refuses(500)
    _, served = await routes.chat(ask(), Errand(choice="spare:llama3:8b"))
    assert served == Served(relay="main", model="a", key="key")


async def test_a_choice_of_a_relay_that_is_gone_falls_back_to_the_route(stage: Stage) -> None:
    _, served = await stage.routes(table("main:a")).chat(ask(), Errand(choice="gone:b"))
    assert served == Served(relay="main", model="a", key="key")


async def test_a_request_that_names_its_model_keeps_it(stage: Stage) -> None:
    _, served = await stage.routes(table("main:a")).chat(ask(model="own"))
    assert served.model == "own"
    assert b'"own"' in stage.servers["main"].asked[0].body


async def test_its_model_is_asked_for_once_at_each_relay(stage: Stage) -> None:
    stage.answers["main"] = refuses(413)
    _, served = await stage.routes(table("main:a", "main:b", "spare")).chat(ask(model="own"))
    assert (served.relay, stage.asked("main")) == ("spare", 1)


async def test_where_answers_are_bounded_only_models_that_take_it_are_asked(stage: Stage) -> None:
    boundless = {"forbidden": {"chat": ("max_tokens",)}}
    routes = stage.routes(table("main:a", "spare:b"), main=boundless)
    assert (await routes.chat(ask(), Errand(bounded=True)))[1].relay == "spare"
    assert (await routes.chat(ask()))[1].relay == "main"
    routes = stage.routes(table("main:a"), main=boundless)
    with pytest.raises(AnswerUnbounded, match=r'relays.main: .* got "a"'):
        await routes.chat(ask(), Errand(bounded=True))


def seeing() -> ChatRequest:
    picture = Picture(content=PNG, mime="image/png")
    return ChatRequest(messages=(ChatMessage(role="user", content="What?", pictures=(picture,)),))


async def test_pictures_go_to_a_model_that_sees(stage: Stage) -> None:
    routes = stage.routes(table("main:gpt-3.5-turbo", "spare:gpt-4o"))
    assert routes.sees()
    assert (await routes.chat(seeing()))[1].relay == "spare"
    assert (await routes.chat(ask()))[1].relay == "main"


async def test_where_no_model_sees_it_is_said(stage: Stage) -> None:
    routes = stage.routes(table("main:gpt-3.5-turbo"))
    assert not routes.sees()
    assert routes.sees("spare:gpt-4o")
    assert not routes.sees("main:deepseek-chat")


async def test_an_entry_may_name_further_models_that_see(transport: Transport) -> None:
    routes = open_routes(
        [entry("http://127.0.0.1:9", vision=("llava*",))],
        table("main:llava:7b"),
        clock=FakeClock(),
        hash_key=b"k",
        transports=lambda _: transport,
    )
    assert routes.sees()


async def test_how_the_persona_travels_is_the_first_targets_way(stage: Stage) -> None:
    routes = stage.routes(table("main", "spare"), spare={"persona": "fold"})
    assert not routes.folds_persona()
    assert routes.folds_persona("spare:m")


async def test_a_persona_is_folded_for_the_relay_that_wants_it_after_failover(
    stage: Stage,
) -> None:
    stage.answers["main"] = refuses(500)
    routes = stage.routes(spare={"persona": "fold"})
    await routes.chat(
        ChatRequest(
            messages=(
                ChatMessage(role="system", content="Be kind. "),
                ChatMessage(role="user", content="Hi"),
            )
        )
    )
    assert b'"role":"system"' in stage.servers["main"].asked[0].body
    assert b'"Be kind. Hi"' in stage.servers["spare"].asked[0].body


async def test_an_empty_route_is_every_relay_that_serves_the_kind(stage: Stage) -> None:
    silent = {"capabilities": Capabilities(speech="no")}
    routes = stage.routes(main=silent)

    async def serve(exchange: Exchange) -> None:
        await exchange.reply(WAV, content_type="audio/wav")

    stage.answers["spare"] = serve
    assert (await routes.speech(SpeechRequest(text="hi")))[1].relay == "spare"
    with pytest.raises(RelayUnsupported, match=r"routes\.speech"):
        await stage.routes(main=silent, spare=silent).speech(SpeechRequest(text="hi"))


async def test_a_route_to_a_relay_that_is_not_there_is_a_config_error(stage: Stage) -> None:
    with pytest.raises(ConfigError, match=r'routes\.chat: expected .* main, spare; got "other"'):
        stage.routes(table("other:m"))
