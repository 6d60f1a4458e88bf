"""Embeddings, judged by the official client."""

import math
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI

from bots.sandbox.embeddings import INPUT_TOKENS, REQUEST_TOKENS
from bots.sandbox.vectors import embed, likeness, pieces

MODEL = "text-embedding-3-small"


async def vectors(client: AsyncOpenAI, *texts: str, **more: Any) -> list[list[float]]:
    answer = await client.embeddings.create(**{"model": MODEL, "input": list(texts), **more})
    assert [row.index for row in answer.data] == list(range(len(texts)))
    return [row.embedding for row in answer.data]


def cosine(one: list[float], other: list[float]) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("text", "alike", "other"),
    [
        (
            "The cat sat on the mat.",
            "A cat sits on the mat",
            "Quarterly revenue grew by four percent.",
        ),
        ("When do you open?", "When do you open on Sundays?", "My parcel has not arrived."),
        ("今天天气很好", "今天的天气真好", "我想买一辆自行车"),
        ("HELLO WORLD", "hello, world!", "a wholly different sentence"),
    ],
)
async def test_alike_texts_are_near_and_others_are_far(
    client: AsyncOpenAI, text: str, alike: str, other: str
) -> None:
    told, near, far = await vectors(client, text, alike, other)
    assert cosine(told, near) > 0.5
    assert abs(cosine(told, far)) < 0.25


async def test_few_dimensions_do_not_make_all_texts_alike(client: AsyncOpenAI) -> None:
    texts = [
        "The ferry leaves the northern harbour at seven in the morning.",
        "Please send the signed contract back to our lawyers.",
        "Bake the bread for forty minutes until it is brown.",
    ]
    one, two, three = await vectors(client, *texts, dimensions=64)
    assert max(abs(cosine(*pair)) for pair in ((one, two), (two, three), (one, three))) < 0.4


async def test_base64_and_floats_are_the_same_vector(client: AsyncOpenAI) -> None:
    usual = await vectors(client, "the sea")
    floats = await vectors(client, "the sea", encoding_format="float")
    packed = await client.embeddings.create(model=MODEL, input="the sea", encoding_format="base64")
    assert isinstance(packed.data[0].embedding, str)
    assert usual == floats
    assert usual == await vectors(client, "the sea")


@pytest.mark.parametrize(
    ("model", "dimensions", "size"),
    [
        ("text-embedding-ada-002", None, 1536),
        ("text-embedding-3-small", None, 1536),
        ("text-embedding-3-large", None, 3072),
        ("text-embedding-3-large", 256, 256),
        ("sandbox-embedding", 1, 1),
    ],
)
async def test_a_vector_has_its_models_dimensions_and_length_one(
    client: AsyncOpenAI, model: str, dimensions: int | None, size: int
) -> None:
    more = {"dimensions": dimensions} if dimensions else {}
    (vector,) = await vectors(client, "a lighthouse by the sea", model=model, **more)
    assert len(vector) == size
    assert math.hypot(*vector) == pytest.approx(1, abs=1e-6)


async def test_usage_counts_all_inputs(client: AsyncOpenAI) -> None:
    one = await client.embeddings.create(model=MODEL, input="one two three")
    two = await client.embeddings.create(model=MODEL, input=["one two three", "four"])
    assert (one.usage.prompt_tokens, two.usage.prompt_tokens) == (3, 4)
    assert two.usage.total_tokens == 4
    assert two.model == MODEL


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input"),
        ({"input": [1, 2, 3]}, "input"),
        ({"input": [[1, 2], [3]]}, "input"),
        ({"input": ["a"] * 2049}, "input"),
        ({"input": " a" * (INPUT_TOKENS + 1)}, "input"),
        ({"input": [" a" * INPUT_TOKENS] * (REQUEST_TOKENS // INPUT_TOKENS + 1)}, "input"),
        ({"dimensions": 1537}, "dimensions"),
        ({"dimensions": 0}, "dimensions"),
        ({"model": "text-embedding-ada-002", "dimensions": 256}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
    ],
)
async def test_a_wrong_embedding_request_is_refused_by_the_field(
    client: AsyncOpenAI, wrong: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.embeddings.create(**{"model": MODEL, "input": "hello", **wrong})
    assert caught.value.param == param


async def test_as_many_tokens_as_allowed_are_taken(client: AsyncOpenAI) -> None:
    answer = await client.embeddings.create(model=MODEL, input=" a" * INPUT_TOKENS)
    assert answer.usage.prompt_tokens == INPUT_TOKENS


async def test_another_kind_of_model_does_not_embed(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="text-embedding-3-large"):
        await client.embeddings.create(model="gpt-4o", input="hello")


@given(st.text(max_size=100), st.integers(1, 64))
def test_any_text_has_a_vector_of_length_one(text: str, dimensions: int) -> None:
    vector = embed(text, dimensions)
    assert len(vector) == dimensions
    assert math.hypot(*vector) == pytest.approx(1, abs=1e-5)


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_between_0_and_1_and_the_same_both_ways(one: str, other: str) -> None:
    there = likeness(pieces(one), pieces(other))
    assert there == pytest.approx(likeness(pieces(other), pieces(one)))
    assert -1e-9 <= there <= 1 + 1e-9
    assert likeness(pieces(one), pieces(one)) == pytest.approx(1)
