"""What is known of one account, and what its figures mean."""

from pathlib import Path

import pytest

from bots.balances.account import is_shrinking
from bots.balances.gauges import BalanceGauges
from core.ports.balances import AccountBalance, Balance, TokenBalance
from tests.alerts.stage import acting
from tests.commands.clock import ManualClock


def account(total: int, used: int) -> AccountBalance:
    return AccountBalance(
        free_nano_usd=0,
        bonus_nano_usd=0,
        paid_nano_usd=total,
        total_nano_usd=total,
        used_nano_usd=used,
        requests=0,
    )


@pytest.mark.parametrize(
    ("before", "now", "shrinks"),
    [
        (account(100, 10), account(100, 30), False),
        (account(100, 10), account(80, 30), True),
        (account(100, 10), account(130, 30), None),
        (account(100, 10), account(100, 10), None),
        (None, account(100, 30), None),
    ],
)
def test_whether_a_total_is_what_is_left_is_seen_by_how_it_moves(
    before: AccountBalance | None, now: AccountBalance, shrinks: bool | None
) -> None:
    assert is_shrinking(before, now) is shrinks


async def test_what_was_seen_of_an_account_outlives_the_process(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        await scene.looks()
        await scene.spends(100)
        await scene.looks()
        assert scene.watch.balances.accounts["main"].known.shrinks is False
        await scene.site.restart()
        assert scene.watch.balances.accounts["main"].known.shrinks is None
        await scene.looks()
        assert scene.watch.balances.accounts["main"].known.shrinks is False


def test_gauges_tell_of_configured_tokens_and_how_old_the_reading_is() -> None:
    clock = ManualClock()
    tokens = (
        TokenBalance(alias="key", remaining_nano_usd=1_500_000_000, used_nano_usd=500_000_000),
        TokenBalance(alias="free", unlimited=True, used_nano_usd=0),
        TokenBalance(alias="", remaining_nano_usd=7, used_nano_usd=7),
    )
    balance = Balance(relay="main", tokens=tokens, read_at=clock.now())
    clock.pass_(seconds=90)
    told = {
        (sample.name, sample.labels.get("token", "")): sample.value
        for metric in BalanceGauges(lambda: [balance], clock).collect()
        for sample in metric.samples
    }
    assert told == {
        ("parley_relay_left_usd", "key"): 1.5,
        ("parley_relay_used_usd", "key"): 0.5,
        ("parley_relay_used_usd", "free"): 0.0,
        ("parley_relay_reading_age_seconds", ""): 90.0,
    }
