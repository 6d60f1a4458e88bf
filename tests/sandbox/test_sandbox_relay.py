"""What the relay tells of itself: models, accounts, journal; and how it is served."""

import asyncio
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from openai import AsyncOpenAI

from bots.sandbox.accounts import STAT_TOKEN
from bots.sandbox.app import create_app
from bots.sandbox.call import BODY_LIMIT_BYTES
from bots.sandbox.faults import Stall
from bots.sandbox.journal import Entry, Journal
from bots.sandbox.serve import running
from core.errors import ConfigError
from tests.sandbox.client import client_of
from tests.sandbox.server import Sandbox, sandbox

WIRE = Path(__file__).parent / "wire"
STAT = {"authorization": STAT_TOKEN}


async def say(client: AsyncOpenAI, text: str = "hello") -> None:
    await client.chat.completions.create(
        model="sandbox-chat", messages=[{"role": "user", "content": text}]
    )


def shape(value: object) -> object:
    """Keys in their order, with the types below them; JSON tells no 5.0 from 5."""
    match value:
        case dict():
            return [(key, shape(below)) for key, below in value.items()]
        case list():
            return [shape(value[0])]
        case bool() | str():
            return type(value).__name__
        case _:
            return "number"


async def test_models_are_listed(client: AsyncOpenAI) -> None:
    names = {model.id async for model in client.models.list()}
    assert {"sandbox-chat", "sandbox-reasoner", "gpt-4o", "tts-1", "whisper-1"} <= names


async def test_the_stat_has_exactly_the_recorded_form(
    client: AsyncOpenAI, http: httpx.AsyncClient
) -> None:
    await say(client)
    recorded = json.loads((WIRE / "burnhair_user_stat.json").read_text())
    told = (await http.get("/api/user/stat", headers=STAT)).json()
    assert shape(told) == shape(recorded)


