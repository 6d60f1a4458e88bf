"""智增增's rules, kept before the wire, whatever a bot has in its history."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.sandbox.dialects.zhizengzeng import DIALECT, without_ogg
from core.errors import (
    RelayError,
    RelayInvalid,
    RelayTooLarge,
    RelayUnauthorized,
    RelayUnavailable,
    RelayUnsupported,
)
from core.relay.encode import Encoder
from core.relay.hearing import hear
from core.relay.profile import load_dialect
from core.relay.transport import Transport
from core.request import (
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
    FineTuneCreateRequest,
    ImageRequest,
    Request,
    TranscriptionRequest,
)
from tests.relays.profiles.asking import relay_of
from tests.relays.profiles.judges import Judges
from tests.relays.profiles.talks import PAIRS, TEXTS, judged, talk
from tests.relays.profiles.test_judged import CLIP
from tests.relays.servers import Exchange, listening
from tests.relays.stage import ask
from tests.sandbox.server import sandbox

CHARS = 2_000
ENCODER = Encoder(load_dialect("zhizengzeng"), "main")


@given(
    persona=st.one_of(st.just(""), TEXTS),
    pairs=PAIRS,
    question=TEXTS,
)
def test_any_talk_of_a_bot_is_taken(
    persona: str, pairs: list[tuple[str, str]], question: str
) -> None:
    request = talk(persona, pairs, question)
    if len(persona) + len(question) > CHARS:
        with pytest.raises(RelayTooLarge):
            ENCODER.encode(request)
        return
    sent = [message["content"] for message in judged(ENCODER.encode(request).body, DIALECT)]
    kept = [text for pair in pairs for text in pair][len(pairs) * 2 - (len(sent) - 1) :]
    whole = [*kept, question]
    assert sent[0] in (persona + whole[0], f"{persona}\n\n{whole[0]}")
    assert sent[1:] == whole[1:]


@given(pairs=PAIRS, question=TEXTS)
def test_no_pair_is_forgotten_that_would_have_fitted(
    pairs: list[tuple[str, str]], question: str
) -> None:
    sent = judged(ENCODER.encode(talk("", pairs, question)).body, DIALECT)
    held = sum(len(message["content"]) for message in sent)
    dropped = len(pairs) - len(sent) // 2
    if dropped:
        asked, answer = pairs[dropped - 1]
        assert held + len(asked) + len(answer) > CHARS


async def test_a_long_history_is_trimmed_in_pairs_and_folded(
    judge: Judges, transport: Transport
) -> None:
    standing = judge.of("zhizengzeng")
    pairs = [(f"问{number}" + "字" * 300, f"答{number}" + "字" * 300) for number in range(9)]
    answer = await relay_of("zhizengzeng", standing.origin, transport).call(
        talk("你是小一。", pairs, "数到 3")
    )
    (noted,) = standing.journal.entries("chat")
    sent = noted.body["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant"] * 3 + ["user"]
    assert sent[0]["content"].startswith("你是小一。\n\n问6")
    assert (sent[-1]["content"], answer.text) == ("数到 3", "1 2 3")
    assert answer.usage.estimated


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (ask("字" * 2_001), RelayTooLarge),
        (ask(temperature=2.5), RelayError),
        (ask(presence_penalty=-2.5), RelayError),
        (ask(stop=("a", "b", "c", "d", "e")), RelayTooLarge),
        (ChatRequest(messages=()), RelayInvalid),
        (talk("", [("a", "")], "b"), RelayInvalid),
        (ImageRequest(prompt="字" * 1_001), RelayTooLarge),
        (ImageRequest(prompt="a", n=11), RelayTooLarge),
        (ImageRequest(prompt="a", size="1792x1024"), RelayInvalid),
        (CompletionRequest(prompt="a", logprobs=6), RelayError),
        (CompletionRequest(prompt="a", n=2, best_of=2), RelayInvalid),
        (EmbeddingRequest(inputs=("字" * 8_192,)), RelayTooLarge),
        (FineTuneCreateRequest(training_file="f", model="m", suffix="s" * 41), RelayTooLarge),
        (TranscriptionRequest(audio=CLIP, filename="a.ogg", temperature=1.1), RelayError),
    ],
)
async def test_what_it_would_refuse_is_refused_before_the_wire(
    request_: Request, error: type[RelayError], transport: Transport
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(b"{}")

    async with listening(answer) as server:
        with pytest.raises(error):
            await relay_of("zhizengzeng", server.base, transport).call(request_)
    assert not server.asked


async def test_dimensions_are_left_out_of_embeddings(judge: Judges, transport: Transport) -> None:
    standing = judge.of("zhizengzeng")
    made = relay_of("zhizengzeng", standing.origin, transport)
    answer = await made.call(EmbeddingRequest(inputs=("a",), dimensions=256))
    assert len(answer.vectors[0]) == 1_536


async def test_the_user_is_the_hash_that_was_given(judge: Judges, transport: Transport) -> None:
    standing = judge.of("zhizengzeng")
    await relay_of("zhizengzeng", standing.origin, transport).call(ask(user="6f9a1c02d4"))
    (noted,) = standing.journal.entries("chat")
    assert noted.body["user"] == "6f9a1c02d4"


async def test_ogg_is_sent_as_it_is_and_once_refused_as_mp3(transport: Transport) -> None:
    with sandbox(dialect=without_ogg()) as standing:
        made = relay_of("zhizengzeng", standing.origin, transport)
        request = TranscriptionRequest(audio=CLIP, filename="a.ogg")
        first, again = await hear(made, request), await hear(made, request)
        entries = standing.journal.entries("transcription")
    names = [str(entry.fields["file"]["filename"]) for entry in entries]  # type: ignore[index]
    assert [name.rpartition(".")[2] for name in names] == ["ogg", "mp3", "mp3"]
    assert "river" in first.text
    assert again == first


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"code": 401, "msg": "无效的 key"}, RelayUnauthorized),
        ({"code": 404, "msg": "no such call"}, RelayUnsupported),
        ({"code": 3, "msg": "something"}, RelayUnavailable),
        ({"code": 5, "msg": "cut off", "choices": [{"message": {"content": "1"}}]}, RelayError),
    ],
)
async def test_an_error_in_the_envelope_is_an_error_on_200(
    told: dict[str, Any], error: type[RelayError], transport: Transport
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(json.dumps(told).encode())

    async with listening(answer) as server:
        with pytest.raises(error, match=told["msg"]):
            await relay_of("zhizengzeng", server.base, transport).call(ask())
