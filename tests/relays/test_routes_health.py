"""Routes: what cools down after a failure, and how it comes back."""

import asyncio
from datetime import timedelta

import pytest

from core.errors import RelayError, RelayRefused, RelayTimeout
from core.ports.relays import Errand
from core.relay.cooldown import SHORT, Blame, blame
from core.relay.dialect import Capabilities
from core.relay.health import MOST, Breakers, Health
from core.relay.routes import RelayRoutes
from core.relay.target import Scope, Target, scopes_of
from core.request import SpeechRequest
from core.secret import Secret
from prove.world.ports import free_port
from tests.relays.routing import Stage, complains, hangs_up, lists, refuses, says, table
from tests.relays.servers import Answer, Exchange
from tests.relays.stage import WAV, FakeClock, ask

UNPROBED = {"capabilities": Capabilities(models="no")}


async def said(routes: RelayRoutes) -> str:
    return (await routes.chat(ask()))[0].text


def shown(routes: RelayRoutes) -> list[tuple[str, str, str]]:
    return [(health.scope, health.name, health.state) for health in routes.health()]


async def broken_once(
    stage: Stage, answer: Answer, probe_s: float = 2.0, **dialects: dict[str, object]
) -> RelayRoutes:
    """Routes whose first relay failed once and is well again."""
    routes = stage.routes(probe_s=probe_s, **dialects)
    stage.answers["main"] = answer
    assert await said(routes) == "spare"
    stage.answers["main"] = says("main")
    return routes


# -- what cools ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "scope", "name"),
    [
        (refuses(500), "model", "main:gpt-4o-mini"),
        (refuses(503), "model", "main:gpt-4o-mini"),
        (hangs_up, "model", "main:gpt-4o-mini"),
        (refuses(504), "model", "main:gpt-4o-mini"),
        (refuses(429), "rate", "main:gpt-4o-mini, key 1"),
        (refuses(401), "key", "main, key 1"),
        (refuses(403), "key", "main, key 1"),
        (complains(403, "insufficient_user_quota"), "key", "main, key 1"),
        (complains(404, "model_not_found"), "call", "main:gpt-4o-mini, chat"),
    ],
)
async def test_what_failed_cools_and_nothing_beside_it(
    stage: Stage, answer: Answer, scope: str, name: str
) -> None:
    routes = await broken_once(stage, answer)
    assert shown(routes) == [(scope, name, "open")]


@pytest.mark.parametrize("answer", [refuses(413), complains(400, "context_length_exceeded")])
async def test_who_was_asked_too_much_does_not_cool(stage: Stage, answer: Answer) -> None:
    routes = await broken_once(stage, answer)
    assert routes.health() == []


async def test_no_connection_is_the_addresss_and_so_of_all_entries_there(stage: Stage) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    stage.servers["twin"] = stage.servers["main"]
    routes = stage.routes(
        table("main", "twin", "spare"), main={"base_url": gone}, twin={"base_url": gone}
    )
    _, served = await routes.chat(ask())
    assert served.relay == "spare"
    assert shown(routes) == [("address", gone, "open")]


async def test_what_one_address_lost_the_other_of_the_same_relay_serves(stage: Stage) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    routes = stage.routes(table("main", "spare"), main={"base_url": gone})
    for _ in range(3):
        assert await said(routes) == "spare"


async def test_a_model_that_cools_leaves_the_relays_other_models(stage: Stage) -> None:
    routes = stage.routes(table("main:a", "main:b", "spare"))

    async def only_b(exchange: Exchange) -> None:
        await (says("b") if b'"b"' in exchange.body else refuses(503))(exchange)

    stage.answers["main"] = only_b
    assert [await said(routes), await said(routes)] == ["b", "b"]
    assert stage.asked("main") == 3


async def test_a_call_that_is_not_served_leaves_the_relays_other_calls(stage: Stage) -> None:
    routes = await broken_once(stage, refuses(404))

    async def speaks(exchange: Exchange) -> None:
        await exchange.reply(WAV, content_type="audio/wav")

    stage.answers["main"] = speaks
    assert (await routes.speech(SpeechRequest(text="hi")))[1].relay == "main"


@pytest.mark.parametrize(
    ("answer", "pause_s"),
    [
        (refuses(500), 2),
        (refuses(429), 2),
        (refuses(429, retry_after="90"), 90),
        (refuses(503, retry_after="30"), 30),
        (complains(403, "insufficient_user_quota"), 600),
        (refuses(401), 1800),
        (refuses(404), 3600),
    ],
)
async def test_how_long_it_cools_is_told_with_the_reason(
    stage: Stage, answer: Answer, pause_s: int
) -> None:
    began = stage.clock.now()
    (health,) = (await broken_once(stage, answer)).health()
    assert health.until == began + timedelta(seconds=pause_s)
    assert health.why.startswith('relay "main": ')


