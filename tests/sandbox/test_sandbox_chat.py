"""Chat, judged by the official client."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam

from bots.sandbox.landscape import draw
from bots.sandbox.tokens import count_tokens, tokens
from tests.sandbox.server import Sandbox

TALK: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "You are a pirate who loves the sea."},
    {"role": "user", "content": "My name is Ada and I live in a lighthouse by the sea"},
    {"role": "assistant", "content": "Good to know."},
    {"role": "user", "content": "Now tell me please, what was the name that I gave you?"},
]


async def ask(client: AsyncOpenAI, text: str, model: str = "sandbox-chat") -> str:
    answer = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": text}]
    )
    return answer.choices[0].message.content or ""


async def test_an_answer_tells_the_turns_and_the_ends_of_what_it_sees(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="sandbox-chat", messages=TALK)
    text = answer.choices[0].message.content or ""
    assert "“Now tell me please, what was the name that I gave you?”" in text
    assert "I was given 3 turns of our talk" in text
    assert f"{sum(len(str(message.get('content'))) for message in TALK)} characters" in text
    assert "from “My name is Ada and I …” to “… the name that I gave you?”" in text
    assert "My persona begins “You are a pirate who loves …”" in text
    assert answer.choices[0].finish_reason == "stop"


async def test_a_chinese_question_is_answered_in_chinese(client: AsyncOpenAI) -> None:
    text = await ask(client, "你好，今天天气怎么样？我们去河边散步吧")
    assert text.startswith("你好！你说：“你好，今天天气怎么样？我们去河边散步吧”")
    assert "1 条消息" in text
    assert "从“你好，今天天气怎么样？我…”到“…怎么样？我们去河边散步吧”" in text


async def test_usage_is_the_same_each_time_and_adds_up(client: AsyncOpenAI) -> None:
    first = await client.chat.completions.create(model="gpt-4o", messages=TALK)
    again = await client.chat.completions.create(model="gpt-4o", messages=TALK)
    assert first.usage is not None
    assert first.usage == again.usage
    assert first.usage.completion_tokens == count_tokens(first.choices[0].message.content or "")
    assert first.usage.total_tokens == first.usage.prompt_tokens + first.usage.completion_tokens
    assert first.id != again.id


async def test_asked_for_markdown_it_shows_what_can_be_rendered(client: AsyncOpenAI) -> None:
    text = await ask(client, "Show me some Markdown, please")
    for piece in ("## ", "**bold**", "1. ", "```python\n", "|---|"):
        assert piece in text
    assert "**粗体**" in await ask(client, "来一段 Markdown")


@pytest.mark.parametrize(("text", "last"), [("Count to 12!", 12), ("请数到 7", 7)])
async def test_asked_to_count_it_streams_one_piece_a_number(
    client: AsyncOpenAI, text: str, last: int
) -> None:
    pieces = await streamed(client, text)
    assert "".join(pieces) == " ".join(str(number) for number in range(1, last + 1))
    assert len(pieces) == last


async def streamed(client: AsyncOpenAI, text: str) -> list[str]:
    stream = await client.chat.completions.create(
        model="sandbox-chat", messages=[{"role": "user", "content": text}], stream=True
    )
    chunks = [chunk async for chunk in stream]
    return [chunk.choices[0].delta.content for chunk in chunks if chunk.choices[0].delta.content]


async def test_a_stream_says_what_the_whole_answer_says_and_its_usage(client: AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="sandbox-chat", messages=TALK)
    stream = await client.chat.completions.create(
        model="sandbox-chat", messages=TALK, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks[-3:-1]] == [None, "stop"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert {chunk.usage for chunk in chunks[:-1]} == {None}
    assert len({chunk.id for chunk in chunks}) == 1


async def test_a_stream_without_usage_asked_for_has_none(client: AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="sandbox-chat", messages=TALK, stream=True)
    chunks = [chunk async for chunk in stream]
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_the_reasoner_thinks_before_it_speaks(client: AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="sandbox-reasoner",
        messages=[{"role": "user", "content": "Why is the sky blue?"}],
        stream=True,
    )
    deltas = [chunk.choices[0].delta async for chunk in stream]
    thoughts = [getattr(delta, "reasoning_content", None) or "" for delta in deltas]
    spoken = [delta.content or "" for delta in deltas]
    assert "The question has 20 characters" in "".join(thoughts)
    assert "“Why is the sky blue?”" in "".join(spoken)
    assert max(map(bool, thoughts)), "no thoughts"
    last_thought = max(at for at, thought in enumerate(thoughts) if thought)
    first_word = min(at for at, word in enumerate(spoken) if word)
    assert last_thought < first_word
    whole = await client.chat.completions.create(
        model="sandbox-reasoner", messages=[{"role": "user", "content": "Why?"}]
    )
    assert "reasoning" not in (whole.choices[0].message.content or "")
    assert whole.usage is not None
    assert whole.usage.completion_tokens_details is not None
    assert (whole.usage.completion_tokens_details.reasoning_tokens or 0) > 5


async def test_a_picture_is_seen_by_its_type_and_size(client: AsyncOpenAI) -> None:
    url = "data:image/png;base64," + base64.b64encode(draw("a tree", 64, 48)).decode()
    answer = await client.chat.completions.create(
        model="gpt-4o",
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What do you see?"},
                    {"type": "image_url", "image_url": {"url": url}},
                    {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
                ],
            }
        ],
    )
    text = answer.choices[0].message.content or ""
    assert "I see a PNG picture, 64 × 48 pixels." in text
    assert "does not open links" in text
    assert "What do you see?" in text


async def test_max_tokens_cuts_the_answer_and_says_so(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(
        model="sandbox-chat",
        messages=[{"role": "user", "content": "count to 9"}],
        max_tokens=4,
    )
    assert answer.choices[0].message.content == "1 2 3 4"
    assert answer.choices[0].finish_reason == "length"


async def test_an_answer_ends_before_a_stop_sequence(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(
        model="sandbox-chat", messages=[{"role": "user", "content": "count to 9"}], stop=[" 6", "7"]
    )
    assert answer.choices[0].message.content == "1 2 3 4 5"


async def test_several_choices_come_numbered(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="gpt-4", messages=TALK, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in answer.choices}) == 1


async def test_any_key_will_do_or_none(relay: Sandbox, client: AsyncOpenAI) -> None:
    assert await ask(client.with_options(api_key="x"), "hello")
    assert relay.journal.entries()[-1].key_last4 == "x"


@given(st.text(max_size=200))
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text
    assert count_tokens(text) == len(tokens(text))


@given(st.text(min_size=1, max_size=200))
def test_no_token_is_empty_or_long(text: str) -> None:
    assert all(1 <= len(token.strip()) <= 8 or token.isspace() for token in tokens(text))
