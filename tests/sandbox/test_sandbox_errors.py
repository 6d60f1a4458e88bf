"""Errors in OpenAI's form, as the official client's own exceptions."""

from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI

from tests.sandbox.client import client_of
from tests.sandbox.server import sandbox

HELLO = [{"role": "user", "content": "hello"}]


async def refusal(client: AsyncOpenAI, **body: Any) -> openai.APIStatusError:
    """The error that a raw chat body gets."""
    with pytest.raises(openai.APIStatusError) as caught:
        await client.post("/chat/completions", body=body, cast_to=object)
    return caught.value


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"messages": HELLO}, "model", "missing_required_parameter"),
        ({"model": "gpt-4o"}, "messages", "missing_required_parameter"),
        ({"model": "gpt-4o", "messages": []}, "messages", "invalid_value"),
        (
            {"model": "gpt-4o", "messages": [{"role": "robot", "content": "hi"}]},
            "messages[0].role",
            "invalid_value",
        ),
        (
            {"model": "gpt-4o", "messages": [*HELLO, {"role": "user", "content": None}]},
            "messages[1].content",
            "invalid_value",
        ),
        ({"model": "gpt-4o", "messages": HELLO, "n": 0}, "n", "invalid_value"),
        ({"model": "gpt-4o", "messages": HELLO, "n": 9}, "n", "invalid_value"),
        (
            {"model": "gpt-4o", "messages": HELLO, "temperature": 2.1},
            "temperature",
            "invalid_value",
        ),
        ({"model": "gpt-4o", "messages": HELLO, "stream": "yes"}, "stream", "invalid_value"),
    ],
)
async def test_a_wrong_chat_request_is_refused_by_the_field(
    client: AsyncOpenAI, body: dict[str, Any], param: str, code: str
) -> None:
    error = await refusal(client, **body)
    assert isinstance(error, openai.BadRequestError)
    assert (error.param, error.code, error.type) == (param, code, "invalid_request_error")
    assert param in error.message


async def test_an_unknown_model_is_not_found(client: AsyncOpenAI) -> None:
    error = await refusal(client, model="gpt-99", messages=HELLO)
    assert isinstance(error, openai.NotFoundError)
    assert error.code == "model_not_found"
    assert "gpt-99" in error.message
    assert "sandbox-chat" in error.message


async def test_a_model_of_another_kind_is_not_found_for_chat(client: AsyncOpenAI) -> None:
    assert (await refusal(client, model="whisper-1", messages=HELLO)).status_code == 404


async def test_a_broken_picture_is_refused(client: AsyncOpenAI) -> None:
    for url in ("data:image/png;base64,!!!", "data:image/png;base64,AAAA"):
        picture = {"type": "image_url", "image_url": {"url": url}}
        messages = [{"role": "user", "content": [picture]}]
        assert (await refusal(client, model="gpt-4o", messages=messages)).code == "invalid_image"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'"text"'])
async def test_a_body_that_is_no_object_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    for path in ("/v1/chat/completions", "/v1/images/generations", "/v1/audio/speech"):
        answer = await http.post(path, content=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_unknown_addresses_and_methods_get_the_error_form(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/nothing")).json()["error"]["code"] == "unknown_url"
    wrong = await http.get("/v1/chat/completions")
    assert wrong.status_code == 405
    assert wrong.json()["error"]["message"]


async def test_a_used_up_key_is_refused_and_another_is_not() -> None:
    with sandbox(grant=10) as relay:
        async with client_of(relay, "sk-poor") as client:
            await client.chat.completions.create(model="gpt-4", messages=[*TALK])
            with pytest.raises(openai.PermissionDeniedError, match="quota of 10 units") as caught:
                await client.chat.completions.create(model="gpt-4", messages=[*TALK])
        assert caught.value.code == "insufficient_user_quota"
        async with client_of(relay, "sk-rich") as client:
            assert await client.chat.completions.create(model="gpt-4", messages=[*TALK])


TALK: list[openai.types.chat.ChatCompletionUserMessageParam] = [
    {"role": "user", "content": "hello"}
]
