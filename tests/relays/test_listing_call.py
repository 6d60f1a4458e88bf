"""Models and an account's figures over real sockets."""

import pytest

from core.errors import (
    ConfigError,
)
from core.relay.transport import Transport
from core.request import (
    ModelsRequest,
    UserStatRequest,
)
from core.secret import Secret
from tests.relays.calls import saying, serving
from tests.relays.stage import (
    KEY,
    STAT_TOKEN,
    payload,
)


async def test_models(transport: Transport) -> None:
    async with serving(saying(payload("burnhair_models.json")), transport) as (made, server):
        models = (await made.call(ModelsRequest())).models
    assert "gpt-4o" in [model.id for model in models]
    assert (server.asked[0].method, server.asked[0].target) == ("GET", "/v1/models")


async def test_user_stat_is_asked_with_its_own_token(transport: Transport) -> None:
    answer = saying(payload("burnhair_user_stat.json"))
    settings = {"profile": "burnhair", "stat_token": Secret(STAT_TOKEN)}
    async with serving(answer, transport, **settings) as (made, server):
        stat = await made.call(UserStatRequest())
    assert server.asked[0].target == "/api/user/stat"
    assert server.asked[0].headers["authorization"] == f"Bearer {STAT_TOKEN}"
    assert KEY not in str(server.asked[0].headers)
    assert stat.account.request_count == 108359


async def test_each_of_a_relays_own_keys_is_known_in_its_stat(transport: Transport) -> None:
    keys = {"key": Secret("sk-YZ1213466d"), "keys": (Secret("bNd123475a"),)}
    settings = {"profile": "burnhair", "stat_token": Secret(STAT_TOKEN), **keys}
    answer = saying(payload("burnhair_user_stat.json"))
    async with serving(answer, transport, **settings) as (made, _):
        stat = await made.call(UserStatRequest())
    assert [token.own for token in stat.tokens] == [True, True]
    assert "YZ1213" not in str(stat)


async def test_user_stat_without_its_token_is_a_config_error(transport: Transport) -> None:
    async with serving(saying(b"{}"), transport, profile="burnhair") as (made, server):
        with pytest.raises(
            ConfigError, match=r"relays\.main\.stat_token.*another secret than the key"
        ):
            await made.call(UserStatRequest())
    assert server.asked == []
