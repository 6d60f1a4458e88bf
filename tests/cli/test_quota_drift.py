"""`parley quota report` lays the relay's own figure beside the ledger."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bots.cli import main
from core.amounts import NANO
from core.model import Spend
from core.ports.ledger import Account
from storage.media import FileMedia
from storage.readings import Reading
from storage.store import SqlStore

CONFIG = """
[relays.main]
profile = "sandbox"
[bots.page]
platform = "web"
"""
TODAY = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0)
ACCOUNT = Account(
    person="web/page/ann",
    conversation="web/page/ann",
    identity="web:ann",
    bot="page",
    day=TODAY.date().isoformat(),
)


def reading(used: float, after: timedelta) -> Reading:
    return Reading(
        relay="main",
        subject="hash",
        alias="key",
        at=TODAY + after,
        used_nano_usd=round(used * NANO),
        detail='{"alias":"key"}',
    )


@pytest.mark.parametrize(
    ("price", "said"), [(0.5, "-50.0 %"), (1.0, "+0.0 %"), (None, "1 calls without a known price")]
)
async def test_a_report_lays_the_relays_figure_beside_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, price: float | None, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "data").mkdir()
    store = await SqlStore.open("sqlite:///data/parley.db", FileMedia(tmp_path / "media"))
    nano = None if price is None else round(price * NANO)
    at = TODAY + timedelta(minutes=1)
    spend = Spend(kind="chat", relay="main", model="m", key="key", at=at, nano_usd=nano)
    await store.charge("m1", ACCOUNT, [spend])
    await store.readings.note([reading(3.0, timedelta())])
    await store.readings.note([reading(4.0, timedelta(minutes=2))])
    await store.close()
    report = ["quota", "report", "--from", ACCOUNT.day, "--to", ACCOUNT.day]
    await _in_a_thread(report)
    out = capsys.readouterr().out
    assert "main:key" in out
    assert said in out
    assert "$1.00" in out


async def _in_a_thread(arguments: list[str]) -> None:
    """The terminal's program has a loop of its own."""
    assert await asyncio.to_thread(main, arguments) == 0
