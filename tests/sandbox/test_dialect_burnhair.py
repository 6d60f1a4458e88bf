"""The sandbox as burn.hair, by its page and by its older one."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.relays.stage import FakeClock
from tests.sandbox.dialects import standing_for

AZURE = "zh-CN-XiaoxiaoMultilingualNeural"


@pytest.fixture(scope="module")
def relay() -> Iterator[httpx.Client]:
    with standing_for("burnhair") as client:
        yield client


@pytest.fixture(scope="module")
def older() -> Iterator[httpx.Client]:
    with standing_for("burnhair-2024") as client:
        yield client


@pytest.mark.parametrize(
    ("model", "voice", "status"),
    [
        ("tts-1", "alloy", 200),
        ("tts-1", AZURE, 400),
        ("tts-az-1", AZURE, 200),
        ("tts-az-1", "alloy", 400),
        ("tts-1-hd", "alloy", 404),
    ],
)
def test_each_speech_model_knows_its_own_voices(
    relay: httpx.Client, model: str, voice: str, status: int
) -> None:
    given = {"model": model, "voice": voice, "input": "Hello world"}
    assert relay.post("/v1/audio/speech", json=given).status_code == status


def test_its_stat_takes_another_token_than_the_key(relay: httpx.Client) -> None:
    assert relay.get("/api/user/stat").status_code == 401
    told = relay.get("/api/user/stat", headers={"Authorization": "Bearer sandbox-stat"}).json()
    assert set(told) == {"token", "user"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/files"),
        ("GET", "/v1/files/file-1/content"),
        ("POST", "/v1/batches"),
        ("GET", "/v1/batches/batch_1"),
        ("POST", "/v1/edits"),
    ],
)
def test_what_is_off_or_not_mentioned_answers_404(
    relay: httpx.Client, method: str, path: str
) -> None:
    assert relay.request(method, path).status_code == 404


def test_by_its_older_page_it_has_no_stat_and_no_azure_voices(older: httpx.Client) -> None:
    assert older.get("/api/user/stat").status_code == 404
    given = {"model": "tts-az-1", "voice": AZURE, "input": "Hello world"}
    assert older.post("/v1/audio/speech", json=given).status_code == 404


def line(custom_id: str = "a", **more: Any) -> bytes:
    body = {"model": "gpt-3.5-turbo", "messages": [{"role": "user", "content": "count to 3"}]}
    told = {
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": body,
        **more,
    }
    return json.dumps(told).encode() + b"\n"


def upload(relay: httpx.Client, content: bytes, purpose: str = "batch") -> httpx.Response:
    return relay.post(
        "/v1/files", data={"purpose": purpose}, files={"file": ("batch.jsonl", content)}
    )


@pytest.mark.parametrize(
    ("content", "purpose"),
    [
        (line(), "fine-tune"),
        (line() + line(), "batch"),
        (line(method="GET"), "batch"),
        (line(url="/v1/embeddings"), "batch"),
        (b"[1]\n", "batch"),
        (b"no json\n", "batch"),
    ],
)
def test_batch_files_that_it_does_not_take(
    older: httpx.Client, content: bytes, purpose: str
) -> None:
    assert upload(older, content, purpose).status_code == 400


def test_a_batch_file_has_ten_megabytes_at_most(older: httpx.Client) -> None:
    long = b"".join(line(str(number), padding="x" * 2**20) for number in range(10))
    assert upload(older, long).status_code == 413


def test_a_batch_answers_in_its_own_words(older: httpx.Client) -> None:
    told = upload(older, line("a") + line("b")).json()
    assert (told["status"], told["status_details"], told["purpose"]) == ("processed", None, "batch")
    made = begun(older, told["id"]).json()
    assert (made["endpoint"], made["expires_at"]) == ("/v1/completions", None)
    assert made["output_file_id"] is None
    state = finished(older, made["id"])
    assert (state["status"], state["expires_at"]) == ("complete", 0)
    output = older.get(f"/v1/files/{state['output_file_id']}/content").text.splitlines()
    assert {json.loads(row)["custom_id"] for row in output} == {"a", "b"}


def test_a_batchs_file_output_and_record_last_as_long_as_its_page_says() -> None:
    clock = FakeClock()
    with standing_for("burnhair-2024", now=clock.now) as relay:
        file = upload(relay, line()).json()["id"]
        clock.pass_(3_500)
        state = finished(relay, begun(relay, file).json()["id"])
        output, record = (
            f"/v1/files/{state['output_file_id']}/content",
            f"/v1/batches/{state['id']}",
        )
        clock.pass_(200)
        assert begun(relay, file).status_code == 400
        clock.pass_(3 * 3_600 - 300)
        assert relay.get(output).status_code == 200
        clock.pass_(200)
        assert relay.get(output).status_code == 404
        assert relay.get(record).status_code == 200
        clock.pass_(21 * 3_600)
        assert relay.get(record).status_code == 404


def begun(relay: httpx.Client, file: str) -> httpx.Response:
    given = {
        "input_file_id": file,
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
    }
    return relay.post("/v1/batches", json=given)


def finished(relay: httpx.Client, batch: str) -> dict[str, Any]:
    """Its record at the end; each look moves it on."""
    for _ in range(50):
        state: dict[str, Any] = relay.get(f"/v1/batches/{batch}").json()
        if state["status"] == "complete":
            return state
        assert state["output_file_id"] is None
    raise AssertionError(f"the batch did not end: {state}")
