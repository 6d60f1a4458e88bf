"""The sandbox as 智增增: what it refuses, and its envelope."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bots.sandbox.dialects.zhizengzeng import without_ogg
from tests.sandbox.dialects import chat, standing_for, turns


@pytest.fixture(scope="module")
def relay() -> Iterator[httpx.Client]:
    with standing_for("zhizengzeng") as client:
        yield client


def refused(answer: httpx.Response) -> str:
    """The reason. Errors come with HTTP 200, in the envelope."""
    told = answer.json()
    assert answer.status_code == 200
    assert set(told) == {"code", "msg"}
    assert told["code"] != 0
    reason: str = told["msg"]
    return reason


def test_a_talk_in_turns_is_answered_in_the_envelope(relay: httpx.Client) -> None:
    told = chat(relay, *turns("请介绍一下你自己", "您好", "1+100=")).json()
    assert list(told) == ["code", "msg", "id", "created", "choices", "usage"]
    assert (told["code"], told["msg"]) == (0, "")
    assert "1+100=" in told["choices"][0]["message"]["content"]
    assert told["usage"]["prompt_tokens"] == 8 + 2 + 2


def test_the_model_may_be_left_out(relay: httpx.Client) -> None:
    told = relay.post("/v1/chat/completions", json={"messages": turns("Hello")}).json()
    assert told["code"] == 0


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "at least one message"),
        (turns("a", "b"), "odd number"),
        ([*turns("a"), *turns("b"), *turns("c")], "in turn"),
        ([{"role": "assistant", "content": "a"}, *turns("b"), *turns("c")], "in turn"),
        ([{"role": "system", "content": "Be kind."}, *turns("a")], "the roles user, assistant"),
        (turns("a", "", "b"), "not empty"),
        (turns("字" * 2_001), "a last message of 2000 characters"),
        (turns("字" * 1_000, "字" * 1_000, "a"), "2000 characters in all"),
        (turns("😀" * 2_001), "a last message of 2000 characters"),
    ],
)
def test_a_talk_out_of_shape_is_refused(
    relay: httpx.Client, messages: list[dict[str, str]], reason: str
) -> None:
    answer = relay.post("/v1/chat/completions", json={"messages": messages})
    assert reason in refused(answer)


def test_two_thousand_code_points_are_taken(relay: httpx.Client) -> None:
    assert chat(relay, *turns("😀" * 2_000)).json()["code"] == 0
    assert chat(relay, *turns("a" * 999, "b" * 1_000, "c")).json()["code"] == 0


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"temperature": 2.1}, "temperature"),
        ({"presence_penalty": -2.1}, "presence_penalty"),
        ({"frequency_penalty": 3}, "frequency_penalty"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"api_secret_key": "sk-1"}, "api_secret_key"),
        ({"model": "gpt-4o"}, "gpt-4o"),
    ],
)
def test_chat_parameters_out_of_range_are_refused(
    relay: httpx.Client, more: dict[str, Any], field: str
) -> None:
    assert field in refused(chat(relay, **more))


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("images/generations", {"prompt": "字" * 1_001}, "prompt"),
        ("images/generations", {"prompt": "a", "n": 11}, "n"),
        ("images/generations", {"prompt": "a", "size": "1792x1024"}, "size"),
        ("images/generations", {"prompt": "a", "response_format": "png"}, "response_format"),
        ("completions", {"prompt": "a", "logprobs": 6}, "logprobs"),
        ("completions", {"prompt": "a", "n": 2, "best_of": 2}, "best_of"),
        ("completions", {"prompt": "a", "best_of": 2, "stream": True}, "stream"),
        ("embeddings", {"input": "a", "dimensions": 256}, "dimensions"),
        ("embeddings", {"input": ["a", "字" * 8_192]}, "input"),
        ("fine_tuning/jobs", {"training_file": "file-1", "suffix": "s" * 41}, "suffix"),
    ],
)
def test_other_calls_keep_to_their_rules(
    relay: httpx.Client, path: str, body: dict[str, Any], field: str
) -> None:
    models = {
        "completions": "text-davinci-003",
        "embeddings": "text-embedding-ada-002",
        "fine_tuning/jobs": "gpt-3.5-turbo",
    }
    given = {"model": models[path], **body} if path in models else body
    assert f"'{field}'" in refused(relay.post(f"/v1/{path}", json=given))


def test_a_model_that_its_page_names_can_be_tuned(relay: httpx.Client) -> None:
    lesson = b'{"messages": [%s, %s]}\n' % (
        b'{"role": "user", "content": "hi"}',
        b'{"role": "assistant", "content": "yo"}',
    )
    file = {"file": ("lessons.jsonl", lesson)}
    kept = relay.post("/v1/files", data={"purpose": "fine-tune"}, files=file).json()
    given = {"training_file": kept["id"], "model": "gpt-3.5-turbo-0613"}
    told = relay.post("/v1/fine_tuning/jobs", json=given).json()
    assert (told["status"], told["model"]) == ("pending", "gpt-3.5-turbo-0613")
    wrong = relay.post("/v1/fine_tuning/jobs", json={**given, "model": "gpt-5"})
    assert "does not exist" in refused(wrong)


def test_a_picture_is_drawn_in_the_envelope(relay: httpx.Client) -> None:
    answer = relay.post("/v1/images/generations", json={"prompt": "A sea otter", "n": 2})
    told = answer.json()
    assert told["code"] == 0
    assert [set(drawn) for drawn in told["data"]] == [{"url"}, {"url"}]


def test_a_completion_has_sixteen_tokens_unless_told_otherwise(relay: httpx.Client) -> None:
    given = {"model": "text-davinci-003", "prompt": "count to 40"}
    told = relay.post("/v1/completions", json=given).json()
    assert (told["code"], told["model"]) == (0, "text-davinci-003")
    assert told["choices"][0]["finish_reason"] == "length"
    assert told["usage"]["completion_tokens"] == 16


@pytest.mark.parametrize(
    ("fields", "filename", "field"),
    [
        ({}, "a.amr", "file"),
        ({"temperature": "1.1"}, "a.mp3", "temperature"),
        ({"language": "english"}, "a.mp3", "language"),
        ({"response_format": "xml"}, "a.mp3", "response_format"),
    ],
)
def test_a_transcription_keeps_to_its_rules(
    relay: httpx.Client, fields: dict[str, str], filename: str, field: str
) -> None:
    answer = relay.post(
        "/v1/audio/transcriptions",
        data={"model": "whisper-1", **fields},
        files={"file": (filename, b"sound")},
    )
    assert f"'{field}'" in refused(answer)


def test_a_translation_knows_no_language(relay: httpx.Client) -> None:
    answer = relay.post(
        "/v1/audio/translations",
        data={"model": "whisper-1", "language": "zh"},
        files={"file": ("a.mp3", b"sound")},
    )
    assert "'language'" in refused(answer)


@pytest.mark.parametrize("name", ["a.ogg", "a.flac"])
def test_as_its_introduction_has_it_ogg_and_flac_are_refused(name: str) -> None:
    with standing_for(without_ogg()) as relay:
        given = {"data": {"model": "whisper-1"}, "files": {"file": (name, b"sound")}}
        answer = relay.post("/v1/audio/transcriptions", **given)  # type: ignore[arg-type]
        assert "'file'" in refused(answer)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models"),
        ("POST", "/v1/edits"),
        ("POST", "/v1/audio/speech"),
        ("GET", "/v1/files/file-1/content"),
        ("POST", "/v1/batches"),
        ("GET", "/api/user/stat"),
    ],
)
def test_what_its_page_does_not_mention_it_does_not_serve(
    relay: httpx.Client, method: str, path: str
) -> None:
    assert relay.request(method, path).json()["code"] == 404


def test_its_paths_begin_with_index_php(relay: httpx.Client) -> None:
    root = str(relay.base_url).partition("/index.php")[0]
    answer = relay.post(f"{root}/v1/chat/completions", json={"messages": turns("a")})
    assert answer.json()["code"] == 404


def test_a_call_without_a_key_is_refused() -> None:
    with standing_for("zhizengzeng", key="") as relay:
        assert chat(relay).json()["code"] == 401