async def test_calls_that_fail_together_count_as_one_failure(stage: Stage) -> None:
    together = asyncio.Barrier(20)

    async def fails(exchange: Exchange) -> None:
        await together.wait()
        await refuses(500)(exchange)

    stage.answers["main"] = fails
    routes = stage.routes()
    began = stage.clock.now()
    await asyncio.gather(*(routes.chat(ask()) for _ in range(20)))
    (health,) = routes.health()
    assert health.until == began + timedelta(seconds=2)


async def test_pauses_double_with_each_failure_in_a_row(stage: Stage) -> None:
    routes = await broken_once(stage, refuses(500), main=UNPROBED)
    stage.answers["main"] = refuses(500)
    lengths = []
    for _ in range(7):
        stage.clock.pass_(lengths[-1] if lengths else 2.0)
        await routes.chat(ask())
        (health,) = routes.health()
        lengths.append((health.until - stage.clock.now()).total_seconds())
    assert lengths == [4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize(
    ("error", "alive", "part"),
    [
        (RelayTimeout("silent"), False, "address"),
        (RelayTimeout("slow"), True, "model"),
        (RelayTimeout("a middleman's", status=504), False, "model"),
        (RelayRefused("no connection"), True, "address"),
    ],
)
def test_silence_is_the_addresss_unless_it_gave_signs_of_life(
    error: RelayError, alive: bool, part: str
) -> None:
    blamed = blame(error, scopes_of(Target("main", "m"), "http://a.test", "chat"), alive=alive)
    assert blamed
    assert blamed.scope.part == part


def test_what_cools_is_bounded_and_the_soonest_over_goes_first() -> None:
    clock = FakeClock()
    breakers = Breakers(clock)
    for number in range(MOST + 5):
        breakers.failed(Blame(Scope("model", f"main:{number}"), SHORT), "no")
        clock.pass_(0.001)
    names = [health.name for health in breakers.all()]
    assert names == [f"main:{number}" for number in range(5, MOST + 5)]


# -- how it comes back ---------------------------------------------------------


async def test_a_relay_that_cools_is_still_the_last_resort(stage: Stage) -> None:
    routes = await broken_once(stage, refuses(500))
    stage.answers["spare"] = refuses(500)
    assert await said(routes) == "main"
    assert [health.name for health in routes.health()] == ["spare:gpt-4o-mini"]


async def test_a_relay_that_is_the_only_one_is_simply_asked(stage: Stage) -> None:
    routes = stage.routes(table("main"))
    stage.answers["main"] = refuses(500)
    for _ in range(3):
        with pytest.raises(RelayError):
            await routes.chat(ask())
    stage.answers["main"] = says("main")
    assert await said(routes) == "main"
    assert (stage.asked("main"), stage.probed("main")) == (4, 0)
    assert routes.health() == []


async def test_what_failed_is_asked_again_after_its_pause_and_a_probe(stage: Stage) -> None:
    routes = await broken_once(stage, refuses(500))
    assert await said(routes) == "spare"
    stage.clock.pass_(2.0)
    assert shown(routes) == [("model", "main:gpt-4o-mini", "half-open")]
    assert (await said(routes), stage.asked("main")) == ("spare", 1)
    await stage.settled()
    assert stage.probed("main") == 1
    assert await said(routes) == "main"
    assert routes.health() == []


async def test_no_message_is_risked_while_probes_are_not_answered(stage: Stage) -> None:
    routes = await broken_once(stage, refuses(500))
    stage.models["main"] = refuses(500)
    for _ in range(5):
        stage.clock.pass_(61.0)
        for _ in range(3):
            assert await said(routes) == "spare"
            await stage.settled()
    assert (stage.asked("main"), stage.probed("main")) == (1, 5)
    assert ("address", stage.servers["main"].base, "open") in shown(routes)
    stage.models["main"] = lists
    stage.clock.pass_(61.0)
    assert await said(routes) == "spare"
    await stage.settled()
    assert await said(routes) == "main"


@pytest.mark.parametrize("status", [401, 403, 404, 429])
async def test_a_probe_that_is_refused_is_answered(stage: Stage, status: int) -> None:
    routes = await broken_once(stage, refuses(500))
    stage.models["main"] = refuses(status)
    stage.clock.pass_(2.0)
    await said(routes)
    await stage.settled()
    assert await said(routes) == "main"


async def test_calls_share_a_probe(stage: Stage) -> None:
    routes = await broken_once(stage, refuses(500))
    stage.clock.pass_(2.0)
    await asyncio.gather(*(said(routes) for _ in range(10)))
    await stage.settled()
    assert stage.probed("main") == 1


@pytest.mark.parametrize("probed", [True, False])
async def test_one_call_alone_tries_what_failed(stage: Stage, probed: bool) -> None:
    routes = await broken_once(stage, refuses(500), main={} if probed else UNPROBED)
    reached, release = asyncio.Event(), asyncio.Event()

    async def slowly(exchange: Exchange) -> None:
        reached.set()
        await release.wait()
        await says("main")(exchange)

    stage.answers["main"] = slowly
    stage.clock.pass_(2.0)
    if probed:
        await said(routes)
        await stage.settled()
    first = asyncio.create_task(said(routes))
    await reached.wait()
    assert {await said(routes) for _ in range(5)} == {"spare"}
    release.set()
    assert await first == "main"
    assert await said(routes) == "main"
    assert stage.probed("main") == int(probed)


async def test_a_try_that_was_given_up_leaves_room_for_another(stage: Stage) -> None:
    routes = await broken_once(stage, refuses(500), main=UNPROBED)
    reached = asyncio.Event()

    async def never(exchange: Exchange) -> None:
        reached.set()
        await exchange.gone()

    stage.answers["main"] = never
    stage.clock.pass_(2.0)
    first = asyncio.create_task(said(routes))
    await reached.wait()
    first.cancel()
    await asyncio.wait([first])
    stage.answers["main"] = says("main")
    assert await said(routes) == "main"


async def test_closing_ends_probes_that_are_under_way(stage: Stage) -> None:
    routes = await broken_once(stage, refuses(500), probe_s=60.0)
    reached, left = asyncio.Event(), asyncio.Event()

    async def never(exchange: Exchange) -> None:
        reached.set()
        await exchange.gone()
        left.set()

    stage.models["main"] = never
    stage.clock.pass_(2.0)
    await said(routes)
    await reached.wait()
    async with asyncio.timeout(4):
        await routes.aclose()
        await left.wait()


# -- keys ----------------------------------------------------------------------

KEYS = {"keys": (Secret("sk-second"), Secret("sk-third"))}


def accepts(*keys: str, status: int, code: str = "") -> Answer:
    async def answer(exchange: Exchange) -> None:
        good = exchange.headers["authorization"].removeprefix("Bearer ") in keys
        await (says("main") if good else complains(status, code))(exchange)

    return answer


@pytest.mark.parametrize(
    ("status", "code"), [(401, ""), (403, "insufficient_user_quota"), (429, "")]
)
async def test_a_relays_keys_are_taken_in_order(stage: Stage, status: int, code: str) -> None:
    stage.answers["main"] = accepts("sk-third", status=status, code=code)
    routes = stage.routes(main=KEYS)
    assert [await said(routes), await said(routes)] == ["main", "main"]
    assert stage.keys("main")[1:] == ["sk-second", "sk-third", "sk-third"]
    assert stage.asked("spare") == 0


async def test_a_relay_that_is_down_is_not_asked_with_each_of_its_keys(stage: Stage) -> None:
    stage.answers["main"] = refuses(500)
    assert await said(stage.routes(main=KEYS)) == "spare"
    assert stage.asked("main") == 1


async def test_nor_if_it_is_the_only_relay(stage: Stage) -> None:
    stage.answers["main"] = refuses(500)
    with pytest.raises(RelayError):
        await stage.routes(table("main"), main=KEYS).chat(ask())
    assert stage.asked("main") == 1


async def test_a_key_that_is_limited_for_one_model_serves_another(stage: Stage) -> None:
    routes = stage.routes(table("main:a", "spare"))
    stage.answers["main"] = refuses(429, retry_after="60")
    await said(routes)
    stage.answers["main"] = says("main")
    assert await said(routes) == "spare"
    assert (await routes.chat(ask(), Errand(choice="main:b")))[0].text == "main"


async def test_a_key_that_is_used_up_is_used_up_for_every_model(stage: Stage) -> None:
    routes = stage.routes(table("main:a", "main:b", "spare"))
    stage.answers["main"] = complains(403, "insufficient_user_quota")
    assert [await said(routes), await said(routes)] == ["spare", "spare"]
    assert stage.asked("main") == 1
    stage.answers["main"] = says("main")
    stage.clock.pass_(600.0)
    assert await said(routes) == "main"


async def test_no_key_is_told(stage: Stage) -> None:
    stage.answers["main"] = refuses(401)
    routes = stage.routes(main=KEYS)
    await said(routes)
    told = str(routes.health())
    assert isinstance(routes.health()[0], Health)
    assert not any(key in told for key in ("sk-second", "sk-third", "canary"))
