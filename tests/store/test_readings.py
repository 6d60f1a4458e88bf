"""The ledger beside a relay's own figure: exactly what was spent between two readings."""

from datetime import datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from core.model import Spend
from core.ports.balances import TokenBalance
from core.quota.drift import Drift
from storage.readings import ACCOUNT, BILLING, OWN, Reading, SweepReadings
from storage.store import SqlStore
from tests.store.conftest import on_disk
from tests.store.talk import NOW, account, answer, ask, message

MICROSECOND, HOUR = timedelta(microseconds=1), timedelta(hours=1)
LATER = NOW + HOUR
CALL = Spend(kind="chat", relay="main", model="m", key="ann", at=NOW, nano_usd=100)

pytestmark = [on_disk]


def reading(used: int, at: datetime = NOW, alias: str = "ann", subject: str = "hash") -> Reading:
    token = TokenBalance(alias=alias, used_nano_usd=used)
    return Reading(
        relay="main",
        subject=subject,
        alias=alias,
        at=at,
        used_nano_usd=used,
        detail=msgspec.json.encode(token).decode(),
    )


async def spent(store: SqlStore, *spends: Spend) -> None:
    asked = message(f"m{spends[0].at}{spends[0].key}")
    await ask(store, asked)
    await store.commit(replace(answer(asked, "yes", spends=spends), account=account("ann")))


async def apart(store: SqlStore, since: datetime = NOW, until: datetime = LATER) -> Drift | None:
    drifts = await store.readings.drifts(since, until)
    return drifts[0] if drifts else None


async def test_a_call_at_the_first_reading_was_before_it_and_one_at_the_last_is_in_it(store):
    await store.readings.note([reading(0)])
    await store.readings.note([reading(300, LATER)])
    for at in (NOW - MICROSECOND, NOW, NOW + MICROSECOND, LATER, LATER + MICROSECOND):
        await spent(store, replace(CALL, at=at))
    drift = await apart(store)
    assert (drift.since, drift.until) == (NOW, LATER)
    assert (drift.calls, drift.ledger_nano_usd, drift.relay_nano_usd) == (2, 200, 300)


async def test_only_calls_by_the_same_key_of_the_same_relay_are_compared(store):
    await store.readings.note([reading(0)])
    await store.readings.note([reading(100, LATER)])
    soon = replace(CALL, at=NOW + MICROSECOND)
    await spent(store, soon, replace(soon, key="bob"), replace(soon, relay="spare"))
    await spent(store, replace(soon, key=""))
    drift = await apart(store)
    assert (drift.alias, drift.calls, drift.percent) == ("ann", 1, 0)


async def test_what_may_not_have_been_billed_is_in_it_and_counted_apart(store):
    await store.readings.note([reading(0)])
    await store.readings.note([reading(200, LATER)])
    soon = replace(CALL, at=NOW + MICROSECOND)
    await spent(store, soon, replace(soon, unsure=True), replace(soon, nano_usd=None))
    drift = await apart(store)
    assert (drift.calls, drift.unsure, drift.unpriced, drift.ledger_nano_usd) == (3, 1, 1, 200)
    assert not drift.comparable


@pytest.mark.parametrize(
    ("subject", "compared"), [("hash", True), (OWN + "ann", True), (BILLING + "ann", False)]
)
async def test_what_may_be_told_of_a_whole_account_is_not_compared(store, subject, compared):
    for used, at in ((0, NOW), (100, LATER)):
        await store.readings.note([reading(used, at, subject=subject)])
        await store.readings.note([reading(used, at, alias="", subject=ACCOUNT)])
    assert [drift.alias for drift in await store.readings.drifts(NOW, LATER)] == (
        ["ann"] if compared else []
    )


async def test_a_single_reading_is_compared_with_nothing(store):
    await store.readings.note([reading(100)])
    assert await apart(store) is None
    assert await apart(store, LATER, LATER + HOUR) is None


async def test_what_says_nothing_new_is_kept_after_an_hour_and_not_before(store):
    await store.readings.note([reading(100)])
    await store.readings.note([reading(100, LATER - MICROSECOND)])
    assert await apart(store, NOW, LATER) is None
    await store.readings.note([reading(100, LATER)])
    assert (await apart(store, NOW, LATER)).until == LATER


async def test_what_is_older_than_kept_is_dropped_and_what_is_as_old_is_not(store):
    for used, at in ((0, NOW), (1, NOW + MICROSECOND), (2, LATER)):
        await store.readings.note([reading(used, at)])
    await store.readings.writes.submit(SweepReadings(before=NOW + MICROSECOND))
    drift = await apart(store, NOW)
    assert (drift.since, drift.relay_nano_usd) == (NOW + MICROSECOND, 1)