async def test_the_stat_moves_with_the_calls_token_by_token() -> None:
    clock = iter(datetime(2026, 11, 21, 8, 0, tzinfo=UTC) + timedelta(minutes=n) for n in range(99))
    with sandbox(now=lambda: next(clock)) as relay:
        async with client_of(relay, "sk-one") as one, client_of(relay, "sk-two") as two:
            await say(one)
            before = await stat(relay)
            await say(one)
            await say(two, "a longer question than before, which costs more")
            after = await stat(relay)
    (first,), (again, second) = before["token"], after["token"]
    assert (first["key"], again["key"], second["key"]) == ("sk-one", "sk-one", "sk-two")
    assert again["used_quota"] == 2 * first["used_quota"] > 0
    assert again["remain_quota"] == first["remain_quota"] - first["used_quota"]
    assert again["used_quota_dollar"] == round(again["used_quota"] / 500_000, 6)
    assert again["created_time"] == first["created_time"] < again["accessed_time"]
    assert again["expired_time"] == "never"
    datetime.strptime(again["accessed_time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    user = after["user"]
    assert user["request_count"] == before["user"]["request_count"] + 2 == 3
    assert user["used_quota"] == again["used_quota"] + second["used_quota"]
    assert user["free_quota"] + user["bonus_quota"] + user["paid_quota"] == user["total_quota"]


async def stat(relay: Sandbox) -> dict[str, dict[str, int]]:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{relay.origin}/api/user/stat", headers=STAT)
    return answer.json()


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer sk-any-key-1234"}])
async def test_the_stat_wants_its_own_token(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await http.get("/api/user/stat", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


async def test_a_refused_call_costs_nothing(client: AsyncOpenAI, http: httpx.AsyncClient) -> None:
    await say(client)
    before = (await http.get("/api/user/stat", headers=STAT)).json()
    refused = await http.post("/v1/chat/completions", json={"model": "gpt-99", "messages": []})
    assert refused.status_code == 400
    assert (await http.get("/api/user/stat", headers=STAT)).json() == before


async def test_the_journal_tells_what_was_asked_over_http_too(
    client: AsyncOpenAI, http: httpx.AsyncClient
) -> None:
    await say(client, "你好")
    await client.models.list()
    told = (await http.get("/sandbox/journal", params={"call": "chat"})).json()["entries"]
    assert len(told) == 1
    assert told[0]["path"] == "/v1/chat/completions"
    assert told[0]["body"]["messages"] == [{"role": "user", "content": "你好"}]
    assert told[0]["key_last4"] == "1234"
    assert told[0]["status"] == 200
    everything = (await http.get("/sandbox/journal")).text
    assert "sk-any-key" not in everything
    assert (await http.delete("/sandbox/journal")).status_code == 204
    assert (await http.get("/sandbox/journal")).json() == {"entries": []}


def entry(content: bytes = b"") -> Entry:
    return Entry(
        number=0,
        at=datetime(2026, 11, 21, tzinfo=UTC),
        method="POST",
        path="/v1/x",
        call="x",
        key_last4="",
        content=content,
    )


def test_the_journal_is_bounded_in_entries_and_in_bytes() -> None:
    journal = Journal(size=3, limit_bytes=10)
    for _ in range(5):
        journal.write(entry(b"1"))
    assert [kept.number for kept in journal.entries()] == [3, 4, 5]
    journal.write(entry(b"123456789"))
    assert [kept.number for kept in journal.entries()] == [5, 6]


def test_a_journal_of_size_none_keeps_nothing() -> None:
    journal = Journal(size=0)
    journal.write(entry())
    assert journal.entries() == []


async def test_waiting_for_the_journal_ends_with_what_came_or_says_what_did_not() -> None:
    journal = Journal()
    waiting = asyncio.create_task(journal.until(lambda entries: len(entries) == 2))
    threading.Thread(target=lambda: [journal.write(entry()) for _ in range(2)]).start()
    assert len(await waiting) == 2
    with pytest.raises(TimeoutError, match=r"holds \[\('x', 0\), \('x', 0\)\]"):
        await journal.until(lambda _: False, timeout_s=0.01)


async def test_a_client_that_leaves_while_it_sends_harms_nothing(
    relay: Sandbox, client: AsyncOpenAI, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n\r\n{"
    writer.write(head)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await say(client)
    assert [kept.status for kept in relay.journal.entries()] == [200]
    assert caplog.records == []


async def test_too_large_a_body_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/chat/completions", content=b" " * (BODY_LIMIT_BYTES + 1))
    assert answer.status_code == 413


async def test_the_front_page_tells_what_it_is(http: httpx.AsyncClient, relay: Sandbox) -> None:
    page = await http.get("/")
    assert "sandbox relay" in page.text
    assert relay.base_url in page.text


async def test_a_request_for_another_host_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.get("/sandbox/journal", headers={"host": "evil.example"})).status_code == 400
    assert (await http.get("/sandbox/journal", headers={"host": "localhost:1"})).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])  # noqa: S104
async def test_it_listens_on_loopback_unless_told_otherwise(host: str) -> None:
    with pytest.raises(ConfigError, match="loopback"):
        async with running(create_app(), host):
            pytest.fail("it listens")


async def test_told_otherwise_it_listens_everywhere() -> None:
    app = create_app(local_only=False)
    async with (
        running(app, "0.0.0.0", off_loopback=True) as listener,  # noqa: S104
        httpx.AsyncClient(trust_env=False) as http,
    ):
        page = await http.get(f"http://127.0.0.1:{listener.port}/", headers={"host": "any.name"})
    assert page.status_code == 200


async def test_a_taken_port_is_said_clearly(relay: Sandbox) -> None:
    with pytest.raises(ConfigError, match=f"port {relay.port} on 127.0.0.1 is taken"):
        async with running(create_app(), port=relay.port):
            pytest.fail("it listens")


async def test_no_answer_waits_for_an_acknowledgement(http: httpx.AsyncClient) -> None:
    await http.get("/v1/models")
    begun = time.monotonic()
    for _ in range(10):
        await http.get("/v1/models")
    assert time.monotonic() - begun < 0.3, "40 ms each: TCP_NODELAY is not set"


async def test_it_runs_beside_others_in_one_event_loop() -> None:
    async with running(create_app(pace_s=0)) as one, running(create_app(pace_s=0)) as two:
        assert one.port != two.port
        async with httpx.AsyncClient(trust_env=False) as http:
            for listener in (one, two):
                page = await http.get(f"http://127.0.0.1:{listener.port}/v1/models")
                assert page.status_code == 200


async def test_it_starts_quickly_and_stops_while_a_call_is_held() -> None:
    begun = time.monotonic()
    with sandbox() as relay:
        started_s = time.monotonic() - begun
        armed = relay.faults.add(Stall())
        async with client_of(relay) as client:
            asked = asyncio.create_task(say(client))
            await armed.struck()
            relay.faults.clear()
            await asked
    assert started_s < 0.3
