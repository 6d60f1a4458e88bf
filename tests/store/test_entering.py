"""What is called by hand: rows of the ledger that no message asked for."""

import asyncio
from datetime import timedelta

from core.model import Spend
from core.ports.ledger import terminal_account
from tests.store.conftest import on_disk
from tests.store.talk import NOW

DAY = NOW.date().isoformat()
CALLS = (
    Spend(kind="batch", relay="main", model="a", key="key", at=NOW, prompt_tokens=7, nano_usd=30),
    Spend(kind="batch", relay="main", model="b", key="key", at=NOW, completion_tokens=5),
)


@on_disk
async def test_what_is_entered_again_is_one_set_of_rows_across_restarts_too(place, store):
    account = terminal_account(DAY)
    times = await asyncio.gather(*(store.enter("one", account, CALLS) for _ in range(5)))
    assert sorted(times) == [False] * 4 + [True]
    store = await place.reopen()
    assert not await store.enter("one", account, CALLS)
    assert not await store.enter("one", terminal_account("2026-11-22"), CALLS)
    assert await store.enter("two", account, CALLS)
    figures = (await store.spending(DAY, DAY)).total
    assert (figures.calls, figures.unpriced, figures.nano_usd) == (4, 2, 60)


@on_disk
async def test_it_counts_among_all_and_for_no_bot_and_no_message(place, store):
    await store.enter("one", terminal_account(DAY), CALLS)
    for scope in ("all", "person:terminal"):
        used = await store.used(scope, DAY)
        assert (used.messages, used.tokens, used.nano_usd) == (0, 12, 30)
    assert not await store.used("bot:", DAY)


@on_disk
async def test_calls_of_the_same_moment_under_other_names_are_others(place, store):
    later = [Spend(kind="chat", relay="main", model="a", key="key", at=NOW)]
    for name in ("one", "two"):
        assert await store.enter(name, terminal_account(DAY), later)
    moved = [Spend(kind="chat", relay="main", model="a", key="key", at=NOW + timedelta(seconds=1))]
    assert await store.enter("one", terminal_account(DAY), moved)
    assert not await store.enter("three", terminal_account(DAY), [])
    assert (await store.spending(DAY, DAY)).total.calls == 3
