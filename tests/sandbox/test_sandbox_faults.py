"""Faults: each does what it says, as the official client feels it."""

import asyncio
import time

import httpx
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionUserMessageParam

from bots.sandbox.accounts import STAT_TOKEN
from bots.sandbox.faults import (
    AnyFault,
    CutStream,
    Delay,
    ErrorInStream,
    Garbage,
    HoldLast,
    Lose,
    Reset,
    Stall,
    Status,
)
from tests.sandbox.server import Sandbox

COUNT: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "count to 5"}]
SHORT_S = 0.2
STAT = {"Authorization": f"Bearer {STAT_TOKEN}"}


async def chat(client: AsyncOpenAI) -> str | None:
    answer = await client.chat.completions.create(model="sandbox-chat", messages=COUNT)
    return answer.choices[0].message.content


class Gathered:
    """The pieces of a stream as they come."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.finish_reason: str | None = None
        self._came = asyncio.Condition()

    async def gather(self, client: AsyncOpenAI) -> None:
        stream = await client.chat.completions.create(
            model="sandbox-chat", messages=COUNT, stream=True
        )
        async for chunk in stream:
            async with self._came:
                if chunk.choices[0].delta.content:
                    self.pieces.append(chunk.choices[0].delta.content)
                self.finish_reason = chunk.choices[0].finish_reason
                self._came.notify_all()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5), self._came:
            await self._came.wait_for(lambda: len(self.pieces) >= count)


async def test_a_status_comes_with_code_and_retry_after(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    relay.faults.add(Status(status=429, code="slow_down", retry_after_s=7))
    with pytest.raises(openai.RateLimitError) as caught:
        await chat(client)
    assert caught.value.code == "slow_down"
    assert caught.value.response.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (503, openai.InternalServerError),
    ],
)
async def test_each_status_is_the_clients_own_exception(
    relay: Sandbox, client: AsyncOpenAI, status: int, kind: type[openai.APIStatusError]
) -> None:
    relay.faults.add(Status(status=status))
    with pytest.raises(kind):
        await chat(client)


async def test_a_fault_strikes_as_often_as_told_and_only_its_call(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    relay.faults.add(Status(status=503, call="chat", count=2))
    assert await client.models.list()
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            await chat(client)
    assert await chat(client) == "1 2 3 4 5"


async def test_an_unlimited_fault_lasts_until_cleared(relay: Sandbox, client: AsyncOpenAI) -> None:
    relay.faults.add(Status(status=500, count="unlimited"))
    for _ in range(3):
        with pytest.raises(openai.InternalServerError):
            await chat(client)
    relay.faults.clear()
    assert await chat(client)


async def test_a_delay_holds_the_answer_back(relay: Sandbox, client: AsyncOpenAI) -> None:
    relay.faults.add(Delay(delay_s=SHORT_S))
    begun = time.monotonic()
    assert await chat(client)
    assert time.monotonic() - begun >= SHORT_S


async def test_a_stalled_call_is_answered_once_released(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    armed = relay.faults.add(Stall())
    asked = asyncio.create_task(chat(client))
    await armed.struck()
    assert not asked.done()
    armed.release()
    assert await asked == "1 2 3 4 5"


async def test_a_client_that_leaves_a_stalled_call_is_noted(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    relay.faults.add(Stall())
    with pytest.raises(openai.APITimeoutError):
        await chat(client.with_options(timeout=SHORT_S))
    entries = await relay.journal.until(lambda entries: entries[-1].left)
    assert [(entry.call, entry.status) for entry in entries] == [("chat", 0)]


async def test_a_reset_connection_is_lost_after_the_request(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    relay.faults.add(Reset())
    with pytest.raises(openai.APIConnectionError) as caught:
        await chat(client)
    assert not isinstance(caught.value, openai.APITimeoutError)
    assert [entry.call for entry in relay.journal.entries()] == ["chat"]
    assert await chat(client), "the next connection is whole"


async def test_a_reset_is_a_real_one(relay: Sandbox) -> None:
    relay.faults.add(Reset())
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    writer.write(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_a_lost_answer_is_that_of_a_call_that_was_done(
    relay: Sandbox, client: AsyncOpenAI, http: httpx.AsyncClient
) -> None:
    spent = (await http.get("/api/user/stat", headers=STAT)).json()
    relay.faults.add(Lose(call="chat"))
    with pytest.raises(openai.APIConnectionError):
        await chat(client)
    assert (await http.get("/api/user/stat", headers=STAT)).json() != spent


async def test_a_lost_answer_may_be_held_until_released(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    armed = relay.faults.add(Lose(call="chat", silent=True))
    waiting = asyncio.create_task(chat(client))
    await armed.struck()
    assert not waiting.done()
    armed.release()
    assert await waiting


async def test_garbage_is_no_json(relay: Sandbox, client: AsyncOpenAI) -> None:
    relay.faults.add(Garbage())
    with pytest.raises(ValueError, match=r"codec|JSON|Expecting"):
        await chat(client)


async def test_garbage_in_a_stream_is_an_event_that_is_no_json(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    relay.faults.add(Garbage())
    gathered = Gathered()
    with pytest.raises(ValueError, match=r"codec|JSON|Expecting"):
        await gathered.gather(client)
    assert gathered.pieces == []


async def test_the_last_piece_is_held_until_released(relay: Sandbox, client: AsyncOpenAI) -> None:
    armed = relay.faults.add(HoldLast())
    gathered = Gathered()
    reading = asyncio.create_task(gathered.gather(client))
    await armed.struck()
    await gathered.until(4)
    assert gathered.pieces == ["1", " 2", " 3", " 4"]
    assert not reading.done()
    armed.release()
    await reading
    assert "".join(gathered.pieces) == "1 2 3 4 5"
    assert gathered.finish_reason == "stop"


async def test_a_held_stream_whose_client_leaves_is_noted(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    armed = relay.faults.add(HoldLast())
    reading = asyncio.create_task(Gathered().gather(client))
    await armed.struck()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    entries = await relay.journal.until(lambda entries: entries[-1].left)
    assert entries[-1].status == 200


async def test_a_cut_stream_breaks_off_after_its_pieces(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    relay.faults.add(CutStream(after=3))
    gathered = Gathered()
    with pytest.raises(openai.APIConnectionError):
        await gathered.gather(client)
    assert gathered.pieces == ["1", " 2", " 3"]


async def test_a_cleanly_cut_stream_ends_without_proof(relay: Sandbox, client: AsyncOpenAI) -> None:
    relay.faults.add(CutStream(after=2, clean=True))
    gathered = Gathered()
    await gathered.gather(client)
    assert gathered.pieces == ["1", " 2"]
    assert gathered.finish_reason is None


async def test_an_error_comes_in_the_middle_of_a_stream(
    relay: Sandbox, client: AsyncOpenAI
) -> None:
    relay.faults.add(ErrorInStream(after=1, message="The kettle boiled over."))
    gathered = Gathered()
    with pytest.raises(openai.APIError, match="kettle"):
        await gathered.gather(client)
    assert gathered.pieces == ["1"]


@pytest.mark.parametrize("fault", [HoldLast(), CutStream(), ErrorInStream()])
async def test_faults_of_streams_leave_whole_answers_alone(
    relay: Sandbox, client: AsyncOpenAI, fault: AnyFault
) -> None:
    armed = relay.faults.add(fault)
    assert await chat(client) == "1 2 3 4 5"
    assert armed.left == 1


async def test_faults_are_set_read_released_and_cleared_over_http(
    relay: Sandbox, client: AsyncOpenAI, http: httpx.AsyncClient
) -> None:
    made = await http.post("/sandbox/faults", json={"kind": "stall", "call": "chat"})
    assert made.status_code == 201
    number = made.json()["number"]
    asked = asyncio.create_task(chat(client))
    await relay.faults.all()[0].struck()
    told = (await http.get("/sandbox/faults")).json()["faults"]
    assert [(fault["left"], fault["struck"]) for fault in told] == [(0, True)]
    assert (await http.post(f"/sandbox/faults/{number}/release")).status_code == 200
    assert await asked == "1 2 3 4 5"
    assert (await http.delete("/sandbox/faults")).status_code == 204
    assert (await http.get("/sandbox/faults")).json() == {"faults": []}
    assert (await http.post("/sandbox/faults/99/release")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "tantrum"},
        {"kind": "status"},
        {"kind": "status", "status": 200},
        {"kind": "delay", "delay_s": -1},
        {"kind": "delay", "seconds": 3},
    ],
)
async def test_a_wrong_fault_is_refused(http: httpx.AsyncClient, body: dict[str, object]) -> None:
    assert (await http.post("/sandbox/faults", json=body)).status_code == 400


async def test_a_strangers_page_cannot_set_faults(http: httpx.AsyncClient) -> None:
    plain = await http.post(
        "/sandbox/faults", content=b'{"kind":"reset"}', headers={"content-type": "text/plain"}
    )
    assert plain.status_code == 415
