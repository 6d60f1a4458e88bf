"""A key goes to its own relay, and shows nowhere."""

import json

import pytest

from core.errors import (
    ConfigError,
    RelayError,
    RelayUnsupported,
)
from core.relay.transport import Transport
from core.request import (
    ImageRequest,
    ModelsRequest,
    Request,
    SpeechRequest,
    TranscriptionRequest,
    UserStatRequest,
)
from core.secret import Secret
from tests.relays.calls import saying, serving
from tests.relays.servers import Exchange, listening
from tests.relays.stage import (
    CHAT,
    KEY,
    STAT_TOKEN,
    WAV,
    ask,
    entry,
    relay,
)


async def test_a_key_does_not_follow_a_redirect(transport: Transport) -> None:
    async with listening(saying(CHAT)) as elsewhere:
        away = saying(b"", 308, location=f"{elsewhere.base}/v1/chat/completions")
        async with serving(away, transport) as (made, _):
            with pytest.raises(RelayUnsupported, match="base_url"):
                await made.call(ask())
    assert elsewhere.connections == 0


@pytest.mark.parametrize("key", ["sk-canary key", "sk-canary\n", "sk-钥匙canary", " sk-canary"])
def test_a_key_with_signs_that_no_key_has_is_refused_unseen(transport: Transport, key: str) -> None:
    with pytest.raises(ConfigError, match=r"relays\.main\.key: expected") as caught:
        relay(entry(key=Secret(key)), transport)
    assert "canary" not in str(caught.value)


ECHO: list[Request] = [
    ask(),
    ImageRequest(prompt="cat"),
    SpeechRequest(text="hi"),
    TranscriptionRequest(audio=WAV, filename="a.wav"),
    ModelsRequest(),
    UserStatRequest(),
]


@pytest.mark.parametrize("request_", ECHO, ids=lambda request: type(request).__name__)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
async def test_a_relay_that_echoes_what_it_got_gives_no_secret_away(
    transport: Transport, request_: Request, status: int
) -> None:
    async def echo(exchange: Exchange) -> None:
        told = {"error": {"message": f"{exchange.headers}", "code": exchange.headers.get("x")}}
        await exchange.reply(json.dumps(told).encode(), status)

    settings = {"profile": "burnhair", "stat_token": Secret(STAT_TOKEN)}
    async with serving(echo, transport, **settings) as (made, _):
        with pytest.raises(RelayError) as caught:
            await made.call(request_)  # type: ignore[call-overload]
    told = str(caught.value)
    assert "authorization" in told
    assert KEY not in told
    assert STAT_TOKEN not in told
