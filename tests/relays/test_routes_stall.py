"""Routes: a relay that falls silent is probed, and given up once nobody answers there.

Here a stall is noted after 0.1 s and a probe waited for 0.1 s, where they are 6 s and 2 s;
longer where something is to come in time, on a busy machine too.
"""

import asyncio

import pytest
from msgspec import structs

from core.errors import RelayTimeout
from core.ports.relays import Errand
from core.relay.dialect import Capabilities
from core.relay.entry import RouteTable
from core.relay.routes import RelayRoutes
from core.request import ImageRequest
from tests.relays.calls import streaming
from tests.relays.routing import Stage, hangs_up, lists, refuses, says, table
from tests.relays.servers import Answer, Exchange
from tests.relays.stage import DONE, FakeClock, ask, entry, event

STALL_S, PROBE_S = 0.1, 0.1
LONG_STALL_S, LONG_PROBE_S = 0.5, 1.0
SOON_S = 4.0

ROUTE = structs.replace(table("main", "spare"), stall_s=STALL_S)
PATIENT = structs.replace(ROUTE, stall_s=LONG_STALL_S)
THINKING = b'data: {"choices":[{"delta":{"reasoning_content":"Hm."}}]}\n\n'
ROLE = b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
COMMENT = b": keep-alive\n\n"


async def holds(exchange: Exchange) -> None:
    await exchange.gone()


def drips(*events: bytes) -> Answer:
    """The events over and over, a little apart, until the client has gone."""

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream()
        left = asyncio.create_task(exchange.gone())
        while not left.done():
            await exchange.more(*events)
            await asyncio.wait([left], timeout=STALL_S / 5)

    return answer


def later(seen: asyncio.Event, *events: bytes) -> Answer:
    """A stream that begins once `seen` is set."""

    async def answer(exchange: Exchange) -> None:
        await seen.wait()
        await streaming(*events)(exchange)

    return answer


def routes_of(
    stage: Stage,
    route: RouteTable = ROUTE,
    probe_s: float = PROBE_S,
    **dialects: dict[str, object],
) -> RelayRoutes:
    stage.answers["spare"] = streaming(event("spare", "stop"), DONE)
    return stage.routes(route, probe_s=probe_s, **dialects)


async def told(routes: RelayRoutes, choice: str = "") -> str:
    async with asyncio.timeout(SOON_S):
        return "".join(
            [chunk.text async for chunk, _ in routes.stream(ask(), Errand(choice=choice))]
        )


@pytest.mark.parametrize(
    "answer",
    [holds, drips(COMMENT), drips(ROLE), drips(b":")],
    ids=["nothing", "comments", "role", "single bytes"],
)
async def test_a_stream_without_a_word_at_a_broken_relay_goes_elsewhere(
    stage: Stage, answer: Answer
) -> None:
    stage.answers["main"], stage.models["main"] = answer, holds
    routes = routes_of(stage)
    assert await told(routes) == "spare"
    assert [(h.scope, h.state) for h in routes.health()] == [("address", "open")]


async def test_a_whole_answer_that_does_not_come_goes_elsewhere(stage: Stage) -> None:
    stage.answers["main"] = stage.models["main"] = holds
    routes = routes_of(stage)
    stage.answers["spare"] = says("spare")
    chat, served = await routes.chat(ask())
    assert (chat.text, served.lost) == ("spare", (("main", "gpt-4o-mini", "key"),))


async def test_those_who_come_later_do_not_wait_at_all(stage: Stage) -> None:
    stage.answers["main"] = stage.models["main"] = holds
    routes = routes_of(stage)
    assert await told(routes) == "spare"
    assert await told(routes) == "spare"
    assert (stage.asked("main"), stage.probed("main")) == (1, 1)


