"""The sandbox as a relay that runs one-api: its errors."""

from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.dialects import chat, standing_for


@pytest.fixture(scope="module")
def relay() -> Iterator[httpx.Client]:
    with standing_for("oneapi") as client:
        yield client


@pytest.mark.parametrize(
    ("key", "status", "words"),
    [
        ("sk-wrong", 401, "无效的令牌"),
        ("sk-expired", 401, "该令牌已过期"),
        ("sk-used-up", 401, "该令牌额度已用尽"),
        ("sk-short", 403, "user quota is not enough"),
        ("sk-limited", 429, "too many requests"),
    ],
)
def test_what_a_key_meets_is_in_its_name(
    relay: httpx.Client, key: str, status: int, words: str
) -> None:
    given = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"Authorization": f"Bearer {key}"}
    answer = relay.post("/v1/chat/completions", json=given, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["message"]) == (status, words)
    assert error["type"] == "one_api_error"
    assert "retry-after" not in answer.headers


def test_codes_may_be_missing_words_or_numbers(relay: httpx.Client) -> None:
    codes = {}
    for key in ("wrong", "short", "limited"):
        headers = {"Authorization": f"Bearer sk-{key}"}
        codes[key] = relay.get("/v1/models", headers=headers).json()["error"].get("code")
    assert codes == {"wrong": None, "short": "insufficient_user_quota", "limited": 429}


def test_a_model_that_nobody_serves_has_no_channel(relay: httpx.Client) -> None:
    answer = chat(relay, model="gpt-99")
    assert answer.status_code == 503
    assert "无可用渠道" in answer.json()["error"]["message"]


def test_files_are_not_written_yet(relay: httpx.Client) -> None:
    answer = relay.get("/v1/batches/batch_1")
    assert answer.status_code == 501
    assert answer.json()["error"]["code"] == "api_not_implemented"


def test_its_dashboard_fails_with_200(relay: httpx.Client) -> None:
    answer = relay.get("/api/user/stat")
    assert answer.status_code == 200
    assert answer.json()["success"] is False


def test_a_fault_loses_its_waiting_time() -> None:
    with standing_for("oneapi") as relay:
        fault = {"kind": "status", "status": 429, "retry_after_s": 3}
        assert relay.post("/sandbox/faults", json=fault).status_code < 300
        answer = chat(relay)
        assert answer.status_code == 429
        assert "retry-after" not in answer.headers
        assert answer.json()["error"]["code"] == 429
