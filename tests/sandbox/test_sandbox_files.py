"""Files, judged by the official client."""

import httpx
import openai
import pytest
from openai import AsyncOpenAI

from bots.sandbox.files import BATCH_LIMIT_BYTES
from tests.sandbox.clock import Clock

LINES = b'{"a": 1}\n{"b": "\xe4\xbd\xa0"}\n'


async def test_what_was_uploaded_is_told_and_given_back(timed: AsyncOpenAI, clock: Clock) -> None:
    made = await timed.files.create(file=("行.jsonl", LINES), purpose="batch")
    assert (made.filename, made.bytes, made.purpose) == ("行.jsonl", len(LINES), "batch")
    assert (made.object, made.status, made.created_at) == ("file", "processed", clock.seconds)
    assert await timed.files.retrieve(made.id) == made
    assert (await timed.files.content(made.id)).content == LINES


async def test_files_are_listed_newest_first_by_purpose_and_page(timed: AsyncOpenAI) -> None:
    names = [f"{number}.jsonl" for number in range(5)]
    for name in names:
        await timed.files.create(file=(name, LINES), purpose="batch")
    await timed.files.create(file=("train.jsonl", LINES), purpose="fine-tune")
    everything = [file.filename async for file in timed.files.list()]
    assert everything == ["train.jsonl", *reversed(names)]
    batches = [file.filename async for file in timed.files.list(purpose="batch", limit=2)]
    assert batches == names[::-1]
    first = await timed.files.list(limit=2, order="asc")
    assert [file.filename for file in first.data] == names[:2]
    assert first.has_more


async def test_a_list_goes_on_after_known_files_only(timed: AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await timed.files.list(after="file-nothing")
    assert caught.value.param == "after"
    with pytest.raises(openai.BadRequestError) as caught:
        await timed.files.list(limit=0)
    assert caught.value.param == "limit"


async def test_a_deleted_file_is_gone(timed: AsyncOpenAI) -> None:
    made = await timed.files.create(file=("a.jsonl", LINES), purpose="batch")
    gone = await timed.files.delete(made.id)
    assert (gone.id, gone.deleted) == (made.id, True)
    for call in (timed.files.retrieve, timed.files.content, timed.files.delete):
        with pytest.raises(openai.NotFoundError, match=made.id):
            await call(made.id)


async def test_a_batchs_file_lasts_an_hour_and_a_training_file_longer(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    batch = await timed.files.create(file=("a.jsonl", LINES), purpose="batch")
    training = await timed.files.create(file=("b.jsonl", LINES), purpose="fine-tune")
    assert (batch.expires_at, training.expires_at) == (clock.seconds + 3600, None)
    clock.move(minutes=59)
    assert await timed.files.retrieve(batch.id)
    clock.move(minutes=1)
    with pytest.raises(openai.NotFoundError, match="after 1 hour"):
        await timed.files.content(batch.id)
    clock.move(days=400)
    assert [file.id async for file in timed.files.list()] == [training.id]


async def test_a_file_lasts_as_long_as_it_was_told_to(timed: AsyncOpenAI, clock: Clock) -> None:
    made = await timed.files.create(
        file=("a.jsonl", LINES),
        purpose="batch",
        expires_after={"anchor": "created_at", "seconds": 7200},
    )
    assert made.expires_at == clock.seconds + 7200
    clock.move(minutes=119)
    assert await timed.files.retrieve(made.id)
    with pytest.raises(openai.BadRequestError, match="3600"):
        await timed.files.create(
            file=("a.jsonl", LINES),
            purpose="batch",
            expires_after={"anchor": "created_at", "seconds": 60},
        )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no line"),
        (b"\n \n", "no line"),
        (b'{"a": 1}\n[1]\n', "line 2"),
        (b'{"a": 1}\n\n{"a": ', "line 3"),
        (b"\xff\xfe", "line 1"),
        (b'[{"a": 1}]', "line 1"),
    ],
)
async def test_what_is_no_json_lines_is_refused(
    client: AsyncOpenAI, content: bytes, told: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=told) as caught:
        await client.files.create(file=("a.jsonl", content), purpose="batch")
    assert (caught.value.param, caught.value.code) == ("file", "invalid_file_format")


@pytest.mark.parametrize("content", [b'\xef\xbb\xbf{"a": 1}', b'{"a": 1}\r\n{"b": 2}\r\n'])
async def test_a_byte_order_mark_and_windows_lines_are_taken(
    client: AsyncOpenAI, content: bytes
) -> None:
    made = await client.files.create(file=("a.jsonl", content), purpose="fine-tune")
    assert made.bytes == len(content)


async def test_a_batchs_file_has_at_most_10_mb(client: AsyncOpenAI) -> None:
    line = b'{"text": "' + b"a" * 1011 + b'"}\n'
    assert len(line) == 1024
    whole = line * (BATCH_LIMIT_BYTES // len(line))
    made = await client.files.create(file=("a.jsonl", whole), purpose="batch")
    assert made.bytes == BATCH_LIMIT_BYTES
    await client.files.delete(made.id)
    with pytest.raises(openai.APIStatusError, match=str(BATCH_LIMIT_BYTES)) as caught:
        await client.files.create(file=("a.jsonl", whole + b" "), purpose="batch")
    assert (caught.value.status_code, caught.value.code) == (413, "file_too_large")
    training = await client.files.create(file=("a.jsonl", whole + b" "), purpose="fine-tune")
    await client.files.delete(training.id)


async def test_an_unknown_purpose_and_a_missing_file_are_refused(
    client: AsyncOpenAI, http: httpx.AsyncClient
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.files.create(file=("a.jsonl", LINES), purpose="vision")
    assert caught.value.param == "purpose"
    bare = await http.post("/v1/files", files={"purpose": (None, "batch")})
    assert bare.status_code == 400
    assert bare.json()["error"]["param"] == "file"
    aimless = await http.post("/v1/files", files={"file": ("a.jsonl", LINES)})
    assert aimless.json()["error"]["param"] == "purpose"
