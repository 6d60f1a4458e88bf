"""What a key may still spend, as one-api and new-api tell it, over real sockets."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bots.sandbox.dialects.dialect import dialect_named
from core.errors import RelayError, RelayRateLimited, RelayUnauthorized, RelayUnsupported
from core.relay.client import Relay
from core.relay.dialect import Paths
from core.relay.transport import Transport
from core.request import KeyQuotaRequest
from core.response import KeyQuota
from core.secret import Secret
from tests.relays.servers import Answer, Exchange, Server, listening
from tests.relays.stage import KEY, FakeClock, ask, entry, payload, relay
from tests.sandbox.server import sandbox

TOKEN = "/api/usage/token/"
SUBSCRIPTION = "/v1/dashboard/billing/subscription"
USAGE = "/v1/dashboard/billing/usage"
STATUS = "/api/status"

Said = dict[str, tuple[int, bytes]]
"""Status and body, by path; any other path answers 404."""

NOT_FOUND = b'{"error":{"message":"Invalid URL","type":"invalid_request_error","code":""}}'
TOO_MANY = (429, b"")
"""new-api's limit of an address answers without a body."""


def new_api() -> Said:
    return {
        TOKEN: (200, payload("oneapi_token_usage.json")),
        STATUS: (200, payload("oneapi_status.json")),
    }


def one_api(**shown: Any) -> Said:
    """Without /api/usage/token/; `shown` is all that its status says."""
    status = json.dumps({"success": True, "data": shown}).encode()
    return {
        SUBSCRIPTION: (200, payload("oneapi_subscription.json")),
        USAGE: (200, payload("oneapi_usage.json")),
        STATUS: (200, status),
    }


def told(body: bytes, **changed: Any) -> bytes:
    """With fields of its data, or of itself where it has none, changed."""
    answer = json.loads(body)
    answer.get("data", answer).update(changed)
    return json.dumps(answer).encode()


def saying(said: Said) -> Answer:
    async def answer(exchange: Exchange) -> None:
        status, body = said.get(exchange.target, (404, NOT_FOUND))
        await exchange.reply(body, status)

    return answer


def made(server: Server, transport: Transport, clock: FakeClock | None = None) -> Relay:
    at = entry(server.base, profile="oneapi", keys=(Secret("sk-second-0123456789"),))
    return relay(at, transport, clock=clock)


def paths(server: Server) -> list[str]:
    return [exchange.target for exchange in server.asked]


async def quota_of(said: Said, transport: Transport) -> tuple[KeyQuota, list[str]]:
    async with listening(saying(said)) as server:
        quota = await made(server, transport).call(KeyQuotaRequest())
    return quota, paths(server)


async def test_new_api_tells_whole_units_by_the_key_itself(transport: Transport) -> None:
    async with listening(saying(new_api())) as server:
        quota = await made(server, transport).call(KeyQuotaRequest())
    assert (quota.source, quota.unit, quota.expires_at) == ("token", "quota", None)
    assert (quota.granted, quota.used, quota.remaining) == (1_000_000, 12_345, 987_655)
    assert (quota.granted_usd, quota.used_usd, quota.remaining_usd) == (2.0, 0.02469, 1.97531)
    assert paths(server) == [TOKEN, STATUS]
    assert {one.headers["authorization"] for one in server.asked} == {f"Bearer {KEY}"}


async def test_a_dollar_is_as_many_units_as_the_relay_says(transport: Transport) -> None:
    said = new_api()
    said[STATUS] = (200, told(said[STATUS][1], quota_per_unit=1_000_000))
    quota, _ = await quota_of(said, transport)
    assert (quota.granted, quota.granted_usd) == (1_000_000, 1.0)


@pytest.mark.parametrize(
    "status",
    [(404, NOT_FOUND), TOO_MANY, (200, b"<html>"), (200, b'{"data":{"quota_per_unit":0}}')],
)
async def test_a_dollar_is_500_000_units_where_the_relay_does_not_say(
    status: tuple[int, bytes], transport: Transport
) -> None:
    quota, _ = await quota_of({**new_api(), STATUS: status}, transport)
    assert quota.quota_per_unit == 500_000
    assert quota.granted_usd == 2.0


async def test_a_key_without_a_limit_has_no_remainder(transport: Transport) -> None:
    said = new_api()
    unlimited = told(said[TOKEN][1], unlimited_quota=True, total_available=-6_319_582)
    quota, _ = await quota_of({**said, TOKEN: (200, unlimited)}, transport)
    assert quota.unlimited
    assert (quota.granted, quota.remaining, quota.remaining_usd) == (None, None, None)
    assert quota.used_usd == 0.02469


