"""Rules of rcouyi, ai-whistle, burn.hair and one-api, kept before the wire or read from it."""

from typing import Any

import pytest

from bots.sandbox.dialects.aiwhistle import with_doubled_edits
from bots.sandbox.dialects.rcouyi import without_usage
from core.errors import (
    RelayError,
    RelayInvalid,
    RelayRateLimited,
    RelayTooLarge,
    RelayUnauthorized,
    RelayUnavailable,
    RelayUnsupported,
    RelayUsedUp,
)
from core.relay.transport import Transport
from core.request import (
    ChatMessage,
    ChatRequest,
    CompletionRequest,
    EditRequest,
    Request,
    SpeechRequest,
)
from core.secret import Secret
from tests.relays.profiles.asking import answered, relay_of
from tests.relays.profiles.judges import Judges, judge_of
from tests.relays.servers import Exchange, listening
from tests.relays.stage import ask, entry, relay
from tests.sandbox.server import sandbox

NAMED = ChatMessage(role="user", content="Hi", name="小明")


@pytest.mark.parametrize(
    ("profile", "request_", "error"),
    [
        ("rcouyi", ask(n=6), RelayTooLarge),
        ("rcouyi", ask(n=2, temperature=0.0), RelayInvalid),
        ("rcouyi", ChatRequest(messages=(ChatMessage(role="user", content=""),)), RelayInvalid),
        ("rcouyi", ask("字" * 4_096, model="gpt-4", max_tokens=4_097), RelayTooLarge),
        ("rcouyi", SpeechRequest(text="a", voice="zh-CN-XiaoxiaoNeural"), RelayInvalid),
        ("rcouyi", SpeechRequest(text="a", response_format="wav"), RelayInvalid),
        ("rcouyi", SpeechRequest(text="a", speed=4.5), RelayError),
        ("aiwhistle", ask(n=2), RelayTooLarge),
        ("aiwhistle", ask(model="gpt-4"), RelayUnsupported),
        ("aiwhistle", ask(model="gpt-4-0314"), RelayUnsupported),
        ("aiwhistle", ChatRequest(messages=(NAMED,)), RelayInvalid),
    ],
)
async def test_what_a_relay_would_refuse_is_refused_before_the_wire(
    profile: str, request_: Request, error: type[RelayError], transport: Transport
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b"{}")

    async with listening(answer) as server:
        with pytest.raises(error):
            await relay_of(profile, server.base, transport).call(request_)
    assert not server.asked


@pytest.mark.parametrize(("asked", "sent"), [(1.7, 1), (-0.5, 0), (0.3, 0.3)])
async def test_rcouyis_temperature_is_brought_within_its_bounds(
    asked: float, sent: float, judge: Judges, transport: Transport
) -> None:
    standing = judge.of("rcouyi")
    await relay_of("rcouyi", standing.origin, transport).call(ask(temperature=asked))
    (noted,) = standing.journal.entries("chat")
    assert (noted.status, noted.body["temperature"]) == (200, sent)


async def test_rcouyis_usage_is_read_from_the_last_choice(
    judge: Judges, transport: Transport
) -> None:
    standing = judge.of("rcouyi")
    made = relay_of("rcouyi", standing.origin, transport)
    answer = await answered(made, "stream", ask("count to 9"))
    assert answer.usage.completion_tokens == 9
    assert not answer.usage.estimated
    (noted,) = standing.journal.entries("chat")
    assert "stream_options" not in noted.body


@pytest.mark.parametrize("call", ["chat", "stream"])
async def test_usage_is_estimated_where_none_is_told(call: Any, transport: Transport) -> None:
    with sandbox(dialect=without_usage()) as standing:
        made = relay_of("rcouyi", standing.origin, transport)
        answer = await answered(made, call, ask("数到 3"))
    assert answer.usage.estimated
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (4, 4)


@pytest.mark.parametrize(
    ("call", "request_"),
    [
        ("stream", ask("来一段 Markdown")),
        ("completion_stream", CompletionRequest(prompt="来一段 Markdown", max_tokens=200)),
    ],
)
async def test_ai_whistles_reduced_stream_says_what_the_usual_one_says(
    call: Any, request_: Request, judge: Judges, transport: Transport
) -> None:
    standing = judge.of("aiwhistle")
    usual = await answered(relay_of("aiwhistle", standing.origin, transport), call, request_)
    bare = relay_of("aiwhistle", standing.origin, transport, stream_form="reduced")
    reduced = await answered(bare, call, request_)
    assert reduced.text == usual.text
    assert len(reduced.text) > 100
    assert (reduced.finish_reason, reduced.usage.estimated) == ("stop", True)


EDIT = EditRequest(input="helo", instruction="Mend the spelling")


async def test_ai_whistles_edits_are_found_where_its_page_prints_them(
    transport: Transport,
) -> None:
    with sandbox(dialect=with_doubled_edits()) as standing:
        made = relay_of("aiwhistle", standing.origin, transport)
        first, again = await made.call(EDIT), await made.call(EDIT)
        paths = [entry.path for entry in standing.journal.entries()]
    assert first.texts == again.texts
    assert paths == ["/v1/edits/v1/edits"] * 2


async def test_burnhairs_azure_voice_is_spoken_with_by_its_azure_model(
    judge: Judges, transport: Transport
) -> None:
    standing = judge.of("burnhair")
    made = relay_of("burnhair", standing.origin, transport)
    for model, voice in (
        ("tts-az-1", "zh-CN-XiaoxiaoMultilingualNeural"),
        ("tts-1", "alloy"),
    ):
        await made.call(SpeechRequest(text="Hello.", model=model))
        assert standing.journal.entries("speech")[-1].body["voice"] == voice


@pytest.mark.parametrize(
    ("key", "model", "error"),
    [
        ("sk-wrong", "gpt-4o", RelayUnauthorized),
        ("sk-expired", "gpt-4o", RelayUnauthorized),
        ("sk-used-up", "gpt-4o", RelayUsedUp),
        ("sk-short", "gpt-4o", RelayUsedUp),
        ("sk-limited", "gpt-4o", RelayRateLimited),
        ("sk-well", "gpt-99", RelayUnavailable),
    ],
)
async def test_one_apis_errors_are_told_apart(
    key: str, model: str, error: type[RelayError], judge: Judges, transport: Transport
) -> None:
    assert judge_of("oneapi") is not None
    at = entry(judge.of("oneapi").origin, profile="oneapi", key=Secret(key))
    with pytest.raises(error) as caught:
        await relay(at, transport).call(ask(model=model))
    assert type(caught.value) is error