async def test_all_calls_that_wait_there_go_elsewhere_together(stage: Stage) -> None:
    stage.answers["main"] = stage.models["main"] = holds
    routes = routes_of(stage)
    assert await asyncio.gather(*(told(routes) for _ in range(20))) == ["spare"] * 20
    assert (stage.asked("main"), stage.probed("main"), stage.asked("spare")) == (20, 1, 20)


async def test_a_relay_that_answers_its_probe_is_only_slow(stage: Stage) -> None:
    probed = asyncio.Event()

    async def listing(exchange: Exchange) -> None:
        await lists(exchange)
        probed.set()

    stage.answers["main"] = later(probed, event("main", "stop"), DONE)
    stage.models["main"] = listing
    routes = routes_of(stage, probe_s=LONG_PROBE_S)
    assert await told(routes) == "main"
    assert stage.asked("spare") == 0
    assert routes.health() == []


async def test_a_relay_that_was_seen_to_list_no_models_is_probed_all_the_same(
    stage: Stage,
) -> None:
    stage.models["main"] = refuses(404)
    routes = routes_of(stage, main={"capabilities": Capabilities(models="unknown")})
    await routes.models()
    assert routes.relays["main"].dialect.capability("models") == "no"
    stage.answers["main"] = stage.models["main"] = holds
    assert await told(routes) == "spare"


async def test_a_probe_that_is_refused_teaches_nothing(stage: Stage) -> None:
    probed = asyncio.Event()

    async def refused(exchange: Exchange) -> None:
        await refuses(404)(exchange)
        probed.set()

    stage.answers["main"] = later(probed, event("main", "stop"), DONE)
    stage.models["main"] = refused
    told_nothing = {"capabilities": Capabilities(models="unknown")}
    routes = routes_of(stage, probe_s=LONG_PROBE_S, main=told_nothing)
    assert await told(routes) == "main"
    assert routes.relays["main"].dialect.capability("models") == "unknown"


async def test_what_comes_from_the_address_spares_a_probe(stage: Stage) -> None:
    answers = iter([drips(THINKING), holds])

    async def answer(exchange: Exchange) -> None:
        await next(answers)(exchange)

    stage.answers["main"], stage.models["main"] = answer, holds
    routes = routes_of(stage, PATIENT)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(LONG_STALL_S * 2):
            await asyncio.gather(told(routes), told(routes))
    assert (stage.probed("main"), stage.asked("spare")) == (0, 0)


async def test_a_slow_relay_that_breaks_later_is_noticed(stage: Stage) -> None:
    async def dies(exchange: Exchange) -> None:
        await lists(exchange)
        stage.models["main"] = holds

    stage.answers["main"], stage.models["main"] = holds, dies
    assert await told(routes_of(stage, probe_s=LONG_PROBE_S)) == "spare"
    assert stage.probed("main") == 2


async def test_thinking_is_a_sign_of_life(stage: Stage) -> None:
    stage.answers["main"], stage.models["main"] = drips(THINKING), holds
    routes = routes_of(stage, PATIENT)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(LONG_STALL_S * 2):
            await told(routes)
    assert (stage.probed("main"), stage.asked("spare")) == (0, 0)


async def test_a_relay_that_falls_silent_while_it_thinks_is_given_up(stage: Stage) -> None:
    async def thinks(exchange: Exchange) -> None:
        await exchange.begin_stream(THINKING)
        await exchange.gone()

    stage.answers["main"], stage.models["main"] = thinks, holds
    assert await told(routes_of(stage)) == "spare"


async def test_an_answer_that_was_seen_is_never_given_up(stage: Stage) -> None:
    reached = asyncio.Event()

    async def begins(exchange: Exchange) -> None:
        await exchange.begin_stream(event("seen"))
        await reached.wait()
        await exchange.more(event(" whole", "stop"), DONE)
        await exchange.end_stream()

    stage.answers["main"], stage.models["main"] = begins, holds
    routes = routes_of(stage)
    stream = routes.stream(ask())
    first, _ = await anext(stream)
    stage.answers["main"] = holds
    assert await told(routes) == "spare"
    reached.set()
    assert first.text + "".join([chunk.text async for chunk, _ in stream]) == "seen whole"


