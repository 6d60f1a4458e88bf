"""Completions, edits, embeddings and the forms of a stream over real sockets."""

import json
from typing import Any

import pytest

from core.errors import RelayCut, RelayGarbage, RelayUnavailable
from core.relay.client import Relay
from core.relay.dialect import Capabilities
from core.relay.transport import Transport
from core.request import ChatMessage, ChatRequest, CompletionRequest, EditRequest, EmbeddingRequest
from core.response import Chunk, Usage
from tests.relays.calls import gathered, saying, serving, streaming
from tests.relays.stage import CHAT, DONE, ask, payload

PROMPT = CompletionRequest(prompt="Say this is a test")
REDUCED = {"stream_form": "reduced"}
SILENT = {"capabilities": Capabilities(stream="no")}


def completion(text: str, finish: str | None = None) -> bytes:
    told = {"model": "m", "choices": [{"text": text, "index": 0, "finish_reason": finish}]}
    return b"data: " + json.dumps(told).encode() + b"\n\n"


async def completed(made: Relay) -> list[Chunk]:
    return [chunk async for chunk in made.stream(PROMPT)]


def said(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


async def test_a_completion_goes_out_and_comes_back(transport: Transport) -> None:
    answer = saying(payload("zhizengzeng_completion.json"))
    request = CompletionRequest(
        prompt="Say", max_tokens=7, temperature=0, n=1, best_of=3, echo=True, suffix=".", logprobs=2
    )
    async with serving(answer, transport) as (made, server):
        told = await made.call(request)
    assert told.texts == ("\n\nThis is indeed a test",)
    assert (told.finish_reason, told.usage) == (
        "length",
        Usage(prompt_tokens=5, completion_tokens=7),
    )
    assert server.asked[0].target == "/v1/completions"
    assert json.loads(server.asked[0].body) == {
        "model": "gpt-3.5-turbo-instruct",
        "prompt": "Say",
        "max_tokens": 7,
        "temperature": 0,
        "best_of": 3,
        "echo": True,
        "suffix": ".",
        "logprobs": 2,
    }


async def test_an_edit_goes_out_and_comes_back(transport: Transport) -> None:
    answer = saying(b'{"choices":[{"text":"a","index":0}],"usage":{"prompt_tokens":2}}')
    async with serving(answer, transport, profile="aiwhistle") as (made, server):
        told = await made.call(EditRequest(instruction="fix", input="b", temperature=0.5))
    assert (told.texts, told.usage) == (("a",), Usage(prompt_tokens=2))
    assert json.loads(server.asked[0].body) == {
        "model": "text-davinci-edit-001",
        "instruction": "fix",
        "input": "b",
        "temperature": 0.5,
    }


async def test_embeddings_go_out_and_come_back(transport: Transport) -> None:
    rows = [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1, 2]}]
    body = json.dumps({"data": rows, "model": "m"}).encode()
    async with serving(saying(body), transport) as (made, server):
        told = await made.call(EmbeddingRequest(inputs=("a", "b"), dimensions=2, user="u"))
    assert told.vectors == ((1.0, 2.0), (3.0, 4.0))
    assert json.loads(server.asked[0].body) == {
        "model": "text-embedding-3-small",
        "input": ["a", "b"],
        "dimensions": 2,
        "user": "u",
    }


# -- streams -------------------------------------------------------------------


async def test_a_completion_is_streamed(transport: Transport) -> None:
    answer = streaming(completion("This "), completion("is", "length"), DONE)
    async with serving(answer, transport) as (made, server):
        chunks = await completed(made)
    assert said(chunks) == "This is"
    assert chunks[-1].finish_reason == "length"
    assert chunks[-1].usage == Usage(prompt_tokens=7, completion_tokens=3, estimated=True)
    body = json.loads(server.asked[0].body)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


