"""The relays are looked after: read, kept, told of once, across restarts."""

import logging
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from bots.config.model import Alerts
from bots.sandbox.faults import Status
from core.amounts import NANO
from core.model import SetSetting
from core.response import QUOTA_PER_USD
from tests.alerts.stage import acting, asked, only

NANO_PER_UNIT = NANO // QUOTA_PER_USD


async def test_balances_move_with_the_calls_to_the_unit(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        await scene.looks()
        used = await scene.spends(500)
        await scene.looks()
        (balance,) = scene.watch.balances.last
        assert balance.account
        assert balance.account.used_nano_usd == used * NANO_PER_UNIT
        (token,) = balance.tokens
        assert (token.alias, token.used_nano_usd) == ("key", used * NANO_PER_UNIT)
        assert token.remaining_nano_usd == (100_000 - used) * NANO_PER_UNIT
        assert balance.read_at == scene.site.clock.now()


@pytest.mark.parametrize(("stat", "call"), [(True, "stat"), (False, "key-quota")])
async def test_a_relay_is_asked_once_a_minute_however_often_it_is_wanted(
    tmp_path: Path, stat: bool, call: str
) -> None:
    async with acting(tmp_path, stat=stat) as scene:
        balances = scene.watch.balances
        calls = {"stat": "/api/user/stat", "key-quota": "/api/usage/token/"}
        paths = lambda: [e.path for e in scene.journal.entries()].count(calls[call])  # noqa: E731
        for _ in range(3):
            await balances.of()
        assert paths() == 1
        scene.site.clock.pass_(seconds=60)
        (balance,) = await balances.of()
        assert paths() == 2
        assert balance.unreadable_since is None


async def test_a_key_alone_is_read_where_there_is_no_account_to_be_read(tmp_path: Path) -> None:
    async with acting(tmp_path, stat=False, grant=1000) as scene:
        assert await scene.looks() == []
        await scene.asks("word " * 600)
        assert "main, key" in only(await scene.looks())
        (balance,) = scene.watch.balances.last
        assert balance.account is None
        assert balance.tokens[0].used_nano_usd
        assert balance.tokens[0].used_nano_usd > 500 * NANO_PER_UNIT


async def test_each_threshold_is_told_once_across_restarts(tmp_path: Path) -> None:
    async with acting(tmp_path, grant=4000) as scene:
        assert await scene.looks() == []
        await scene.spends(2100)
        told = await scene.looks()
        assert len(told) == 2
        assert all("main" in line for line in told)
        assert await scene.looks() == []
        await scene.site.restart()
        assert await scene.looks() == []
        await scene.spends(1200)
        told = await scene.looks()
        assert [line.count("%") for line in told] == [1, 1]
        await scene.site.restart()
        assert await scene.looks() == []


async def test_a_fall_past_several_thresholds_is_told_once_at_the_lowest(tmp_path: Path) -> None:
    async with acting(tmp_path, grant=4000) as scene:
        await scene.spends(3850)
        told = await scene.looks()
        assert len([line for line in told if "main, key" in line]) == 1
        assert await scene.looks() == []
        raised = await scene.site.house.store.announcements.raised()
        assert {key for key in raised if "token" in key} == {
            f"left/main/token/key/{level}" for level in (50, 20, 5)
        }


async def test_a_relay_out_of_reach_is_told_after_ten_minutes_and_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with acting(tmp_path) as scene:
        await scene.looks()
        scene.faults.add(Status(status=503, count="unlimited"))
        assert await scene.looks() == []
        await scene.site.restart()
        assert await scene.looks(after_s=540) == []
        assert "out of reach" in only(await scene.looks(after_s=60))
        await scene.site.restart()
        assert await scene.looks() == []
        scene.faults.clear()
        assert "again" in only(await scene.looks(after_s=60))
        assert await scene.looks() == []


async def test_a_relay_that_is_back_is_not_told_to_be_unread_before_it_was_asked(
    tmp_path: Path,
) -> None:
    async with acting(tmp_path) as scene:
        await scene.looks()
        scene.faults.add(Status(status=503, count="unlimited"))
        await scene.looks()
        assert "out of reach" in only(await scene.looks())
        scene.faults.clear()
        scene.faults.add(Status(status=401, call="stat", count="unlimited"))
        assert "again" in only(await scene.looks(after_s=30))
        back = scene.site.clock.now()
        assert await scene.looks(after_s=540) == []
        told = only(await scene.looks(after_s=60))
        assert "could not be read since" in told
        assert f"{back.astimezone(ZoneInfo('Asia/Shanghai')):%H:%M}" in told


async def test_an_account_that_cannot_be_read_says_since_when_across_restarts(
    tmp_path: Path,
) -> None:
    async with acting(tmp_path) as scene:
        await scene.looks()
        scene.faults.add(Status(status=401, call="stat", count="unlimited"))
        await scene.looks()
        since = scene.site.clock.now()
        await scene.site.restart()
        assert "could not be read since" in only(await scene.looks())
        (balance,) = scene.watch.balances.last
        assert balance.unreadable_since == since
        assert balance.read_at == since - timedelta(seconds=600)
        assert balance.account, "what was read last is shown still"
        scene.faults.clear()
        assert await scene.looks() == []
        (balance,) = scene.watch.balances.last
        assert balance.unreadable_since is None


async def test_who_has_no_chat_yet_is_told_as_soon_as_he_speaks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with acting(tmp_path, grant=4000) as scene:
        scene.site.rules = structs.replace(scene.site.rules, owners=frozenset({"qq:late"}))
        await scene.site.restart()
        await scene.spends(2100)
        with caplog.at_level(logging.WARNING):
            assert await scene.looks() == []
            assert await scene.looks() == []
        assert len([r for r in caplog.records if "nobody is told" in r.message]) == 2
        late = scene.site.person("late")
        await late.asks("/help")
        await scene.looks(after_s=60)
        assert len([line for line in late.reads if "50" in line or "%" in line]) == 2


async def test_an_admin_by_decision_is_told_and_in_a_group_nobody_is(tmp_path: Path) -> None:
    async with acting(tmp_path, grant=4000) as scene:
        store = scene.site.house.store
        await store.decide([SetSetting(scope="roles", name="qq:amy", value="admin")], "qq:boss")
        amy = scene.site.person("amy")
        await scene.site.person("amy", chat="all of us", group=True).asks("/help")
        await scene.spends(2100)
        await scene.looks()
        assert amy.reads == []
        await amy.asks("/help")
        await scene.spends(1200)
        await scene.looks()
        assert len(amy.reads) == 3
        assert not [line for line in scene.site.platform.texts("all of us") if "%" in line]


async def test_with_alerts_off_relays_are_read_and_nobody_is_told(tmp_path: Path) -> None:
    async with acting(tmp_path, grant=4000, alerts=Alerts(on=False)) as scene:
        await scene.spends(3900)
        before = asked(scene)
        assert await scene.looks() == []
        assert asked(scene) == before + 1


async def test_the_page_and_the_terminal_are_no_place_to_tell_and_everybody_is_nobody(
    tmp_path: Path,
) -> None:
    async with acting(tmp_path, grant=4000) as scene:
        site = scene.site
        site.bot("page", platform="web")
        owners = frozenset({"web:root", "console:local", "qq:*"})
        site.rules = structs.replace(site.rules, owners=owners)
        await site.restart()
        root = site.person("root", bot="page")
        await root.asks("/help")
        shown = len(root.reads)
        await scene.spends(2100)
        assert await scene.looks() == []
        assert len(root.reads) == shown
