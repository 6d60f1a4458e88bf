"""Who is known by having written or cost something, and what of it has no price."""

import sqlite3
from datetime import timedelta

from msgspec import structs

from core.amounts import Amounts
from storage.sqlite.scopes import ScopeReads
from tests.store.conftest import on_disk
from tests.store.talk import DAY, NOW, SPEND, account, answer, ask, message

BOTS = ("bot", "other")


async def test_whoever_has_written_is_seen_on_whichever_bot_and_others_are_not(store):
    await ask(store, message("m1", "ann"))
    assert await store.seen("person:web:ann", BOTS)
    assert not await store.seen("person:web:an", BOTS)
    assert not await store.seen("person:qq:ann", BOTS)
    assert not await store.seen("person:web:ann", ("other",))


async def test_a_group_is_seen_once_somebody_wrote_there_and_a_talk_alone_is_none(store):
    await ask(store, message("m1", "ann"))
    await ask(store, message("m2", "ann", chat="club"))
    assert await store.seen("group:web:club", BOTS)
    assert not await store.seen("group:web:ann", BOTS)
    assert not await store.seen("group:web:clubs", BOTS)


async def test_whoever_cost_something_is_seen_after_his_messages_are_erased(store):
    asked = message("m1", "ann")
    await ask(store, asked)
    paid = structs.replace(answer(asked, "yes", spends=(SPEND,)), account=account("ann"))
    await store.commit(paid)
    await store.sweep(NOW + timedelta(days=60), keep_days=1)
    assert await store.seen("person:web:ann", ())


async def test_calls_of_unknown_price_are_counted_by_scope_and_day(store):
    asked = message("m1", "ann")
    await ask(store, asked)
    spends = (SPEND, SPEND, structs.replace(SPEND, nano_usd=7))
    await store.commit(structs.replace(answer(asked, "yes", spends=spends), account=account("ann")))
    assert await store.unpriced("person:web:ann", DAY) == 2
    assert await store.unpriced("all", DAY) == 2
    assert await store.unpriced("all", "2026-11-22") == 0
    assert await store.unpriced("person:web:bob", DAY) == 0
    assert (await store.used("all", DAY)) == Amounts(messages=1, tokens=36, nano_usd=7)


@on_disk
async def test_who_is_seen_is_found_by_an_index_alone(place, store):
    names = ("people", "identity", "platform", "bots", "chat", "talks", "scope")
    with sqlite3.connect(place.folder / "parley.db") as connection:
        reads = ScopeReads(connection)
        for query in (reads._person, reads._group):
            asked = dict.fromkeys(names, "[]")
            plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", asked).fetchall()
            tables = ("inbox", "spends", "counters")
            steps = [step[3] for step in plan if any(name in step[3] for name in tables)]
            assert len(steps) == 2
            assert all(step.startswith("SEARCH") for step in steps)
    connection.close()
