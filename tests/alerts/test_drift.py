"""The ledger beside the relay's own figure, token by token, by differences over time."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from bots.config.model import Alerts
from core.amounts import NANO
from core.quota.drift import Drift
from core.response import QUOTA_PER_USD
from tests.alerts.stage import Scene, acting, only

NANO_PER_UNIT = NANO // QUOTA_PER_USD
PICTURE = 20_000
"""Quota units: 4 cents."""


async def begin(scene: Scene) -> None:
    """The sandbox knows a token from its first call on."""
    await scene.boss.asks("hello")
    await scene.looks()
    scene.site.clock.pass_(seconds=1)


async def compared(scene: Scene) -> Drift:
    now = scene.site.clock.now()
    (drift,) = await scene.watch.drifts(now - timedelta(days=1), now)
    return drift


async def test_what_the_bot_spent_is_what_the_relay_counted_to_the_unit(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        await begin(scene)
        for number in range(5):
            await scene.boss.asks(f"question {number}")
        await scene.boss.asks("/image a house")
        assert await scene.looks() == []
        drift = await compared(scene)
        assert drift.alias == "key"
        assert drift.calls == 6
        assert drift.ledger_nano_usd == drift.relay_nano_usd > 4 * NANO // 100
        assert drift.percent == 0


async def test_what_another_program_spends_with_the_key_is_told_once(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        await begin(scene)
        await scene.boss.asks("/image a house")
        await scene.spends(6000)
        assert "-2" in only(await scene.looks())
        await scene.site.restart()
        assert await scene.looks() == []
        drift = await compared(scene)
        assert drift.ledger_nano_usd == PICTURE * NANO_PER_UNIT
        assert drift.percent
        assert -26 < drift.percent < -22


async def test_a_token_is_compared_from_the_last_reading_before(tmp_path: Path) -> None:
    """Readings that say the same are not kept for an hour: nothing was spent meanwhile."""
    async with acting(tmp_path) as scene:
        await begin(scene)
        for _ in range(4):
            await scene.looks()
        assert len(scene.site.rows("SELECT * FROM readings WHERE subject = 'account'")) == 1
        await scene.boss.asks("/image a house")
        await scene.looks(after_s=4000)
        now = scene.site.clock.now()
        (drift,) = await scene.watch.drifts(now - timedelta(minutes=1), now)
        assert (drift.calls, drift.percent) == (1, 0)
        assert drift.since < now - timedelta(minutes=60)


async def test_readings_that_say_the_same_are_kept_once_an_hour(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        await begin(scene)
        for _ in range(12):
            await scene.looks()
        rows = scene.site.rows("SELECT subject FROM readings")
        assert len(rows) == 2 * 3, "of the account and a token, at 0, 60 and 120 minutes"


async def test_with_an_unknown_price_nothing_is_compared(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        await begin(scene)
        await scene.boss.asks("/image a house")
        scene.site.write("UPDATE spends SET nano_usd = NULL")
        await scene.looks()
        drift = await compared(scene)
        assert (drift.unpriced, drift.comparable, drift.percent) == (1, False, None)


async def test_nothing_is_told_of_less_than_a_cent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with acting(tmp_path, alerts=Alerts(drift_percent=0.1)) as scene:
        await begin(scene)
        await scene.spends(4000)
        with caplog.at_level(logging.WARNING):
            assert await scene.looks() == []
        assert caplog.records == []
