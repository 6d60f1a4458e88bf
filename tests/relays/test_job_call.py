"""Files, batches and fine-tuning jobs over real sockets."""

import email
import email.policy
import json
from datetime import UTC, datetime
from threading import get_ident
from typing import Any

import pytest

from core.errors import RelayGarbage, RelayInvalid
from core.relay import client
from core.relay.encode import Encoder, Outbound
from core.relay.transport import Transport
from core.relay.wire import Bounds
from core.request import (
    BatchCreateRequest,
    BatchStatusRequest,
    FileContentRequest,
    FileUploadRequest,
    FineTuneCreateRequest,
    FineTuneStatusRequest,
)
from tests.relays.calls import saying, serving
from tests.relays.servers import Exchange
from tests.relays.stage import payload


def fields(asked: Exchange) -> dict[str, Any]:
    """An upload as Python's own MIME parser reads it."""
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    parsed = email.message_from_bytes(head + asked.body, policy=email.policy.HTTP)
    return {str(part.get_filename() or part["content-disposition"]): part for part in parsed.walk()}


async def test_a_file_is_uploaded_with_its_purpose_and_a_plain_name(transport: Transport) -> None:
    lines = payload("burnhair-2024_batch_input.jsonl")
    request = FileUploadRequest(content=lines, filename='my/in "1".jsonl', purpose="batch")
    async with serving(saying(payload("burnhair-2024_file_uploaded.json")), transport) as (
        made,
        server,
    ):
        file = await made.call(request)
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("POST", "/v1/files")
    told = fields(asked)
    assert told['form-data; name="purpose"'].get_payload(decode=True) == b"batch"
    assert told["in_1_.jsonl"].get_payload(decode=True) == lines
    assert (file.id, file.status, file.size_bytes) == (
        "file-Q_XY9ZNevGHVq2XgcY0ec0strLQ",
        "processed",
        342,
    )
    assert file.created_at == datetime(2024, 4, 17, 18, 41, 46, tzinfo=UTC)


async def test_a_file_that_is_no_json_lines_is_not_sent(transport: Transport) -> None:
    async with serving(saying(b"{}"), transport) as (made, server):
        with pytest.raises(RelayInvalid, match="line 1"):
            await made.call(FileUploadRequest(content=b"hi", filename="a", purpose="fine-tune"))
    assert server.asked == []


async def test_a_large_file_is_checked_and_encoded_beside_the_loop(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    class Seen(Encoder):
        def encode(self, *given: Any, **more: Any) -> Outbound:
            threads.append(get_ident())
            return super().encode(*given, **more)

    monkeypatch.setattr(client, "Encoder", Seen)
    content = b'{"custom_id":"1"}\n' * 120_000
    async with serving(saying(payload("burnhair-2024_file_uploaded.json")), transport) as (
        made,
        server,
    ):
        await made.call(FileUploadRequest(content=content, filename="a", purpose="batch"))
    assert threads != [get_ident()]
    assert content in server.asked[0].body


async def test_a_files_content_comes_byte_by_byte(transport: Transport) -> None:
    lines = payload("burnhair-2024_batch_output.jsonl")
    answer = saying(lines, content_type="application/octet-stream")
    async with serving(answer, transport) as (made, server):
        told = await made.call(FileContentRequest(file_id="file-1"))
    assert told.content == lines
    assert (server.asked[0].method, server.asked[0].body) == ("GET", b"")


async def test_a_file_past_its_bound_is_left(transport: Transport) -> None:
    async with serving(saying(b"x" * 2000), transport, bounds=Bounds(file_bytes=1000)) as (made, _):
        with pytest.raises(RelayGarbage, match="over 1000 bytes"):
            await made.call(FileContentRequest(file_id="file-1"))


async def test_a_batch_is_created_and_asked_after(transport: Transport) -> None:
    answer = saying(payload("burnhair-2024_batch_created.json"))
    async with serving(answer, transport) as (made, server):
        made_batch = await made.call(BatchCreateRequest(input_file_id="file-1"))
        await made.call(BatchStatusRequest(batch_id=made_batch.id))
    created, asked = server.asked
    assert json.loads(created.body) == {
        "input_file_id": "file-1",
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
    }
    assert asked.target == "/v1/batches/batch_BplYziO3U0wFK895QfgwUmmJ3YQ"
    assert (made_batch.state, made_batch.output_file_id, made_batch.expires_at) == (
        "validating",
        "",
        None,
    )


async def test_a_fine_tuning_job_is_created_and_asked_after(transport: Transport) -> None:
    answer = saying(payload("zhizengzeng_fine_tuning_job.json"))
    request = FineTuneCreateRequest(
        training_file="file-abc123",
        model="gpt-3.5-turbo-0613",
        hyperparameters={"n_epochs": 3, "batch_size": "auto"},
        suffix="mine",
    )
    async with serving(answer, transport) as (made, server):
        job = await made.call(request)
        await made.call(FineTuneStatusRequest(job_id=job.id))
    created, asked = server.asked
    assert json.loads(created.body) == {
        "training_file": "file-abc123",
        "model": "gpt-3.5-turbo-0613",
        "hyperparameters": {"n_epochs": 3, "batch_size": "auto"},
        "suffix": "mine",
    }
    assert asked.target == "/v1/fine_tuning/jobs/ft-AF1WoRqd3aJAHsqc9NY7iL8F"
    assert (job.state, job.fine_tuned_model, job.model) == ("pending", "", "gpt-3.5-turbo-0613")
