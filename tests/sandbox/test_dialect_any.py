"""What holds for the sandbox whichever relay it stands for."""

import httpx
import pytest

from bots.sandbox.dialects import NAMES
from bots.sandbox.dialects.dialect import dialect_named
from tests.sandbox.dialects import chat, standing_for

every = pytest.mark.parametrize("name", NAMES)


def told(answer: httpx.Response) -> str:
    """The reason of an error, in the envelope or in OpenAI's form."""
    body = answer.json()
    reason: str = body["msg"] if "msg" in body else body["error"]["message"]
    return reason


@every
def test_a_call_without_a_key_is_refused(name: str) -> None:
    with standing_for(name, key="") as relay:
        for path in ("chat/completions", "embeddings", "audio/transcriptions"):
            answer = relay.post(f"/v1/{path}", json={"model": "gpt-3.5-turbo"})
            if "There is no" not in told(answer):
                assert answer.json().get("code") == 401 or answer.status_code == 401


@every
@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff", b'"words"'])
def test_a_body_that_is_no_object_is_refused(name: str, content: bytes) -> None:
    with standing_for(name) as relay:
        answer = relay.post("/v1/chat/completions", content=content)
        assert answer.status_code in (200, 400)
        assert told(answer)


@every
def test_faults_and_journal_are_the_sandboxs_own(name: str) -> None:
    with standing_for(name) as relay:
        root = str(relay.base_url).removesuffix("/").removesuffix(dialect_named(name).base_path)
        fault = {"kind": "status", "status": 503, "message": "later", "call": "chat"}
        assert relay.post(f"{root}/sandbox/faults", json=fault).status_code < 300
        assert "later" in told(chat(relay))
        assert relay.post(f"{root}/sandbox/faults", json={"kind": "none"}).json()["error"]
        journal = relay.get(f"{root}/sandbox/journal").json()
    assert "chat" in str(journal)


@every
def test_a_stream_that_breaks_off_breaks_off_here_too(name: str) -> None:
    with standing_for(name) as relay:
        root = str(relay.base_url).removesuffix("/").removesuffix(dialect_named(name).base_path)
        relay.post(f"{root}/sandbox/faults", json={"kind": "cut_stream", "after": 2, "clean": True})
        answer = chat(relay, stream=True)
    assert "[DONE]" not in answer.text
    assert "data: " in answer.text


@every
def test_the_pages_of_strangers_are_turned_away(name: str) -> None:
    with standing_for(name) as relay:
        answer = relay.post("/v1/chat/completions", json={}, headers={"Host": "evil.example"})
    assert answer.status_code == 400