async def test_a_keys_end_is_told(transport: Transport) -> None:
    said = new_api()
    ends = told(said[TOKEN][1], expires_at=1_798_761_600)
    quota, _ = await quota_of({**said, TOKEN: (200, ends)}, transport)
    assert quota.expires_at == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "refusal",
    [
        (404, NOT_FOUND),
        (200, payload("oneapi_no_token_usage.json")),
        (200, b"<html>a page</html>"),
        (200, b'{"code":404,"msg":"nothing here"}'),
    ],
)
async def test_one_api_is_asked_for_its_billing_pair(
    refusal: tuple[int, bytes], transport: Transport
) -> None:
    said = {**one_api(display_in_currency=True, quota_per_unit=500_000), TOKEN: refusal}
    quota, asked = await quota_of(said, transport)
    assert asked == [TOKEN, SUBSCRIPTION, USAGE, STATUS]
    assert (quota.source, quota.unit) == ("billing", "usd")
    assert (quota.granted, quota.used, quota.remaining) == (2.0, 0.02469, 1.97531)
    assert quota.remaining_usd == 1.97531
    assert quota.expires_at == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown", "unit", "usd"),
    [
        ({"display_in_currency": True}, "usd", 2.0),
        ({"display_in_currency": False}, "quota", 2 / 500_000),
        ({"display_in_currency": False, "quota_per_unit": 100}, "quota", 0.02),
        ({"display_in_currency": True, "quota_display_type": "TOKENS"}, "quota", 2 / 500_000),
        ({"display_in_currency": True, "quota_display_type": "USD"}, "usd", 2.0),
        ({"quota_display_type": "CNY", "usd_exchange_rate": 8}, "usd", 0.25),
        ({"display_in_currency": True, "quota_display_type": "CNY"}, "unknown", None),
        ({"quota_display_type": "SHELLS"}, "unknown", None),
        ({}, "unknown", None),
    ],
)
async def test_the_pairs_unit_is_what_the_relay_shows_quota_in(
    shown: dict[str, Any], unit: str, usd: float | None, transport: Transport
) -> None:
    quota, _ = await quota_of(one_api(**shown), transport)
    assert (quota.unit, quota.granted_usd) == (unit, usd)


async def test_a_relay_that_shows_units_tells_whole_ones(transport: Transport) -> None:
    said = one_api(display_in_currency=False)
    said[SUBSCRIPTION] = (200, told(said[SUBSCRIPTION][1], hard_limit_usd=1_000_000.0))
    said[USAGE] = (200, told(said[USAGE][1], total_usage=1_234_500.0000000002))
    quota, _ = await quota_of(said, transport)
    assert (quota.granted, quota.used, quota.remaining) == (1_000_000, 12_345, 987_655)
    assert quota.remaining_usd == 1.97531


async def test_figures_of_an_unknown_unit_are_told_as_they_are(transport: Transport) -> None:
    said = one_api()
    del said[STATUS]
    quota, _ = await quota_of(said, transport)
    assert (quota.granted, quota.remaining) == (2.0, 1.97531)
    assert (quota.used_usd, quota.remaining_usd) == (None, None)


async def test_a_hundred_million_is_no_limit(transport: Transport) -> None:
    said = one_api(display_in_currency=True)
    body = told(said[SUBSCRIPTION][1], hard_limit_usd=100_000_000, access_until=-1)
    quota, _ = await quota_of({**said, SUBSCRIPTION: (200, body)}, transport)
    assert quota.unlimited
    assert (quota.granted, quota.remaining, quota.expires_at) == (None, None, None)
    assert quota.used_usd == 0.02469


async def test_an_answer_holds_for_a_minute(transport: Transport, clock: FakeClock) -> None:
    async with listening(saying(new_api())) as server:
        client = made(server, transport, clock)
        first = await client.call(KeyQuotaRequest())
        clock.pass_(59.9)
        assert await client.call(KeyQuotaRequest()) is first
        assert len(server.asked) == 2
        clock.pass_(0.2)
        await client.call(KeyQuotaRequest())
        assert len(server.asked) == 4


async def test_many_who_ask_at_once_are_one_question(transport: Transport) -> None:
    async with listening(saying(new_api())) as server:
        client = made(server, transport)
        answers = await asyncio.gather(*(client.call(KeyQuotaRequest()) for _ in range(5)))
    assert paths(server) == [TOKEN, STATUS]
    assert len({id(answer) for answer in answers}) == 1


