"""No secret in any log at any level, in any error, whatever goes wrong."""

import asyncio
import logging
from pathlib import Path

import pytest

from adapters.telegram.settings import Settings, check, webhook_secret
from bots.sandbox.faults import Garbage, Lose, Reset, Status
from core.errors import ConfigError, MediaError
from core.model import Media
from core.secret import Secret
from tests.telegram.stage import staged, until

CLIP = (Path(__file__).parents[1] / "clips" / "garden.ogg").read_bytes()
FAULTS = (
    *(kind(call=call) for kind in (Garbage, Lose, Reset) for call in ("", "")),
    *(Status(status=status) for status in (400, 401, 403, 404, 409, 500, 502)),
    Status(status=429, retry_after_s=1),
)


def told(caplog) -> str:
    """All that was logged, with what stands behind it."""
    formatter = logging.Formatter("%(name)s %(message)s %(args)s %(exc_info)s")
    formatted = [formatter.format(record) for record in caplog.records]
    return "\n".join([*formatted, *(repr(record.__dict__) for record in caplog.records)])


async def test_the_token_is_told_to_nobody(caplog):
    caplog.set_level(logging.DEBUG)
    errors: list[str] = []
    async with staged() as stage:
        message = await stage.hear("", kind="voice", content=CLIP)
        picture = await stage.media(b"no picture", "image", "a.png")
        for fault in FAULTS:
            stage.telegram.faults.add(fault)
            errors.append(repr(await stage.send(message, "hello")))
            stage.telegram.faults.add(fault)
            errors.append(repr(await stage.send(message, picture)))
            stage.telegram.faults.add(fault)
            stage.adapter.draft(message.address, message.key, "hel")
            await stage.adapter.typing(message.address)
            try:
                await stage.adapter.fetch(message.media[0])
                await stage.adapter.fetch(Media(kind="file", remote="unknown-file"))
            except MediaError as error:
                errors.append(f"{error!r} {error.__cause__!r} {error.__context__!r}")
            errors.append(stage.adapter.trouble)
        stage.telegram.faults.clear()
        assert errors
        assert "telegram" in told(caplog)
        secret = stage.telegram.token.partition(":")[2]
        assert secret not in told(caplog)
        assert secret not in "\n".join(errors)


async def test_the_webhooks_secret_neither(caplog):
    caplog.set_level(logging.DEBUG)
    async with staged(started=False) as stage:
        stage.start(mode="webhook", public_url="http://127.0.0.1:9")
        await until(lambda: stage.calls("setWebhook"))
        await until(lambda: "webhook" in stage.time.kept)
        secret = stage.calls("setWebhook")[0]["secret_token"]
        assert secret not in told(caplog)
        assert secret not in str(stage.time.kept)


async def test_a_refused_token_is_not_quoted(caplog):
    caplog.set_level(logging.DEBUG)
    async with staged(started=False) as stage:
        stage.start(token=Secret("7000000001:AAH-canary-canary-canary"))
        await asyncio.wait([stage.run], timeout=5)
        error = stage.run.exception()
        assert "canary" not in f"{error!r} {error.__cause__!r} {error.__cause__.__context__!r}"
        assert "canary" not in told(caplog)


@pytest.mark.parametrize("token", ["", "no token", "123", "123:", "123:abc def", "x:abc"])
def test_a_token_of_another_form_is_refused_without_being_shown(token):
    with pytest.raises(ConfigError, match=r"bots\.tg\.token") as caught:
        check(Settings(token=Secret(token)), "tg")
    assert not token or token not in str(caught.value)


def test_the_secret_of_a_webhook_is_never_empty_and_every_bots_own():
    settings = Settings(token=Secret("1:abc"))
    first, second = webhook_secret(settings, "one"), webhook_secret(settings, "two")
    assert len(first.reveal()) == 64
    assert first.reveal() != second.reveal()
    assert first.reveal() == webhook_secret(settings, "one").reveal()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"api_base": "http://example.org"}, "api_base"),
        ({"api_base": "ftp://example.org"}, "api_base"),
        ({"api_base": "https://me:pass@example.org"}, "api_base"),
        ({"mode": "webhook"}, "public_url"),
        ({"mode": "webhook", "public_url": "http://example.org"}, "public_url"),
        (
            {
                "mode": "webhook",
                "public_url": "https://example.org",
                "webhook_secret": Secret("short"),
            },
            "webhook_secret",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_remedy(settings, named):
    with pytest.raises(ConfigError, match=rf"bots\.tg\.{named}: expected"):
        check(Settings(token=Secret("1:abc"), **settings), "tg")


@pytest.mark.parametrize("base", ["http://127.0.0.1:8081", "http://botapi:8081", "https://x.org"])
def test_a_server_in_ones_own_network_may_be_reached_over_http(base):
    check(Settings(token=Secret("1:abc"), api_base=base), "tg")