async def test_a_whole_completion_in_place_of_a_stream(transport: Transport) -> None:
    async with serving(saying(payload("aiwhistle_completion.json")), transport) as (made, _):
        *texts, last = await completed(made)
    assert said(texts).startswith("\n\nA rose by any other name")
    assert (last.finish_reason, last.usage) == (
        "length",
        Usage(prompt_tokens=8, completion_tokens=16),
    )


async def test_a_reduced_stream_is_asked_for_by_its_header(transport: Transport) -> None:
    answer = streaming(payload("aiwhistle_chat_reduced.sse"))
    async with serving(answer, transport, dialect=REDUCED) as (made, server):
        chunks = await gathered(made)
    assert said(chunks) == "闪光的夜晚，"
    assert (chunks[-1].finish_reason, chunks[-1].usage) == (
        "stop",
        Usage(prompt_tokens=7, completion_tokens=7, estimated=True),
    )
    assert server.asked[0].headers["reduce-stream"] == "true"


async def test_only_a_stream_is_asked_for_reduced(transport: Transport) -> None:
    async with serving(saying(CHAT), transport, dialect=REDUCED) as (made, server):
        await made.call(ask())
    async with serving(streaming(completion("a", "stop")), transport) as (made, other):
        await completed(made)
    for asked in (*server.asked, *other.asked):
        assert "reduce-stream" not in asked.headers


async def test_a_reduced_completion_ends_with_done_alone(transport: Transport) -> None:
    body = payload("aiwhistle_completion_reduced.sse")
    async with serving(streaming(body), transport, dialect=REDUCED) as (made, _):
        assert said(await completed(made)) == "\n\n清"
    cut = body.replace(DONE, b"")
    async with serving(streaming(cut), transport, dialect=REDUCED) as (made, _):
        with pytest.raises(RelayCut, match=r"before its \[DONE\]"):
            await completed(made)


@pytest.mark.parametrize("capability", ["no", "off"])
async def test_a_relay_that_does_not_stream_is_asked_for_the_whole(
    transport: Transport, capability: Any
) -> None:
    given = {"capabilities": Capabilities(stream=capability)}
    async with serving(saying(CHAT), transport, dialect=given) as (made, server):
        text, last = await gathered(made)
    assert (text.text, last.finish_reason, last.usage) == (
        "Hello.",
        "stop",
        Usage(prompt_tokens=3, completion_tokens=2),
    )
    assert "stream" not in json.loads(server.asked[0].body)


async def test_a_completion_of_a_relay_that_does_not_stream(transport: Transport) -> None:
    answer = saying(payload("aiwhistle_completion.json"))
    async with serving(answer, transport, dialect=SILENT) as (made, _):
        *texts, last = await completed(made)
    assert said(texts).startswith("\n\nA rose")
    assert last.finish_reason == "length"


async def test_an_error_of_a_relay_that_does_not_stream_is_that_error(
    transport: Transport,
) -> None:
    async with serving(saying(b"", 503), transport, dialect=SILENT) as (made, _):
        with pytest.raises(RelayUnavailable):
            await gathered(made)
    async with serving(saying(b"<html>"), transport, dialect=SILENT) as (made, _):
        with pytest.raises(RelayGarbage):
            await gathered(made)


# -- what is sent of a talk ----------------------------------------------------


async def test_the_trimmed_talk_is_what_is_sent_and_what_is_counted(transport: Transport) -> None:
    talk = ChatRequest(
        messages=(
            ChatMessage(role="system", content="Be brief. "),
            ChatMessage(role="user", content="字" * 1500),
            ChatMessage(role="assistant", content="好"),
            ChatMessage(role="user", content="字" * 800),
        )
    )
    answer = saying(b'{"code":0,"choices":[{"message":{"content":"hi"}}]}')
    async with serving(answer, transport, profile="zhizengzeng") as (made, server):
        told = await made.call(talk)
    sent = [{"role": "user", "content": "Be brief. " + "字" * 800}]
    assert json.loads(server.asked[0].body)["messages"] == sent
    assert told.usage == Usage(prompt_tokens=803, completion_tokens=2, estimated=True)
