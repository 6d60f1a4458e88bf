"""What all calls share: the journal, faults, and quota."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import httpx
import openai
import pytest
from openai import AsyncOpenAI

from bots.sandbox.faults import Lose, Status
from tests.sandbox.client import client_of
from tests.sandbox.server import Sandbox, sandbox

Asking: TypeAlias = Callable[[AsyncOpenAI], Awaitable[object]]

PRICED: dict[str, Asking] = {
    "completion": lambda client: client.completions.create(model="davinci-002", prompt="hi"),
    "edit": lambda client: client.post("/edits", body={}, cast_to=object),
    "embedding": lambda client: client.embeddings.create(model="sandbox-embedding", input="hi"),
    "file_upload": lambda client: client.files.create(file=b"{}", purpose="batch"),
    "batch_create": lambda client: client.batches.create(
        input_file_id="x", endpoint="/v1/completions", completion_window="24h"
    ),
    "fine_tune_create": lambda client: client.fine_tuning.jobs.create(
        model="gpt-4", training_file="x"
    ),
}

FREE: dict[str, Asking] = {
    "file_list": lambda client: client.files.list(),
    "file_status": lambda client: client.files.retrieve("x"),
    "file_content": lambda client: client.files.content("x"),
    "file_delete": lambda client: client.files.delete("x"),
    "batch_list": lambda client: client.batches.list(),
    "batch_status": lambda client: client.batches.retrieve("x"),
    "batch_cancel": lambda client: client.batches.cancel("x"),
    "fine_tune_list": lambda client: client.fine_tuning.jobs.list(),
    "fine_tune_status": lambda client: client.fine_tuning.jobs.retrieve("x"),
    "fine_tune_cancel": lambda client: client.fine_tuning.jobs.cancel("x"),
}


@pytest.mark.parametrize(("name", "asking"), [*PRICED.items(), *FREE.items()])
async def test_a_call_is_noted_and_struck_by_its_name(
    relay: Sandbox, client: AsyncOpenAI, name: str, asking: Asking
) -> None:
    armed = relay.faults.add(Status(call=name, status=503))
    with pytest.raises(openai.InternalServerError) as caught:
        await asking(client)
    assert caught.value.status_code == 503
    assert armed.left == 0
    assert [(entry.call, entry.status) for entry in relay.journal.entries()] == [(name, 503)]


@pytest.mark.parametrize(("name", "asking"), PRICED.items())
async def test_a_call_that_makes_something_wants_quota(name: str, asking: Asking) -> None:
    with sandbox(grant=0) as relay:
        async with client_of(relay) as client:
            with pytest.raises(openai.PermissionDeniedError) as caught:
                await asking(client)
    assert caught.value.code == "insufficient_user_quota", name


async def test_a_used_up_key_still_sees_and_takes_what_is_its_own() -> None:
    with sandbox(grant=0) as relay:
        async with client_of(relay) as client:
            assert (await client.files.list()).data == []
            assert (await client.batches.list()).data == []
            assert (await client.fine_tuning.jobs.list()).data == []


async def test_a_batch_whose_answer_was_lost_is_there_all_the_same(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    file = await client.files.create(file=("a.jsonl", b"{}"), purpose="batch")
    relay.faults.add(Lose(call="batch_create"))
    with pytest.raises(openai.APIConnectionError):
        await client.batches.create(
            input_file_id=file.id, endpoint="/v1/completions", completion_window="24h"
        )
    assert file.id in [batch.input_file_id async for batch in client.batches.list()]


async def test_the_front_page_names_what_is_served(http: httpx.AsyncClient) -> None:
    page = (await http.get("/")).text
    for word in ("completions", "edits", "embeddings", "files", "batches", "fine-tuning"):
        assert word in page
