"""Routes: order, failover, second tries, cooldowns; over real sockets with a clock of our own."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from core.errors import (
    ConfigError,
    RelayCut,
    RelayError,
    RelayInvalid,
    RelayLost,
    RelayRateLimited,
    RelayRefused,
    RelayUnauthorized,
    RelayUnsupported,
)
from core.ports import Relays, Served
from core.relay.cooldown import Cooldowns
from core.relay.dialect import Capabilities, Limits
from core.relay.entry import RelayEntry, RouteTable, RouteTarget
from core.relay.opening import open_routes, shared_transports
from core.relay.routes import RelayRoutes
from core.relay.transport import Transport
from core.request import (
    ChatMessage,
    ChatRequest,
    ImageRequest,
    Picture,
    SpeechRequest,
    TranscriptionRequest,
    TranslationRequest,
)
from core.secret import Secret
from tests.relays.servers import Answer, Exchange, Server, free_port, listening
from tests.relays.stage import (
    CHAT,
    DONE,
    PNG,
    STAT_TOKEN,
    WAV,
    FakeClock,
    ask,
    entry,
    event,
    payload,
    relay,
)


@dataclass
class Stage:
    """Two relays, `main` and `spare`, whose answers a test sets and changes."""

    clock: FakeClock
    transport: Transport
    answers: dict[str, Answer] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)

    def routes(self, table: RouteTable | None = None, **dialects: dict[str, Any]) -> RelayRoutes:
        relays = [
            relay(
                entry(server.base, name=name),
                self.transport,
                clock=self.clock,
                **dialects.get(name, {}),
            )
            for name, server in self.servers.items()
        ]
        return RelayRoutes(
            relays,
            table or RouteTable(),
            clock=self.clock,
            sleep=self.clock.sleep,
            chance=lambda: 1.0,
        )

    def asked(self, name: str) -> int:
        return len(self.servers[name].asked)


def says(text: str) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(CHAT.replace(b"Hello.", text.encode()))

    return answer


def refuses(status: int, **headers: str) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b'{"error":{"message":"no"}}', status, **headers)

    return answer


async def hangs_up(exchange: Exchange) -> None:
    exchange.writer.close()


def streams(*events: bytes, end: bool = True) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin_stream(*events)
        if end:
            await exchange.end_stream()
        else:
            exchange.writer.close()

    return answer


@pytest.fixture
async def stage(clock: FakeClock, transport: Transport) -> AsyncIterator[Stage]:
    made = Stage(clock, transport)

    def answering(name: str) -> Answer:
        async def answer(exchange: Exchange) -> None:
            await made.answers[name](exchange)

        return answer

    async with AsyncExitStack() as stack:
        for name in ("main", "spare"):
            made.answers[name] = says(name)
            made.servers[name] = await stack.enter_async_context(listening(answering(name)))
        yield made


def table(*chat: str) -> RouteTable:
    steps = (step.partition(":") for step in chat)
    return RouteTable(chat=tuple(RouteTarget(name, model) for name, _, model in steps))


async def test_routes_are_the_port_that_the_engine_knows(stage: Stage) -> None:
    relays: Relays = stage.routes()
    chat, served = await relays.chat(ask())
    assert (chat.text, served) == ("main", Served(relay="main", model="gpt-4o-mini"))


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


def complains(status: int, code: str) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b'{"error":{"message":"no","code":"%s"}}' % code.encode(), status)

    return answer


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


async def test_a_rate_limited_relay_is_asked_again_after_its_own_time(stage: Stage) -> None:
    async def at_first(exchange: Exchange) -> None:
        first = stage.asked("main") == 1
        await (refuses(429, retry_after="3") if first else says("later"))(exchange)

    stage.answers["main"] = at_first
    chat, _ = await stage.routes(table("main")).chat(ask())
    assert chat.text == "later"
    assert stage.clock.slept == [3.5]


async def test_a_relay_that_refuses_connections_is_asked_again(stage: Stage) -> None:
    server = stage.servers["main"]
    server.port = free_port()
    with pytest.raises(RelayRefused):
        await stage.routes(table("main")).chat(ask())
    assert stage.clock.slept == [0.5, 1.0]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(hangs_up, RelayLost), (refuses(500), RelayError), (refuses(401), RelayUnauthorized)],
)
async def test_what_may_have_been_billed_or_cannot_help_is_not_asked_again(
    stage: Stage, answer: Answer, kind: type[RelayError]
) -> None:
    stage.answers["main"] = answer
    with pytest.raises(kind):
        await stage.routes(table("main")).chat(ask())
    assert stage.asked("main") == 1


async def test_only_what_can_be_repeated_is_asked_in_the_second_round(stage: Stage) -> None:
    stage.answers["main"] = hangs_up
    stage.answers["spare"] = refuses(503)
    with pytest.raises(RelayError):
        await stage.routes().chat(ask())
    assert (stage.asked("main"), stage.asked("spare")) == (1, 3)


async def test_a_long_retry_after_is_told_instead_of_waited_for(stage: Stage) -> None:
    stage.answers["main"] = refuses(429, retry_after="3600")
    with pytest.raises(RelayRateLimited) as caught:
        await stage.routes(table("main")).chat(ask())
    assert caught.value.retry_after_s == 3600
    assert stage.clock.slept == []


async def test_a_neighbours_refusal_does_not_shorten_a_relays_own_time(stage: Stage) -> None:
    asked: list[tuple[str, float]] = []

    def busy(name: str, wait_s: str) -> Answer:
        async def answer(exchange: Exchange) -> None:
            asked.append((name, stage.clock.monotonic() - 1000.0))
            await refuses(429, retry_after=wait_s)(exchange)

        return answer

    stage.answers["main"], stage.answers["spare"] = busy("main", "10"), busy("spare", "1")
    with pytest.raises(RelayRateLimited):
        await stage.routes(table("main", "spare")).chat(ask())
    assert asked == [
        ("main", 0.0),
        ("spare", 0.0),
        ("spare", 1.5),
        ("spare", 3.5),
        ("main", 10.5),
        ("main", 21.5),
    ]


async def test_whose_own_time_is_too_long_holds_up_nobody_else(stage: Stage) -> None:
    stage.answers["main"] = refuses(429, retry_after="3600")
    stage.answers["spare"] = refuses(503)
    with pytest.raises(RelayRateLimited):
        await stage.routes(table("main", "spare")).chat(ask())
    assert (stage.asked("main"), stage.asked("spare")) == (1, 3)
    assert stage.clock.slept == [0.5, 1.0]


async def test_a_failed_relay_goes_to_the_back_until_its_time_is_over(stage: Stage) -> None:
    routes = stage.routes()
    stage.answers["main"] = refuses(500)
    await routes.chat(ask())
    stage.answers["main"] = says("main")

    assert (await routes.chat(ask()))[0].text == "spare"
    assert stage.asked("main") == 1

    stage.clock.pass_(2.1)
    assert (await routes.chat(ask()))[0].text == "main"
    assert (await routes.chat(ask()))[0].text == "main"


async def test_a_relay_that_cools_is_still_the_last_resort(stage: Stage) -> None:
    routes = stage.routes()
    stage.answers["main"] = refuses(500)
    await routes.chat(ask())
    stage.answers["main"], stage.answers["spare"] = says("main"), refuses(500)
    assert (await routes.chat(ask()))[0].text == "main"


async def test_one_call_alone_probes_a_relay_whose_time_is_over(stage: Stage) -> None:
    routes = stage.routes()
    stage.answers["main"] = refuses(500)
    await routes.chat(ask())
    probed, release = asyncio.Event(), asyncio.Event()

    async def slowly(exchange: Exchange) -> None:
        probed.set()
        await release.wait()
        await says("main")(exchange)

    stage.answers["main"] = slowly
    stage.clock.pass_(2.1)
    probe = asyncio.create_task(routes.chat(ask()))
    await probed.wait()
    others = await asyncio.gather(*(routes.chat(ask()) for _ in range(5)))
    release.set()
    assert {chat.text for chat, _ in others} == {"spare"}
    assert (await probe)[0].text == "main"


def test_pauses_of_a_target_double_and_end_with_success() -> None:
    clock = FakeClock()
    cooldowns: Cooldowns[str] = Cooldowns(clock.monotonic, first_s=2.0, longest_s=60.0)
    lengths = []
    for _ in range(8):
        cooldowns.failed("a")
        start = clock.monotonic()
        while cooldowns.ordered(["a", "b"])[0] == "b":
            clock.pass_(1.0)
        lengths.append(clock.monotonic() - start)
    assert lengths == [2, 4, 8, 16, 32, 60, 60, 60]
    cooldowns.failed("a", at_least_s=300.0)
    clock.pass_(299.0)
    assert cooldowns.ordered(["a", "b"]) == ["b", "a"]
    cooldowns.served("a")
    assert cooldowns.ordered(["a", "b"]) == ["a", "b"]


# -- streams -------------------------------------------------------------------


async def told(routes: RelayRoutes, choice: str = "") -> dict[str, str]:
    """What each relay told, however its stream was cut."""
    said: dict[str, str] = {}
    async for chunk, served in routes.stream(ask(), choice):
        said[served.relay] = said.get(served.relay, "") + chunk.text
    return said


HELLO = (event("Hel"), event("lo", "stop"), DONE)
THINKING = b'data: {"choices":[{"delta":{"reasoning_content":"Hm."}}]}\n\n'


@pytest.mark.parametrize(
    "answer",
    [
        refuses(503),
        hangs_up,
        streams(end=False),
        streams(b": wait\n\n", event(""), end=False),
        streams(THINKING, b'data: {"error":{"message":"overloaded"}}\n\n'),
    ],
    ids=["status", "hangs up", "nothing", "keep-alive alone", "error after thinking"],
)
async def test_a_stream_goes_elsewhere_as_long_as_nothing_was_seen(
    stage: Stage, answer: Answer
) -> None:
    stage.answers["main"] = answer
    stage.answers["spare"] = streams(*HELLO)
    assert await told(stage.routes()) == {"spare": "Hello"}


async def test_a_stream_that_broke_after_its_first_word_is_not_asked_again(stage: Stage) -> None:
    stage.answers["main"] = streams(event("half"), end=False)
    stage.answers["spare"] = streams(*HELLO)
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
    await asyncio.wait_for(left.wait(), 2)


async def test_an_empty_answer_is_an_answer(stage: Stage) -> None:
    stage.answers["main"] = streams(event("", "stop"), DONE)
    chunks = [chunk async for chunk, _ in stage.routes().stream(ask())]
    assert [chunk.finish_reason for chunk in chunks] == ["stop"]


# -- choices and capabilities --------------------------------------------------


async def test_a_persons_choice_is_asked_first(stage: Stage) -> None:
    routes = stage.routes(table("main:a", "spare:b"))
    assert routes.choices() == ["main:a", "spare:b"]
    _, served = await routes.chat(ask(), "spare:llama3:8b")
    assert served == Served(relay="spare", model="llama3:8b")
    stage.answers["spare"] = refuses(500)
    _, served = await routes.chat(ask(), "spare:llama3:8b")
    assert served == Served(relay="main", model="a")


async def test_a_choice_of_a_relay_that_is_gone_falls_back_to_the_route(stage: Stage) -> None:
    _, served = await stage.routes(table("main:a")).chat(ask(), "gone:b")
    assert served == Served(relay="main", model="a")


async def test_a_request_that_names_its_model_keeps_it(stage: Stage) -> None:
    _, served = await stage.routes(table("main:a")).chat(ask(model="own"))
    assert served.model == "own"
    assert b'"own"' in stage.servers["main"].asked[0].body


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


# -- all relays at once --------------------------------------------------------


async def test_models_of_every_relay_that_answers(stage: Stage) -> None:
    async def models(exchange: Exchange) -> None:
        await exchange.reply(payload("burnhair_models.json"))

    stage.answers["main"], stage.answers["spare"] = models, refuses(500)
    listed = await stage.routes().models()
    assert list(listed) == ["main"]
    assert "gpt-4o" in [model.id for model in listed["main"]]


async def test_stat_of_the_relays_that_have_it_and_a_token_for_it(
    stage: Stage, transport: Transport
) -> None:
    async def stat(exchange: Exchange) -> None:
        await exchange.reply(payload("burnhair_user_stat.json"))

    stage.answers["main"] = stage.answers["spare"] = stat
    token = Secret(STAT_TOKEN)
    routes = open_routes(
        [
            entry(stage.servers["main"].base, profile="burnhair", stat_token=token),
            entry(stage.servers["spare"].base, name="spare", profile="burnhair"),
        ],
        RouteTable(),
        clock=stage.clock,
        hash_key=b"k",
        transports=lambda _: transport,
    )
    stats = await routes.stat()
    assert list(stats) == ["main"]
    assert stats["main"]
    assert stats["main"].account.total_quota == 58134140
    assert stage.asked("spare") == 0


async def test_stat_is_none_for_a_relay_that_could_not_be_read(
    stage: Stage, transport: Transport
) -> None:
    stage.answers["main"] = refuses(500)
    routes = open_routes(
        [entry(stage.servers["main"].base, profile="burnhair", stat_token=Secret(STAT_TOKEN))],
        RouteTable(),
        clock=stage.clock,
        hash_key=b"k",
        transports=lambda _: transport,
    )
    assert await routes.stat() == {"main": None}


# -- opening -------------------------------------------------------------------


@asynccontextmanager
async def opened(*entries: RelayEntry, **more: Any) -> AsyncIterator[RelayRoutes]:
    routes = open_routes(entries, RouteTable(), clock=FakeClock(), hash_key=b"k", **more)
    try:
        yield routes
    finally:
        await routes.aclose()


async def test_relays_open_with_a_transport_of_their_own_and_close_it(stage: Stage) -> None:
    async with opened(entry(stage.servers["main"].base)) as routes:
        assert (await routes.chat(ask()))[0].text == "main"
        assert list(routes.relays) == ["main"]
    with pytest.raises(RelayRefused, match="closed"):
        await routes.relays["main"].call(ask())


def test_relays_behind_the_same_proxy_share_their_connections() -> None:
    transport_of = shared_transports()
    direct = transport_of(entry("https://a.test"))
    assert transport_of(entry("https://b.test", name="b")) is direct
    assert transport_of(entry(proxy=Secret("http://127.0.0.1:1"))) is not direct
    assert transport_of(entry(verify_tls=False)) is not direct


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"profile": "nobody"}, r"relays\.main\.profile: expected one of .*; got \"nobody\""),
        ({"proxy": Secret("ftp://me:canary@x:1")}, r"relays\.main\.proxy: expected"),
        ({"ca_file": "/nowhere.pem"}, r"relays\.main\.ca_file: expected"),
        ({"base_url": "http://relay.test"}, r"relays\.main\.allow_plain_http"),
        ({"key": Secret("canary key")}, r"relays\.main\.key"),
    ],
)
def test_an_entry_that_cannot_work_is_refused_at_once(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        open_routes(
            [entry(wrong.pop("base_url", ""), **wrong)],
            RouteTable(),
            clock=FakeClock(),
            hash_key=b"k",
        )
    assert "canary" not in str(caught.value)


async def test_another_transport_can_be_handed_in() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=CHAT)

    async with opened(entry(), transports=lambda _: httpx.MockTransport(answer)) as routes:
        assert (await routes.chat(ask()))[0].text == "Hello."
