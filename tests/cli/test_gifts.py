"""`parley quota grant`, several at once, and one whose order is carried out twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bots.config import load
from bots.instance import sole_use
from bots.orders import Orders, leave
from bots.quota.decide import give_more
from bots.quota.orders import DECIDE, QuotaOrders, payload_of, settings_of
from core.errors import ConfigError
from core.model import Grant
from storage.media import FileMedia
from storage.store import SqlStore
from tests.cli.kept import folder

__all__ = ["folder"]

MORE = """
[limits]
member = { usd_month = 5 }
[people]
allow = ["web:*"]
"""
MONTH = datetime.now(UTC).strftime("%Y-%m-01")
NAME = f"person:web:ann usd_month {MONTH}"


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[SqlStore]:
    """Of the process that works with the data folder."""
    with (folder / "config.toml").open("a") as file:
        file.write(MORE)
    data = folder / "data"
    with sole_use(data):
        store = await SqlStore.open(f"sqlite:///{data}/parley.db", FileMedia(data / "media"))
        yield store
        await store.close()


async def test_gifts_from_several_terminals_at_once_all_count(
    folder: Path, store: SqlStore, capsys
) -> None:
    config, orders = load(Path("config.toml")), Orders(folder / "data", QuotaOrders(store).does())
    orders.start()
    try:
        await asyncio.gather(*(give_more(config, "person:web:ann", "1 usd") for _ in range(6)))
    finally:
        orders.stop()
    assert store.decided("grants") == {NAME: "6"}
    told = capsys.readouterr().out
    assert all(f"${used}.00 of it granted" in told for used in (1, 6)), told


async def test_an_order_that_is_carried_out_twice_gives_once(
    folder: Path, store: SqlStore, caplog
) -> None:
    data = folder / "data"
    answer = leave(data, DECIDE, payload_of([Grant(name=NAME, amount="2")]))
    order = answer.with_suffix(".order")
    left = order.read_bytes()
    with caplog.at_level("INFO"):
        for _ in range(2):
            order.write_bytes(left)  # as if it could not be put away before the process ended
            assert await Orders(data, QuotaOrders(store).does()).look() == 1
            assert f'"{NAME}":"2"' in answer.read_text()
    assert store.decided("grants") == {NAME: "2"}
    assert [record.message for record in caplog.records].count("decided") == 1


@pytest.mark.parametrize("amount", ["", "-1", "1e9", "NaN", "x"])
def test_an_order_gives_no_amount_that_is_none(amount: str) -> None:
    gift = {"type": "grant", "name": NAME, "amount": amount}
    with pytest.raises(ConfigError, match="expected an order with settings"):
        settings_of({"settings": [gift]})
