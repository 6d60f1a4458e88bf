"""Routes: streams go elsewhere until something was seen, and never after."""

import asyncio
from contextlib import aclosing

import pytest

from core.errors import RelayCut
from core.ports.relays import Errand
from core.relay.dialect import Capabilities
from core.relay.routes import RelayRoutes
from tests.relays.calls import streaming
from tests.relays.routing import Stage, hangs_up, refuses
from tests.relays.servers import Answer, Exchange
from tests.relays.stage import DONE, ask, event


async def told(routes: RelayRoutes, choice: str = "") -> dict[str, str]:
    """What each relay told, however its stream was cut."""
    said: dict[str, str] = {}
    async for chunk, served in routes.stream(ask(), Errand(choice=choice)):
        said[served.relay] = said.get(served.relay, "") + chunk.text
    return said


HELLO = (event("Hel"), event("lo", "stop"), DONE)
THINKING = b'data: {"choices":[{"delta":{"reasoning_content":"Hm."}}]}\n\n'


@pytest.mark.parametrize(
    "answer",
    [
        refuses(503),
        hangs_up,
        streaming(end=False),
        streaming(b": wait\n\n", event(""), end=False),
        streaming(THINKING, b'data: {"error":{"message":"overloaded"}}\n\n'),
    ],
    ids=["status", "hangs up", "nothing", "keep-alive alone", "error after thinking"],
)
async def test_a_stream_goes_elsewhere_as_long_as_nothing_was_seen(
    stage: Stage, answer: Answer
) -> None:
    stage.answers["main"] = answer
    stage.answers["spare"] = streaming(*HELLO)
    assert await told(stage.routes()) == {"spare": "Hello"}


async def test_a_stream_that_broke_after_its_first_word_is_not_asked_again(stage: Stage) -> None:
    stage.answers["main"] = streaming(event("half"), end=False)
    stage.answers["spare"] = streaming(*HELLO)
    routes = stage.routes()
    stream = routes.stream(ask())
    assert (await anext(stream))[0].text == "half"
    with pytest.raises(RelayCut):
        await anext(stream)
    assert stage.asked("spare") == 0
    assert await told(routes) == {"spare": "Hello"}


async def test_a_stream_shows_its_first_word_at_once(stage: Stage) -> None:
    seen = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(THINKING, event("first"))
        await seen.wait()
        await exchange.more(event("last", "stop"), DONE)
        await exchange.end_stream()

    stage.answers["main"] = answer
    said = []
    async for chunk, _ in stage.routes().stream(ask()):
        said.append(chunk.text)
        if chunk.text:
            seen.set()
    assert [text for text in said if text] == ["first", "last"]


async def test_leaving_a_routed_stream_closes_its_connection(stage: Stage) -> None:
    left = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(event("first"))
        await exchange.gone()
        left.set()

    stage.answers["main"] = answer
    async with aclosing(stage.routes().stream(ask())) as stream:
        await anext(stream)
    await asyncio.wait_for(left.wait(), 4)


async def test_an_empty_answer_is_an_answer(stage: Stage) -> None:
    stage.answers["main"] = streaming(event("", "stop"), DONE)
    chunks = [chunk async for chunk, _ in stage.routes().stream(ask())]
    assert [chunk.finish_reason for chunk in chunks] == ["stop"]


UNPROBED = {"capabilities": Capabilities(models="no")}


async def test_a_model_that_cuts_its_streams_is_not_well_at_their_first_word(stage: Stage) -> None:
    stage.answers["main"] = streaming(event("half"), end=False)
    stage.answers["spare"] = streaming(*HELLO)
    routes = stage.routes(main=UNPROBED)
    for pause_s in (2, 4, 8):
        began = stage.clock.now()
        with pytest.raises(RelayCut):
            await told(routes)
        (health,) = routes.health()
        assert (health.scope, (health.until - began).total_seconds()) == ("model", pause_s)
        stage.clock.pass_(pause_s)


async def test_a_stream_that_was_left_leaves_room_for_another_try(stage: Stage) -> None:
    stage.answers["main"] = refuses(500)
    stage.answers["spare"] = streaming(*HELLO)
    routes = stage.routes(main=UNPROBED)
    await told(routes)
    stage.answers["main"] = streaming(*HELLO)
    stage.clock.pass_(2.0)
    async with aclosing(routes.stream(ask())) as stream:
        assert (await anext(stream))[1].relay == "main"
        assert await told(routes) == {"spare": "Hello"}
    assert await told(routes) == {"main": "Hello"}