async def test_each_key_has_a_quota_of_its_own(transport: Transport) -> None:
    async with listening(saying(new_api())) as server:
        client = made(server, transport)
        await client.call(KeyQuotaRequest())
        await client.call(KeyQuotaRequest(), key=1)
    asked = [one.headers["authorization"] for one in server.asked if one.target == TOKEN]
    assert asked == [f"Bearer {KEY}", "Bearer sk-second-0123456789"]


async def test_which_of_the_two_serves_is_remembered(
    transport: Transport, clock: FakeClock
) -> None:
    async with listening(saying(one_api(display_in_currency=True))) as server:
        client = made(server, transport, clock)
        await client.call(KeyQuotaRequest())
        clock.pass_(61)
        await client.call(KeyQuotaRequest())
    assert paths(server).count(TOKEN) == 1
    assert paths(server).count(SUBSCRIPTION) == 2
    assert client.dialect.capability("key_quota") == "yes"


@pytest.mark.parametrize("silence", [TOO_MANY, (200, b'{"success":false,"message":"later"}')])
async def test_a_unit_that_was_told_once_holds_while_the_relay_is_silent(
    silence: tuple[int, bytes], transport: Transport, clock: FakeClock
) -> None:
    said = one_api(display_in_currency=False)
    async with listening(saying(said)) as server:
        client = made(server, transport, clock)
        await client.call(KeyQuotaRequest())
        said[STATUS] = silence
        clock.pass_(61)
        assert (await client.call(KeyQuotaRequest())).unit == "quota"


@pytest.mark.parametrize("path", [TOKEN, SUBSCRIPTION, USAGE])
async def test_too_many_questions_are_not_asked_again(path: str, transport: Transport) -> None:
    said = {**one_api(), path: TOO_MANY}
    async with listening(saying(said)) as server:
        client = made(server, transport)
        with pytest.raises(RelayRateLimited, match=path):
            await client.call(KeyQuotaRequest())
        assert paths(server)[-1] == path
        assert paths(server).count(path) == 1
        said[path] = one_api().get(path, (404, NOT_FOUND))
        assert (await client.call(KeyQuotaRequest())).source == "billing"


async def test_a_wrong_key_is_told_as_one(transport: Transport) -> None:
    wrong = (401, '{"error":{"message":"无效的令牌","type":"new_api_error"}}'.encode())
    with pytest.raises(RelayUnauthorized, match=TOKEN):
        await quota_of({**new_api(), TOKEN: wrong}, transport)


async def test_a_relay_with_neither_does_not_serve_it(transport: Transport) -> None:
    async with listening(saying({})) as server:
        client = made(server, transport)
        with pytest.raises(RelayUnsupported):
            await client.call(KeyQuotaRequest())
        with pytest.raises(RelayUnsupported, match="it was seen"):
            await client.call(KeyQuotaRequest())
    assert paths(server) == [TOKEN, SUBSCRIPTION]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SUBSCRIPTION, b"{}"),
        (SUBSCRIPTION, b'{"error":{"message":"record not found","type":"upstream_error"}}'),
        (USAGE, b'{"object":"list"}'),
        (USAGE, b"[" * 5_000),
    ],
)
async def test_half_an_answer_is_none(path: str, body: bytes, transport: Transport) -> None:
    with pytest.raises(RelayError, match=path):
        await quota_of({**one_api(), path: (200, body)}, transport)


@pytest.mark.parametrize("name", ["", "oneapi"])
@pytest.mark.parametrize("first", [TOKEN, "/api/usage/none/"])
async def test_both_ways_tell_the_same_of_the_same_key(
    name: str, first: str, transport: Transport
) -> None:
    with sandbox(dialect=dialect_named(name) if name else None) as standing:
        at = entry(standing.origin, profile="oneapi")
        client = relay(at, transport, paths=Paths(key_quota=first))
        await client.call(ask("count to 300", model="gpt-4o"))
        quota = await client.call(KeyQuotaRequest())
        stranger = entry(standing.origin, profile="oneapi", key=Secret("sk-nobody-else"))
        unused = await relay(stranger, transport).call(KeyQuotaRequest())
    assert quota.source == ("token" if first == TOKEN else "billing")
    assert quota.used_usd
    assert quota.granted_usd == 1_000
    assert quota.remaining_usd == pytest.approx(1_000 - quota.used_usd)
    assert (unused.used, unused.remaining_usd) == (0, 1_000)
