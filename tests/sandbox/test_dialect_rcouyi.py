"""The sandbox as rcouyi: what it refuses, and where its usage stands."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bots.sandbox.dialects.rcouyi import without_usage
from tests.sandbox.dialects import HELLO, chat, data_of, standing_for


@pytest.fixture(scope="module")
def relay() -> Iterator[httpx.Client]:
    with standing_for("rcouyi") as client:
        yield client


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"temperature": 1.1}, "'temperature'"),
        ({"n": 6}, "'n'"),
        ({"n": 2, "temperature": 0}, "temperature near 0"),
        ({"model": "gpt-5"}, "gpt-5"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "the roles system, user, assistant"),
        ({"messages": [{"role": "user", "content": ""}]}, "not empty"),
    ],
)
def test_chats_that_it_does_not_take(
    relay: httpx.Client, more: dict[str, Any], reason: str
) -> None:
    answer = chat(relay, **more)
    error = answer.json()["error"]
    assert answer.status_code in (400, 404)
    assert error["type"] == "invalid_request_error"
    assert reason in error["message"]


def test_several_answers_are_given_where_they_may_differ(relay: httpx.Client) -> None:
    told = chat(relay, n=5, temperature=0.3).json()
    assert len(told["choices"]) == 5


def test_input_and_what_is_asked_for_must_fit_the_window(relay: httpx.Client) -> None:
    long = {"role": "user", "content": "字" * 4_096}
    assert chat(relay, long, model="gpt-4", max_tokens=4_096).status_code == 200
    answer = chat(relay, long, model="gpt-4", max_tokens=4_097)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "context_length_exceeded"


@pytest.mark.parametrize("more", [{}, {"stream_options": {"include_usage": True}}])
def test_a_streams_usage_stands_in_its_last_choice(
    relay: httpx.Client, more: dict[str, Any]
) -> None:
    *chunks, done = data_of(chat(relay, model="claude-2.1", stream=True, **more))
    told = [json.loads(chunk) for chunk in chunks]
    assert done == "[DONE]"
    assert all(len(chunk["choices"]) == 1 for chunk in told)
    assert not any("usage" in chunk for chunk in told)
    assert [bool(chunk["choices"][0].get("usage")) for chunk in told[-2:]] == [False, True]
    assert told[-1]["choices"][0]["finish_reason"] == "stop"
    assert {chunk["model"] for chunk in told} == {"claude-2.1"}


def test_some_of_its_vendors_tell_no_usage() -> None:
    with standing_for(without_usage()) as relay:
        assert "usage" not in chat(relay).json()
        assert "usage" not in chat(relay, stream=True, stream_options={"include_usage": True}).text


@pytest.mark.parametrize(
    "more",
    [{"voice": "zh-CN-XiaoxiaoNeural"}, {"response_format": "wav"}, {"speed": 4.1}, {"input": ""}],
)
def test_speech_that_it_does_not_take(relay: httpx.Client, more: dict[str, Any]) -> None:
    given = {"model": "tts-1", "input": "你好啊", "voice": "alloy", **more}
    assert relay.post("/v1/audio/speech", json=given).status_code == 400


def test_its_speech_is_sound(relay: httpx.Client) -> None:
    given = {"model": "tts-1-hd", "input": "Hello", "voice": "nova", "response_format": "flac"}
    answer = relay.post("/v1/audio/speech", json=given)
    assert answer.content.startswith(b"fLaC")


def test_its_models_are_of_many_vendors(relay: httpx.Client) -> None:
    names = {row["id"] for row in relay.get("/v1/models").json()["data"]}
    assert {"SparkDesk", "qwen-plus", "ERNIE-Bot-4", "tts-1"} <= names


@pytest.mark.parametrize("path", ["completions", "embeddings", "images/generations", "files"])
def test_what_its_page_does_not_mention_it_does_not_serve(relay: httpx.Client, path: str) -> None:
    answer = relay.post(f"/v1/{path}", json={"messages": HELLO})
    assert answer.status_code == 404
