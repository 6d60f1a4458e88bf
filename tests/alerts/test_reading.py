"""Relays asked what is left, over real sockets: by the account's page, or by each key."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from bots.balances.account import FRESH_S, RelayAccount
from bots.balances.balances import RelayBalances
from bots.balances.reach import Reach
from core.relay.client import Relay
from core.relay.transport import Transport
from core.secret import Secret
from prove.world.ports import free_port
from storage.readings import ACCOUNT, BILLING, OWN, Reading
from tests.relays.servers import Answer, Exchange, Server, listening
from tests.relays.stage import STAT_TOKEN, FakeClock, entry, payload, relay

NOT_FOUND = b'{"error":{"message":"Invalid URL","type":"invalid_request_error","code":""}}'
USED_UP = b'{"error":{"message":"quota exhausted","code":"insufficient_user_quota"}}'
REFUSED = b'{"error":{"message":"Invalid token","code":"invalid_api_key"}}'
TOKEN = (200, payload("oneapi_token_usage.json"))
STATUS = {"/api/status": (200, payload("oneapi_status.json"))}
BILLED = {
    "/v1/dashboard/billing/subscription": (200, payload("oneapi_subscription.json")),
    "/v1/dashboard/billing/usage": (200, payload("oneapi_usage.json")),
    "/api/status": (200, b'{"success":true,"data":{"display_in_currency":true}}'),
}

Said = Mapping[str, tuple[int, bytes]]
"""Status and body by path, or by path and key; any other answers 404."""


def saying(said: Said) -> Answer:
    async def answer(exchange: Exchange) -> None:
        key = exchange.headers.get("authorization", "").removeprefix("Bearer ")
        own = said.get(f"{exchange.target} {key}")
        status, body = own or said.get(exchange.target, (404, NOT_FOUND))
        await exchange.reply(body, status)

    return answer


@dataclass
class Kept:
    """What would be in the database."""

    noted: list[Reading] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)

    async def note(self, readings: Sequence[Reading]) -> None:
        self.noted += readings

    async def keep(self, name: str, value: str) -> None:
        self.values[name] = value

    async def kept(self, name: str) -> str:
        return self.values.get(name, "")


class Stand:
    """Relays of one-api's kind, each at a server that says what the test gives it."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.stack = stack
        self.transport = Transport()
        self.clock = FakeClock()
        self.kept = Kept()
        self.servers: list[Server] = []

    async def relay(self, said: Said, *keys: str, name: str = "main", **more: Any) -> Relay:
        server = await self.stack.enter_async_context(listening(saying(said)))
        self.servers.append(server)
        return self.at(server.base, *(keys or ("sk-one",)), name=name, **more)

    def at(self, base: str, first: str, *others: str, **more: Any) -> Relay:
        secrets = {"key": Secret(first), "keys": tuple(map(Secret, others))}
        given = {"profile": "oneapi", "allow_plain_http": True}
        return relay(entry(base, **(given | secrets | more)), self.transport, clock=self.clock)

    def account(self, of: Relay) -> RelayAccount:
        return RelayAccount(of, self.kept, self.clock)  # type: ignore[arg-type]

    def asked(self, path: str = "/api/usage/token/") -> int:
        return [one.target for server in self.servers for one in server.asked].count(path)


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with AsyncExitStack() as stack:
        made = Stand(stack)
        yield made
        await made.transport.aclose()


async def test_each_key_has_its_minute_since_an_address_is_asked_so_often_in_all(
    stand: Stand,
) -> None:
    three = await stand.relay({"/api/usage/token/": TOKEN, **STATUS}, "sk-a", "sk-b", "sk-c")
    account = stand.account(three)
    await account.read()
    stand.clock.pass_(3 * FRESH_S - 1)
    await account.read()
    assert stand.asked() == 3
    stand.clock.pass_(1)
    await account.read()
    assert stand.asked() == 6


async def test_a_relay_that_has_none_of_it_is_not_asked_again(stand: Stand) -> None:
    balances = RelayBalances({"main": await stand.relay({})}, stand.kept, stand.clock)  # type: ignore[arg-type]
    assert await balances.of() == []
    before = len(stand.servers[0].asked)
    assert before
    stand.clock.pass_(10 * FRESH_S)
    assert await balances.of() == []
    assert len(stand.servers[0].asked) == before
    assert balances.accounts == {}


async def test_all_relays_are_read(stand: Stand) -> None:
    said = {"/api/usage/token/": TOKEN, **STATUS}
    relays = {name: await stand.relay(said, name=name) for name in ("main", "spare")}
    balances = RelayBalances(relays, stand.kept, stand.clock)  # type: ignore[arg-type]
    assert [balance.relay for balance in await balances.of()] == ["main", "spare"]
    assert [len(balance.tokens) for balance in balances.last] == [1, 1]


async def test_a_key_that_is_used_up_or_refused_says_so_and_the_others_go_on(stand: Stand) -> None:
    said = {
        "/api/usage/token/ sk-well": TOKEN,
        "/api/usage/token/ sk-gone": (403, USED_UP),
        "/api/usage/token/ sk-bad": (401, REFUSED),
        **STATUS,
    }
    account = stand.account(await stand.relay(said, "sk-gone", "sk-bad", "sk-well"))
    await account.read()
    assert account.trouble is None
    assert [(one.alias, one.state) for one in account.known.balance.tokens] == [
        ("key", "exhausted"),
        ("key 2", "refused"),
        ("key 3", ""),
    ]
    assert [one.subject for one in stand.kept.noted] == [f"{OWN}key 3"]


@pytest.mark.parametrize(
    ("said", "subject"), [({"/api/usage/token/": TOKEN, **STATUS}, OWN), (BILLED, BILLING)]
)
async def test_what_may_be_told_of_the_whole_account_is_kept_as_that(
    stand: Stand, said: Said, subject: str
) -> None:
    account = stand.account(await stand.relay(said))
    await account.read()
    assert [one.subject for one in stand.kept.noted] == [f"{subject}key"]


async def test_of_an_accounts_other_tokens_nothing_is_kept(stand: Stand) -> None:
    """burn.hair's page names two; one of them is not in the configuration."""
    said = {"/api/user/stat": (200, payload("burnhair_user_stat.json"))}
    ours = await stand.relay(
        said, "sk-YZ1213466d", profile="burnhair", stat_token=Secret(STAT_TOKEN)
    )
    account = stand.account(ours)
    await account.read()
    assert [one.alias for one in account.known.balance.tokens] == ["key", ""]
    noted = {one.alias: one for one in stand.kept.noted}
    assert sorted(noted) == ["", "key"]
    assert noted[""].subject == ACCOUNT
    assert noted["key"].used_nano_usd == 2_828_086 * 2000
    assert "鸭梨" not in "".join(one.detail for one in stand.kept.noted)


# -- whether they can be reached --------------------------------------------------


async def test_a_relay_that_refuses_is_there_and_one_that_nobody_answers_for_is_not(
    stand: Stand,
) -> None:
    said = {"/v1/models": (401, REFUSED)}
    relays = {
        "main": await stand.relay(said),
        "gone": stand.at(f"http://127.0.0.1:{free_port()}", "sk-one", name="gone"),
    }
    reach = Reach(relays, list, stand.kept, stand.clock)  # type: ignore[arg-type]
    since = stand.clock.now()
    assert await reach.look(["main", "gone"]) == {"gone": since}
    assert stand.asked("/v1/models") == 1
    stand.clock.pass_(60)
    later = Reach(relays, list, stand.kept, stand.clock)  # type: ignore[arg-type]
    assert await later.look([]) == {"gone": since}
