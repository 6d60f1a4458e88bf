"""Batches, judged by the official client."""

import json
from collections.abc import Sequence
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types import Batch, CreateEmbeddingResponse
from openai.types.chat import ChatCompletion

from bots.sandbox.progress import Pace
from tests.sandbox.account import used_units
from tests.sandbox.client import client_of
from tests.sandbox.clock import STEP_S, Clock
from tests.sandbox.server import sandbox

CHAT = "/v1/chat/completions"


def line(name: str, text: str = "hello", **more: Any) -> dict[str, Any]:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    return {"custom_id": name, "method": "POST", "url": CHAT, "body": body, **more}


async def started(client: AsyncOpenAI, lines: Sequence[object], endpoint: Any = CHAT) -> Batch:
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    file = await client.files.create(file=("in.jsonl", content), purpose="batch")
    return await client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h"
    )


async def ended(client: AsyncOpenAI, clock: Clock, batch: Batch) -> Batch:
    clock.move(seconds=3 * STEP_S)
    return await client.batches.retrieve(batch.id)


async def rows(client: AsyncOpenAI, name: str | None) -> list[dict[str, Any]]:
    assert name is not None
    text = (await client.files.content(name)).text
    return [json.loads(row) for row in text.splitlines()]


async def test_a_batch_goes_through_its_states_by_the_clock(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    batch = await started(timed, [line("one"), line("two")])
    created = clock.seconds
    assert (batch.status, batch.created_at) == ("validating", created)
    assert batch.expires_at == created + 24 * 3600
    assert batch.request_counts is not None
    assert (batch.request_counts.total, batch.request_counts.completed) == (2, 0)
    seen = [batch]
    for _ in range(4):
        clock.move(seconds=STEP_S)
        seen += [await timed.batches.retrieve(batch.id), await timed.batches.retrieve(batch.id)]
    statuses = [one.status for one in seen]
    assert statuses == [
        "validating",
        *["in_progress"] * 2,
        *["finalizing"] * 2,
        *["completed"] * 4,
    ]
    assert {one.output_file_id for one in seen[:5]} == {None}
    last = seen[-1]
    times = (last.in_progress_at, last.finalizing_at, last.completed_at)
    assert times == (created + 60, created + 120, created + 180)
    assert last.errors is None
    assert last.error_file_id is None
    assert last.request_counts is not None
    assert last.request_counts.completed == 2


async def test_a_batch_goes_on_by_being_asked_about() -> None:
    with sandbox(now=Clock(), jobs=Pace(polls=2)) as relay:
        async with client_of(relay) as client:
            batch = await started(client, [line("one")])
            seen = [(await client.batches.retrieve(batch.id)).status for _ in range(7)]
    assert seen == [
        "validating",
        *["in_progress"] * 2,
        *["finalizing"] * 2,
        *["completed"] * 2,
    ]


async def test_every_line_is_really_answered_and_in_another_order(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    asked = {f"question-{number}": f"What is {number}, my friend?" for number in range(120)}
    batch = await started(timed, [line(name, text) for name, text in asked.items()])
    told = await rows(timed, (await ended(timed, clock, batch)).output_file_id)
    assert [row["custom_id"] for row in told] != list(asked)
    assert {row["custom_id"] for row in told} == set(asked)
    assert len({row["id"] for row in told}) == len({row["response"]["request_id"] for row in told})
    for row in told:
        assert (row["response"]["status_code"], row["error"]) == (200, None)
        answer = ChatCompletion.model_validate(row["response"]["body"])
        assert f"“{asked[row['custom_id']]}”" in (answer.choices[0].message.content or "")


async def test_refused_lines_go_to_the_error_file(timed: AsyncOpenAI, clock: Clock) -> None:
    empty = line("empty", body={"model": "gpt-4o", "messages": []})
    unknown = line("unknown", body={**line("x")["body"], "model": "gpt-99"})
    streaming = line("streaming", body={**line("x")["body"], "stream": True})
    no_object = line("no-object", body=[1])
    batch = await started(timed, [empty, line("good"), unknown, streaming, no_object])
    done = await ended(timed, clock, batch)
    assert done.status == "completed"
    assert done.request_counts is not None
    counts = done.request_counts
    assert (counts.total, counts.completed, counts.failed) == (5, 1, 4)
    (good,) = await rows(timed, done.output_file_id)
    assert good["custom_id"] == "good"
    refused = {row["custom_id"]: row for row in await rows(timed, done.error_file_id)}
    params = {
        name: (row["response"]["status_code"], row["response"]["body"]["error"]["param"])
        for name, row in refused.items()
    }
    assert params == {
        "empty": (400, "messages"),
        "unknown": (404, "model"),
        "streaming": (400, "stream"),
        "no-object": (400, None),
    }
    assert {row["error"] for row in refused.values()} == {None}


async def test_where_all_lines_are_refused_there_is_no_output_file(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    done = await ended(timed, clock, await started(timed, [line("a", body={"model": "gpt-4o"})]))
    assert (done.status, done.output_file_id) == ("completed", None)
    assert len(await rows(timed, done.error_file_id)) == 1


async def test_a_wrong_file_fails_after_validation_naming_its_lines(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    batch = await started(
        timed,
        [
            line("one"),
            line("one"),
            line("elsewhere", url="/v1/embeddings"),
            {"method": "POST", "url": CHAT, "body": {}},
            line("got", method="GET"),
        ],
    )
    assert (batch.status, batch.errors) == ("validating", None)
    clock.move(seconds=STEP_S)
    failed = await timed.batches.retrieve(batch.id)
    assert (failed.status, failed.failed_at) == ("failed", clock.seconds)
    assert (failed.in_progress_at, failed.output_file_id) == (None, None)
    assert failed.errors is not None
    told = [(error.line, error.code, error.param) for error in failed.errors.data or ()]
    assert told == [
        (2, "duplicate_custom_id", "custom_id"),
        (3, "url_mismatch", "url"),
        (4, "missing_required_parameter", "custom_id"),
        (5, "invalid_value", "method"),
    ]


async def test_embeddings_and_completions_go_in_batches_too(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    embedding = line(
        "e", url="/v1/embeddings", body={"model": "sandbox-embedding", "input": "the sea"}
    )
    done = await ended(timed, clock, await started(timed, [embedding], "/v1/embeddings"))
    (row,) = await rows(timed, done.output_file_id)
    told = CreateEmbeddingResponse.model_validate(row["response"]["body"])
    alone = await timed.embeddings.create(
        model="sandbox-embedding", input="the sea", encoding_format="float"
    )
    assert told.data[0].embedding == alone.data[0].embedding
    completion = line(
        "c", url="/v1/completions", body={"model": "davinci-002", "prompt": "count to 3"}
    )
    done = await ended(timed, clock, await started(timed, [completion], "/v1/completions"))
    (row,) = await rows(timed, done.output_file_id)
    assert row["response"]["body"]["choices"][0]["text"] == "1 2 3"


async def test_the_output_lasts_three_hours_and_the_record_a_day(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    batch = await started(timed, [line("one")])
    done = await ended(timed, clock, batch)
    clock.move(hours=2, minutes=59)
    assert await rows(timed, done.output_file_id)
    clock.move(minutes=1)
    with pytest.raises(openai.NotFoundError):
        await timed.files.content(done.output_file_id or "")
    assert (await timed.batches.retrieve(batch.id)).output_file_id == done.output_file_id
    clock.move(hours=20, minutes=56)
    assert await timed.batches.retrieve(batch.id)
    clock.move(minutes=1)
    with pytest.raises(openai.NotFoundError, match="24 hours"):
        await timed.batches.retrieve(batch.id)
    assert [one.id async for one in timed.batches.list()] == []


async def test_output_that_nobody_asked_for_in_time_is_gone(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    batch = await started(timed, [line("one")])
    clock.move(hours=4)
    late = await timed.batches.retrieve(batch.id)
    assert late.status == "completed"
    with pytest.raises(openai.NotFoundError):
        await timed.files.content(late.output_file_id or "")


async def test_a_batch_keeps_going_when_its_input_expires(timed: AsyncOpenAI, clock: Clock) -> None:
    batch = await started(timed, [line("one")])
    await timed.files.delete(batch.input_file_id)
    assert (await ended(timed, clock, batch)).status == "completed"


@pytest.mark.parametrize("steps", [0, 1])
async def test_a_batch_can_be_cancelled_until_it_is_finalizing(
    timed: AsyncOpenAI, clock: Clock, steps: int
) -> None:
    batch = await started(timed, [line("one")])
    clock.move(seconds=steps * STEP_S)
    cancelling = await timed.batches.cancel(batch.id)
    assert (cancelling.status, cancelling.cancelling_at) == ("cancelling", clock.seconds)
    clock.move(seconds=STEP_S)
    done = await timed.batches.retrieve(batch.id)
    assert (done.status, done.cancelled_at) == ("cancelled", clock.seconds)
    assert (done.output_file_id, done.completed_at) == (None, None)
    with pytest.raises(openai.ConflictError, match="cancelled"):
        await timed.batches.cancel(batch.id)


@pytest.mark.parametrize("steps", [2, 3])
async def test_a_batch_that_is_nearly_done_is_not_cancelled(
    timed: AsyncOpenAI, clock: Clock, steps: int
) -> None:
    batch = await started(timed, [line("one")])
    clock.move(seconds=steps * STEP_S)
    with pytest.raises(openai.ConflictError) as caught:
        await timed.batches.cancel(batch.id)
    assert caught.value.code == "batch_not_cancellable"


async def test_batches_are_listed_newest_first_and_by_page(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    made = [await started(timed, [line("one")]) for _ in range(5)]
    assert [one.id async for one in timed.batches.list(limit=2)] == [one.id for one in made[::-1]]
    clock.move(seconds=3 * STEP_S)
    assert {one.status async for one in timed.batches.list()} == {"completed"}


async def test_a_batch_costs_40_percent_once_it_is_answered(clock: Clock) -> None:
    with sandbox(now=clock, jobs=Pace(step_s=STEP_S)) as relay:
        async with client_of(relay) as client:
            batch = await started(client, [line(str(number)) for number in range(10)])
            before = await used_units(relay)
            await ended(client, clock, batch)
            price = await used_units(relay) - before
            await client.batches.retrieve(batch.id)
            assert await used_units(relay) - before == price
            for _ in range(10):
                await client.chat.completions.create(**line("x")["body"])
            usual = await used_units(relay) - before - price
    assert before == 0
    assert price == -(-usual * 40 // 100)


@pytest.mark.parametrize(
    ("wrong", "param", "code"),
    [
        ({"input_file_id": "file-nothing"}, "input_file_id", "invalid_file"),
        ({"endpoint": "/v1/audio/speech"}, "endpoint", "invalid_value"),
        ({"completion_window": "1h"}, "completion_window", "invalid_value"),
        ({"metadata": {"a": 1}}, "metadata[...]", "invalid_value"),
    ],
)
async def test_a_wrong_batch_request_is_refused_by_the_field(
    client: AsyncOpenAI, wrong: dict[str, Any], param: str, code: str
) -> None:
    file = await client.files.create(file=("a.jsonl", b"{}"), purpose="batch")
    usual = {"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h"}
    with pytest.raises(openai.BadRequestError) as caught:
        await client.batches.create(**{**usual, **wrong})
    assert (caught.value.param, caught.value.code) == (param, code)


async def test_a_file_for_training_is_no_batch(client: AsyncOpenAI) -> None:
    file = await client.files.create(file=("a.jsonl", b"{}"), purpose="fine-tune")
    with pytest.raises(openai.BadRequestError, match="for fine-tune"):
        await client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")


async def test_an_unknown_batch_is_not_found(client: AsyncOpenAI) -> None:
    for call in (client.batches.retrieve, client.batches.cancel):
        with pytest.raises(openai.NotFoundError, match="batch_nothing"):
            await call("batch_nothing")
