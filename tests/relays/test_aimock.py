"""Our client against a relay that others wrote, well and at its worst."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from core.errors import RelayError, RelayGarbage, RelayLost, RelayRateLimited, RelayUnavailable
from core.relay.client import Relay
from core.relay.entry import RouteTable
from core.relay.routes import RelayRoutes
from core.relay.transport import Transport
from core.request import (
    ChatRequest,
    EmbeddingRequest,
    ImageRequest,
    ModelsRequest,
    SpeechRequest,
    TranscriptionRequest,
)
from core.response import Chunk, Usage
from tests.relays.aimock import ANSWERS, USAGE, VECTOR, Aimock, aimock
from tests.relays.stage import PNG, WAV, FakeClock, ask, entry, relay

COUNTED = Usage(prompt_tokens=USAGE["prompt_tokens"], completion_tokens=USAGE["completion_tokens"])
CALLS = 300
CHAOS = ("--chaos-ratelimit", ".2", "--chaos-disconnect", ".1", "--chaos-malformed", ".1")
MEANT = {
    "rateLimit": RelayRateLimited,
    "disconnect": RelayLost,
    "malformed": RelayGarbage,
}
TOPICS = tuple(ANSWERS)


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    with aimock(tmp_path_factory.mktemp("aimock")) as server:
        yield server


@pytest.fixture
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    with aimock(tmp_path_factory.mktemp("aimock"), *CHAOS) as server:
        yield server


@pytest.fixture
def client(well: Aimock, transport: Transport) -> Relay:
    return relay(entry(well.base), transport)


async def streamed(relay: Relay, request: ChatRequest) -> tuple[str, Chunk]:
    *said, last = [chunk async for chunk in relay.stream(request)]
    return "".join(chunk.text for chunk in said), last


# -- while it is well ----------------------------------------------------------


async def test_a_chat_is_answered_whole(client: Relay) -> None:
    chat = await client.call(ask("tell me of owls", model="m"))
    assert chat.text == ANSWERS["owls"]
    assert (chat.model, chat.finish_reason, chat.usage) == ("m", "stop", COUNTED)


async def test_a_streamed_chat_says_the_same_with_its_usage(client: Relay) -> None:
    text, last = await streamed(client, ask("tell me of owls", model="m"))
    assert text == ANSWERS["owls"]
    assert last == Chunk(finish_reason="stop", model="m", usage=COUNTED)


async def test_an_answer_cut_by_its_length_says_so(client: Relay) -> None:
    assert (await client.call(ask("no end"))).finish_reason == "length"
    text, last = await streamed(client, ask("no end"))
    assert (text, last.finish_reason) == ("so long", "length")


async def test_a_tool_call_that_nobody_asked_for_is_an_answer_without_text(client: Relay) -> None:
    text, last = await streamed(client, ask("a hat"))
    assert (text, last.finish_reason) == ("", "tool_calls")


async def test_pictures_speech_and_transcription(client: Relay) -> None:
    images = await client.call(ImageRequest(prompt="a cat", response_format="b64_json"))
    assert [image.content for image in images.images] == [PNG]
    speech = await client.call(SpeechRequest(text="hello", response_format="wav"))
    assert (speech.content, speech.mime) == (WAV, "audio/wav")
    heard = await client.call(TranscriptionRequest(audio=WAV, filename="said.wav"))
    assert heard.text == "你好 world"


async def test_each_text_has_its_vector(client: Relay) -> None:
    told = await client.call(EmbeddingRequest(inputs=("a cat", "a cat again"), model="ada"))
    assert told.vectors == (tuple(VECTOR), tuple(VECTOR))


async def test_its_models_are_listed(client: Relay) -> None:
    assert (await client.call(ModelsRequest())).models


async def test_a_question_it_has_no_answer_to_is_its_failure(client: Relay) -> None:
    with pytest.raises(RelayUnavailable, match="503 from /v1/chat/completions"):
        await client.call(ask("something else"))


# -- at its worst --------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """A whole answer's text, or the class of the error."""

    text: str = ""
    error: type[RelayError] | None = None


def question(number: int) -> str:
    return f"{TOPICS[number % len(TOPICS)]}, question {number}"


def answer(number: int) -> Outcome:
    return Outcome(ANSWERS[TOPICS[number % len(TOPICS)]])


async def outcome(relay: Relay, number: int) -> Outcome:
    """Every second one streamed."""
    try:
        if number % 2:
            text, _ = await streamed(relay, ask(question(number)))
            return Outcome(text)
        return Outcome((await relay.call(ask(question(number)))).text)
    except RelayError as error:
        return Outcome(error=type(error))


async def test_each_call_ends_in_its_answer_or_in_the_error_that_fits(
    troubled: Aimock, transport: Transport
) -> None:
    client = relay(entry(troubled.base), transport)
    got = {
        question(number): done
        for start in range(0, CALLS, 20)
        for number, done in zip(
            range(start, start + 20),
            await asyncio.gather(*(outcome(client, n) for n in range(start, start + 20))),
            strict=True,
        )
    }
    asked = {}
    for noted in troubled.journal():
        words = noted["body"]["messages"][-1]["content"]
        assert words not in asked, "asked twice"
        asked[words] = noted["response"].get("chaosAction")
    meant = {
        question(number): Outcome(error=MEANT[asked[question(number)]])
        if asked[question(number)]
        else answer(number)
        for number in range(CALLS)
    }
    assert got == meant
    assert set(asked.values()) == {None, *MEANT}


async def test_routes_with_backoff_answer_nearly_all(
    troubled: Aimock, transport: Transport, clock: FakeClock
) -> None:
    routes = RelayRoutes(
        [relay(entry(troubled.base, name=name), transport) for name in ("a", "b", "c")],
        RouteTable(),
        clock=clock,
        sleep=clock.sleep,
        chance=lambda: 0.5,
    )
    wrong, ended = [], Counter[str]()
    for number in range(CALLS):
        try:
            said, _ = await routes.chat(ask(question(number)))
        except RelayError as error:
            ended[type(error).__name__] += 1
            continue
        if Outcome(said.text) != answer(number):
            wrong.append(said.text)
    assert not wrong
    assert set(ended) <= {error.__name__ for error in MEANT.values()}
    assert ended.total() <= CALLS // 20
    assert len(troubled.journal()) > CALLS
