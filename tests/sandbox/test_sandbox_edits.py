"""Edits; the official client no longer has the call, so it posts by hand."""

from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from bots.sandbox.editing import edit
from bots.sandbox.tokens import count_tokens

MODEL = "text-davinci-edit-001"


async def edited(client: AsyncOpenAI, **body: Any) -> Any:
    return await client.post("/edits", body={"model": MODEL, **body}, cast_to=object)


async def test_an_edit_is_made_and_counted(client: AsyncOpenAI) -> None:
    told = await edited(client, input="the  sea", instruction="Fix the doubled spaces", n=2)
    assert told["object"] == "edit"
    assert told["choices"] == [
        {"text": "the sea", "index": 0},
        {"text": "the sea", "index": 1},
    ]
    asked = count_tokens("the  sea") + count_tokens("Fix the doubled spaces")
    assert told["usage"] == {
        "prompt_tokens": asked,
        "completion_tokens": 4,
        "total_tokens": asked + 4,
    }


@pytest.mark.parametrize(
    ("instruction", "text", "expected"),
    [
        ("Make it upper case.", "abc déf", "ABC DÉF"),
        ("to lowercase", "ABC", "abc"),
        ("转成大写", "abc", "ABC"),
        ("Use title case", "it's a day", "It's A Day"),
        ("Capitalize each sentence", "one. two! three", "One. Two! Three"),
        ("Remove extra spaces", "  a   b \n c  d", "  a b \n c d"),
        ("去掉多余的空格", "你  好", "你 好"),
        ("Trim it", "  a \n  b  \n", "a\nb"),
        ("remove blank lines", "a\n\n\n \nb", "a\nb"),
        ("Sort the lines", "b\na\nc", "a\nb\nc"),
        ("number the lines", "a\nb", "1. a\n2. b"),
        ("Reverse the text", "abc", "cba"),
        ("倒过来", "你好", "好你"),
        ("Replace “cat” with “dog”", "cat and cat", "dog and dog"),
        ("Change 'a' to 'b' and make it upper case", "a c", "B C"),
        ("把“猫”换成“狗”", "一只猫", "一只狗"),
        ("Reverse it, then sort the lines", "b\na", "a\nb"),
        ("replace 'uppercase' with 'small'", "Uppercase uppercase", "Uppercase small"),
    ],
)
def test_known_instructions_are_followed(instruction: str, text: str, expected: str) -> None:
    assert edit(text, instruction) == expected


def test_the_order_of_the_instruction_counts() -> None:
    assert edit("ab", "upper case, then replace 'A' with 'x'") == "xB"
    assert edit("ab", "replace 'A' with 'x', then upper case") == "AB"


async def test_an_unknown_instruction_is_noted_and_the_text_kept(client: AsyncOpenAI) -> None:
    told = await edited(client, input="Roses are red", instruction="Make it rhyme")
    text = told["choices"][0]["text"]
    assert text.startswith("Roses are red\n")
    assert "Make it rhyme" in text
    alone = await edited(client, instruction="Write a poem")
    assert "Write a poem" in alone["choices"][0]["text"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "a"}, "instruction"),
        ({"instruction": ""}, "instruction"),
        ({"instruction": "trim", "n": 21}, "n"),
        ({"instruction": "trim", "input": 1}, "input"),
    ],
)
async def test_a_wrong_edit_request_is_refused_by_the_field(
    client: AsyncOpenAI, body: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await edited(client, **body)
    assert caught.value.param == param


async def test_another_kind_of_model_does_not_edit(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match=MODEL):
        await edited(client, model="gpt-4o", instruction="trim", input="a")
