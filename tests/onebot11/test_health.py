"""When an account counts as deaf, and what /readyz reads of it."""

import logging

import pytest

from adapters.onebot11.adapter import WATCH_S
from adapters.onebot11.health import AWAY_S
from tests.onebot11.stage import event, playing, tell

LIFECYCLE = {"post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect"}


def beat(*, online=True, interval=30_000):
    status = {"online": online, "good": True}
    return {
        "post_type": "meta_event", "meta_event_type": "heartbeat",
        "status": status, "interval": interval,
    }  # fmt: skip


@pytest.fixture
async def stage():
    async with playing(silence_s=120.0) as playing_now:
        yield playing_now


async def after(stage, socket, *frames):
    """The trouble once these frames were read."""
    count = len(stage.messages)
    await tell(socket, *frames, event(message_id=count + 1, user_id=30_000 + count))
    await stage.heard(count + 1)
    return stage.adapter.trouble


async def test_nobody_dialling_in_is_trouble_after_a_while(stage):
    assert stage.adapter.trouble == ""
    await stage.time.pass_(AWAY_S + 1)
    assert "no QQ account has connected" in stage.adapter.trouble
    async with stage.socket() as socket:
        assert await after(stage, socket, LIFECYCLE) == ""


async def test_a_named_account_that_does_not_dial_in_is_trouble():
    async with playing(accounts=("10000", "20000")) as stage, stage.socket("10000") as socket:
        await stage.time.pass_(AWAY_S + 1)
        trouble = await after(stage, socket, LIFECYCLE)
    assert "account 20000: not connected" in trouble
    assert "10000" not in trouble


async def test_a_short_absence_is_none_and_a_long_one_is_trouble_until_it_is_back(stage):
    async with stage.socket() as socket:
        await after(stage, socket, LIFECYCLE)
    await stage.until(lambda: not stage.adapter._accounts.of("10000").is_whole)
    assert stage.adapter.trouble == ""
    await stage.time.pass_(AWAY_S + 1)
    assert "account 10000: not connected" in stage.adapter.trouble
    async with stage.socket() as socket:
        assert await after(stage, socket, LIFECYCLE) == ""


async def test_an_account_that_promised_heartbeats_and_fell_silent_is_deaf(stage):
    async with stage.socket() as socket:
        assert await after(stage, socket, beat()) == ""
        await stage.time.pass_(121)
        assert "nothing heard for 121 s" in stage.adapter.trouble
        assert await after(stage, socket, beat()) == ""


async def test_slow_heartbeats_are_waited_for(stage):
    async with stage.socket() as socket:
        await after(stage, socket, beat(interval=100_000))
        await stage.time.pass_(250)
        assert stage.adapter.trouble == ""
        await stage.time.pass_(60)
        assert stage.adapter.trouble


async def test_an_account_that_never_said_anything_is_deaf(stage):
    async with stage.socket():
        await stage.until(lambda: len(stage.adapter._accounts))
        await stage.time.pass_(121)
        assert "nothing heard" in stage.adapter.trouble


async def test_silence_is_no_trouble_where_no_heartbeat_was_promised(stage):
    async with stage.socket() as socket:
        await after(stage, socket, LIFECYCLE)
        await stage.time.pass_(10_000)
        assert stage.adapter.trouble == ""


async def test_an_account_that_qq_put_out_is_trouble_until_it_is_back(stage):
    async with stage.socket() as socket:
        assert "logged out" in await after(stage, socket, beat(online=False))
        assert await after(stage, socket, beat()) == ""


async def test_a_new_connection_begins_anew(stage):
    async with stage.socket() as old:
        await after(stage, old, beat(online=False))
        async with stage.socket() as new:
            assert await after(stage, new, LIFECYCLE) == ""


async def test_trouble_is_logged_when_it_begins_and_when_it_ends(caplog):
    caplog.set_level(logging.WARNING)
    async with playing(counted=True) as stage, stage.socket() as socket:
        await after(stage, socket, beat(online=False))
        for _ in range(3):
            await stage.time.pass_(WATCH_S)
        await after(stage, socket, beat())
        await stage.time.pass_(WATCH_S)
        await stage.until(lambda: "all is well again" in caplog.text)
    assert sum("logged out of QQ" in told for told in caplog.messages) == 1


async def test_a_deaf_account_is_seen_through_the_simulated_one(stage):
    async with stage.account() as onebot:
        onebot.standing.online = False
        await onebot.beat()
        await stage.until(lambda: "logged out" in stage.adapter.trouble)
        onebot.standing.online = True
        await onebot.beat()
        await stage.until(lambda: stage.adapter.trouble == "")
