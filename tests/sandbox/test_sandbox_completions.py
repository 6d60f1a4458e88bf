"""Completions, judged by the official client."""

from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types import Completion

from bots.sandbox.faults import CutStream
from bots.sandbox.tokens import count_tokens
from tests.sandbox.server import Sandbox

MODEL = "gpt-3.5-turbo-instruct"


async def complete(client: AsyncOpenAI, prompt: str | list[str], **more: Any) -> Completion:
    answer = await client.completions.create(model=MODEL, prompt=prompt, **more)
    assert isinstance(answer, Completion)
    return answer


async def streamed(client: AsyncOpenAI, prompt: str | list[str], **more: Any) -> list[Completion]:
    stream = await client.completions.create(model=MODEL, prompt=prompt, stream=True, **more)
    return [chunk async for chunk in stream]


def joined(chunks: list[Completion]) -> dict[int, str]:
    """The text of each choice."""
    texts: dict[int, str] = {}
    for chunk in chunks:
        for choice in chunk.choices:
            texts[choice.index] = texts.get(choice.index, "") + choice.text
    return texts


async def test_a_prompt_is_answered_in_16_tokens_unless_more_are_allowed(
    client: AsyncOpenAI,
) -> None:
    short = await complete(client, "Count to 30")
    assert short.object == "text_completion"
    assert short.choices[0].text == " ".join(map(str, range(1, 17)))
    assert short.choices[0].finish_reason == "length"
    assert short.usage is not None
    assert short.usage.completion_tokens == 16
    assert short.usage.prompt_tokens == count_tokens("Count to 30")
    whole = await complete(client, "Count to 30", max_tokens=50)
    assert whole.choices[0].text.endswith(" 30")
    assert whole.choices[0].finish_reason == "stop"


async def test_several_prompts_have_their_choices_in_order(client: AsyncOpenAI) -> None:
    answer = await complete(client, ["count to 2", "count to 4"], n=2)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert [choice.text for choice in answer.choices] == ["1 2", "1 2", "1 2 3 4", "1 2 3 4"]


async def test_echo_puts_the_prompt_before_the_answer(client: AsyncOpenAI) -> None:
    answer = await complete(client, "count to 3: ", echo=True)
    assert answer.choices[0].text == "count to 3: 1 2 3"
    assert joined(await streamed(client, "count to 3: ", echo=True)) == {0: "count to 3: 1 2 3"}
    alone = await complete(client, "count to 3", echo=True, max_tokens=0)
    assert alone.choices[0].text == "count to 3"


async def test_an_answer_ends_before_a_stop_sequence(client: AsyncOpenAI) -> None:
    answer = await complete(client, "count to 9", stop=[" 4", " 7"])
    assert answer.choices[0].text == "1 2 3"
    assert answer.choices[0].finish_reason == "stop"


async def test_a_stream_says_what_the_whole_answer_says(client: AsyncOpenAI) -> None:
    prompts = ["Tell me of the sea", "count to 5"]
    whole = await complete(client, prompts, n=2, max_tokens=40)
    chunks = await streamed(
        client, prompts, n=2, max_tokens=40, stream_options={"include_usage": True}
    )
    assert joined(chunks) == {choice.index: choice.text for choice in whole.choices}
    assert len(chunks) > 20
    reasons = {
        choice.index: choice.finish_reason
        for chunk in chunks
        for choice in chunk.choices
        if choice.finish_reason
    }
    assert reasons == {choice.index: choice.finish_reason for choice in whole.choices}
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


async def test_logprobs_tell_tokens_and_where_they_stand(client: AsyncOpenAI) -> None:
    answer = await complete(client, "count to 3", logprobs=2, echo=True)
    told = answer.choices[0].logprobs
    assert told is not None
    assert told.tokens is not None
    assert told.text_offset is not None
    text = answer.choices[0].text
    assert "".join(told.tokens) == text
    assert all(
        text.startswith(token, at) for token, at in zip(told.tokens, told.text_offset, strict=True)
    )
    assert told.token_logprobs == [None, None, None, 0.0, 0.0, 0.0]
    assert told.top_logprobs == [None, None, None, {"1": 0.0}, {" 2": 0.0}, {" 3": 0.0}]


async def test_a_streams_logprobs_are_the_whole_answers(client: AsyncOpenAI) -> None:
    whole = await complete(client, "count to 4", logprobs=0, echo=True)
    chunks = await streamed(client, "count to 4", logprobs=0, echo=True)
    told = [chunk.choices[0].logprobs for chunk in chunks]
    offsets = [at for one in told if one is not None for at in one.text_offset or ()]
    assert whole.choices[0].logprobs is not None
    assert offsets == whole.choices[0].logprobs.text_offset
    assert whole.choices[0].logprobs.top_logprobs is None


async def test_best_of_counts_all_its_candidates(client: AsyncOpenAI) -> None:
    answer = await complete(client, "count to 5", n=2, best_of=6)
    assert len(answer.choices) == 2
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 6 * 5


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"logprobs": 6}, "logprobs"),
        ({"best_of": 1, "n": 2}, "best_of"),
        ({"best_of": 3, "n": 2, "stream": True}, "best_of"),
        ({"n": 0}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"temperature": 2.5}, "temperature"),
        ({"stop": ["1", "2", "3", "4", "5"]}, "stop"),
        ({"prompt": [1, 2, 3]}, "prompt"),
        ({"prompt": [[1, 2], [3]]}, "prompt"),
        ({"prompt": []}, "prompt"),
    ],
)
async def test_a_wrong_completion_request_is_refused_by_the_field(
    client: AsyncOpenAI, wrong: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.completions.create(**{"model": MODEL, "prompt": "hello", **wrong})
    assert (caught.value.param, caught.value.code) == (param, "invalid_value")


async def test_a_chat_model_does_not_complete(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match=MODEL):
        await client.completions.create(model="gpt-4o", prompt="hello")


async def test_a_fault_cuts_its_stream(relay: Sandbox, client: AsyncOpenAI) -> None:
    relay.faults.add(CutStream(call="completion", after=2, clean=True))
    chunks = await streamed(client, "count to 9")
    assert joined(chunks) == {0: "1 2"}
    assert {choice.finish_reason for chunk in chunks for choice in chunk.choices} == {None}
    assert relay.journal.entries("completion")[0].body["prompt"] == "count to 9"