async def test_a_relay_that_is_the_only_one_is_waited_for(stage: Stage) -> None:
    stage.answers["main"] = stage.models["main"] = holds
    routes = stage.routes(structs.replace(ROUTE, chat=ROUTE.chat[:1]), probe_s=PROBE_S)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(STALL_S * 3):
            await routes.chat(ask())
    assert stage.probed("main") == 0


async def test_another_model_at_the_same_address_is_no_way_out(stage: Stage) -> None:
    stage.answers["main"] = stage.models["main"] = holds
    route = structs.replace(table("main:a", "main:b"), stall_s=STALL_S)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(STALL_S * 3):
            await stage.routes(route, probe_s=PROBE_S).chat(ask())
    assert (stage.asked("main"), stage.probed("main")) == (1, 0)


async def test_a_call_that_only_this_relay_serves_waits_while_others_leave(stage: Stage) -> None:
    stage.answers["main"] = stage.models["main"] = holds
    images = table("main").chat
    routes = routes_of(stage, structs.replace(ROUTE, image=images))
    drawing = asyncio.create_task(routes.images(ImageRequest(prompt="a cat")))
    assert await told(routes) == "spare"
    assert not drawing.done()
    drawing.cancel()
    await asyncio.wait([drawing])


async def test_what_else_came_from_the_address_meanwhile_clears_it(stage: Stage) -> None:
    """A probe may be slow where answers are not."""
    asked = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        asked.set()
        await exchange.gone()

    stage.answers["main"], stage.models["main"] = later(asked, event("main", "stop"), DONE), slow
    routes = routes_of(stage, probe_s=LONG_PROBE_S)
    first, second = await asyncio.gather(told(routes), told(routes))
    await stage.settled()
    assert (first, second) == ("main", "main")
    assert routes.health() == []


async def test_when_nobody_answers_it_is_told_in_time(stage: Stage) -> None:
    stage.answers["main"] = stage.models["main"] = holds
    routes = routes_of(stage)
    stage.answers["spare"] = hangs_up
    with pytest.raises(RelayTimeout, match="none to a probe either"):
        await told(routes)


async def test_who_asked_may_leave_while_a_stall_is_probed(stage: Stage) -> None:
    reached = asyncio.Event()

    async def probed(exchange: Exchange) -> None:
        reached.set()
        await exchange.gone()

    stage.answers["main"], stage.models["main"] = holds, probed
    routes = routes_of(stage)
    asking = asyncio.create_task(told(routes))
    await reached.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await stage.settled()
    assert stage.asked("spare") == 0


# -- a stream's first word, with time of our own ----------------------------------


def slowly(clock: FakeClock, *events: bytes) -> Answer:
    """The events, 3 s apart."""

    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(events[0])
        left = asyncio.create_task(exchange.gone())
        for event_ in events[1:]:
            await asyncio.wait([left], timeout=STALL_S / 5)  # a piece for each is read
            clock.pass_(3.0)
            await exchange.more(event_)
        left.cancel()
        await asyncio.wait([left])
        await exchange.end_stream()

    return answer


@pytest.mark.parametrize("nothing", [COMMENT, ROLE])
async def test_what_says_nothing_does_not_put_off_the_end_of_waiting(
    stage: Stage, nothing: bytes
) -> None:
    stage.answers["main"] = slowly(stage.clock, *[nothing] * 3, event("late", "stop"), DONE)
    assert entry().first_byte_timeout_s == 5.0
    assert await told(routes_of(stage)) == "spare"


async def test_who_spoke_in_time_may_take_long(stage: Stage) -> None:
    stage.answers["main"] = slowly(
        stage.clock, THINKING, COMMENT, COMMENT, event("main", "stop"), DONE
    )
    assert await told(routes_of(stage)) == "main"
