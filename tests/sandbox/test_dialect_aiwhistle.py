"""The sandbox as ai-whistle: what it refuses, and its reduced stream."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bots.sandbox.dialects.aiwhistle import with_doubled_edits
from tests.sandbox.dialects import HELLO, chat, data_of, standing_for

REDUCE = {"Reduce-Stream": "true"}


@pytest.fixture(scope="module")
def relay() -> Iterator[httpx.Client]:
    with standing_for("aiwhistle") as client:
        yield client


def test_a_reduced_chat_is_bare_deltas(relay: httpx.Client) -> None:
    given = {"model": "gpt-3.5-turbo", "messages": HELLO, "stream": True}
    whole = chat(relay).json()["choices"][0]["message"]["content"]
    answer = relay.post("/v1/chat/completions", json=given, headers=REDUCE)
    first, *texts, last, done = data_of(answer)
    assert (first, last, done) == ('[{"role":"assistant"}]', "[{}]", "[DONE]")
    assert "".join(json.loads(text)[0]["content"] for text in texts) == whole


def test_a_reduced_completion_is_bare_texts(relay: httpx.Client) -> None:
    given = {"model": "text-davinci-003", "prompt": "count to 3", "stream": True}
    answer = relay.post("/v1/completions", json=given, headers=REDUCE)
    assert data_of(answer) == ['["1"]', '[" 2"]', '[" 3"]', "[DONE]"]


def test_a_stream_is_as_usual_without_the_header(relay: httpx.Client) -> None:
    chunks = data_of(chat(relay, stream=True))
    assert json.loads(chunks[-2])["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"model": None}, "'model'"),
        ({"model": "gpt-4"}, "gpt-4"),
        ({"model": "gpt-4-0314"}, "gpt-4-0314"),
        ({"n": 2}, "'n'"),
        ({"messages": [{**HELLO[0], "name": "小明"}]}, "a name of"),
        ({"messages": [{**HELLO[0], "name": "n" * 65}]}, "a name of"),
    ],
)
def test_chats_that_it_does_not_take(
    relay: httpx.Client, more: dict[str, Any], reason: str
) -> None:
    answer = chat(relay, **more)
    assert answer.status_code in (400, 404)
    assert reason in answer.json()["error"]["message"]


def test_a_name_of_letters_and_digits_is_taken(relay: httpx.Client) -> None:
    assert chat(relay, {**HELLO[0], "name": "Ann_1" + "n" * 59}).status_code == 200


EDIT = {"model": "text-davinci-edit-001", "input": "helo", "instruction": "Mend it."}


def test_edits_are_where_one_expects_them(relay: httpx.Client) -> None:
    assert relay.post("/v1/edits", json=EDIT).status_code == 200
    assert relay.post("/v1/edits/v1/edits", json=EDIT).status_code == 404


def test_edits_may_be_where_its_page_prints_them() -> None:
    with standing_for(with_doubled_edits()) as relay:
        assert relay.post("/v1/edits", json=EDIT).status_code == 404
        assert relay.post("/v1/edits/v1/edits", json=EDIT).status_code == 200


def test_its_embeddings_answer_under_the_name_asked_for(relay: httpx.Client) -> None:
    given = {"model": "text-similarity-ada-001", "input": "a"}
    assert relay.post("/v1/embeddings", json=given).json()["model"] == "text-similarity-ada-001"


def test_what_its_page_does_not_mention_it_does_not_serve(relay: httpx.Client) -> None:
    assert relay.get("/v1/models").status_code == 404
    assert relay.post("/v1/images/generations", json={"prompt": "a"}).status_code == 404
