"""What a person spent, and what is set aside for what is being worked on."""

import sqlite3
from datetime import timedelta

from msgspec import structs

from core.amounts import Amounts
from core.model import Spend
from core.ports.store import Spent
from storage.sqlite.spent import SpentReads
from tests.store.conftest import on_disk
from tests.store.talk import (
    DAY,
    NOW,
    SPEND,
    account,
    answer,
    ask,
    booking,
    message,
    person_scope,
)

YESTERDAY = "2026-11-20"


async def pays(store, name: str, *spends: Spend, who: str = "ann", day: str = DAY) -> None:
    asked = message(name, who)
    await ask(store, asked)
    await store.commit(
        structs.replace(answer(asked, "yes", spends=spends), account=account(who, day))
    )


async def test_spends_are_summed_by_kind_since_a_day(store):
    await pays(
        store,
        "m1",
        structs.replace(SPEND, nano_usd=100),
        structs.replace(SPEND, relay="spare", estimated=True, unsure=True, nano_usd=7),
        structs.replace(SPEND, prompt_tokens=10),
        Spend(kind="image", relay="main", model="d", at=NOW, images=2, nano_usd=0),
        Spend(kind="speech", relay="main", model="s", at=NOW, characters=9),
        Spend(kind="transcription", relay="main", model="w", at=NOW, audio_s=1.5),
    )
    assert await store.spent("web:ann", DAY) == [
        Spent(
            kind="chat",
            calls=3,
            prompt_tokens=20,
            completion_tokens=21,
            nano_usd=107,
            unpriced=1,
            estimated=1,
            unsure=1,
        ),
        Spent(kind="image", calls=1, images=2),
        Spent(kind="speech", calls=1, characters=9, unpriced=1),
        Spent(kind="transcription", calls=1, audio_s=1.5, unpriced=1),
    ]


async def test_a_day_is_the_accounting_day_and_none_means_in_all(store):
    await pays(store, "m1", SPEND, day=YESTERDAY)
    await pays(store, "m2", SPEND)
    assert [s.calls for s in await store.spent("web:ann", DAY)] == [1]
    assert [s.calls for s in await store.spent("web:ann", YESTERDAY)] == [2]
    assert [s.calls for s in await store.spent("web:ann")] == [2]


async def test_nobody_is_told_what_others_spent(store):
    await pays(store, "m1", SPEND, who="bob")
    assert await store.spent("web:ann") == []


async def test_a_person_is_the_same_on_all_bots_of_a_platform(store):
    await pays(store, "m1", SPEND)
    other = structs.replace(account(), person="web/other/ann", bot="other")
    await store.charge("m2", other, (SPEND,))
    assert [s.calls for s in await store.spent("web:ann")] == [2]


async def test_what_is_reserved_is_told_apart_until_it_is_settled(store):
    asked, wanted = message("m1"), Amounts(messages=1, tokens=500, nano_usd=3)
    await store.accept(asked, "web/bot/ann", NOW)
    await store.claim("m1", "boot", booking(amounts=wanted))
    for scope in (person_scope(), "bot:bot", "all"):
        assert await store.held(scope, DAY, NOW) == wanted
    for scope in (person_scope("bob"), "bot:other", "group:web:g"):
        assert await store.held(scope, DAY, NOW) == Amounts()
    assert await store.used(person_scope(), DAY) == Amounts()
    await store.commit(answer(asked, "yes", spends=(SPEND,)))
    assert await store.held(person_scope(), DAY, NOW) == Amounts()


async def test_what_is_reserved_in_a_group_is_the_groups_too(store):
    wanted = Amounts(messages=1, images=2)
    await store.accept(message("m1", chat="club"), "web/bot/club", NOW)
    there = structs.replace(account(), place="web:club")
    await store.claim("m1", "boot", structs.replace(booking(amounts=wanted), account=there))
    for scope in (person_scope(), "group:web:club", "bot:bot", "all"):
        assert await store.held(scope, DAY, NOW) == wanted
    assert await store.held("group:web:pub", DAY, NOW) == Amounts()


@on_disk
async def test_what_was_reserved_too_long_ago_is_held_no_more(store):
    await store.accept(message("m1"), "web/bot/ann", NOW)
    await store.claim("m1", "boot", booking())
    assert await store.held("all", DAY, NOW + timedelta(hours=2)) == Amounts()


@on_disk
async def test_what_somebody_spent_is_found_without_a_look_at_others(place, store):
    """In all, too: the index begins with the identity."""
    with sqlite3.connect(place.folder / "parley.db") as connection:
        reads = SpentReads(connection)
        asked = {"identity": "web:ann", "since": ""}
        plan = connection.execute(f"EXPLAIN QUERY PLAN {reads._spent}", asked).fetchall()
    connection.close()
    [search] = [step[3] for step in plan if "spends" in step[3]]
    assert search == "SEARCH spends USING INDEX ix_spends_identity_day (identity=? AND day>?)"
