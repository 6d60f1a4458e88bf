"""Sums and rows of the ledger, as reports and exports ask for them."""

import sqlite3
from contextlib import closing

from msgspec.structs import replace

from core.model import SetSetting, Spend
from core.quota.report import Figures
from storage.reading import reading
from storage.spending import Counted, Entries
from tests.store.conftest import on_disk
from tests.store.talk import DAY, NOW, account, answer, ask, booking, message

CHAT = Spend(kind="chat", relay="main", model="m", at=NOW, prompt_tokens=3, completion_tokens=4)
DEAR = replace(CHAT, nano_usd=500)
DRAWN = Spend(kind="image", relay="main", model="d", at=NOW, images=2, nano_usd=90_000)
LOST = Spend(kind="chat", relay="", model="", at=NOW, nano_usd=7, unsure=True)


async def spend(store, name: str, *spends: Spend, who: str = "ann", day: str = DAY) -> None:
    asked = message(name, who)
    await ask(store, asked)
    commit = answer(asked, "yes", spends=spends)
    await store.commit(replace(commit, account=account(who, day)))


@on_disk
async def test_a_report_sums_by_person_model_and_kind_dearest_first(store):
    await spend(store, "m1", DEAR, DEAR, CHAT)
    await spend(store, "m2", DRAWN, LOST, who="bob")
    report = await store.spending(DAY, DAY)
    chats = Figures(calls=3, prompt_tokens=9, completion_tokens=12, nano_usd=1000, unpriced=1)
    lost = Figures(calls=1, nano_usd=7, unsure=1)
    assert report.by_model() == [
        ("main:d", Figures(calls=1, images=2, nano_usd=90_000)),
        ("main:m", chats),
        ("", lost),
    ]
    assert [name for name, _ in report.by_person()] == ["web:bob", "web:ann"]
    assert report.by_person()[1] == ("web:ann", chats)
    assert report.by_kind()[1] == ("chat", chats.plus(lost))
    assert report.total == chats.plus(lost).plus(Figures(calls=1, images=2, nano_usd=90_000))
    assert report.top(1) == report.by_person()[:1]


@on_disk
async def test_a_report_has_the_days_that_it_is_of_and_no_others(store):
    for day in ("2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"):
        await spend(store, day, DEAR, day=day)
    report = await store.spending("2026-11-02", "2026-11-03")
    assert report.total.calls == 2
    assert (await store.spending("2026-12-01", "2026-12-31")).lines == ()


@on_disk
async def test_rows_are_read_in_turns_each_once(place, store):
    await spend(store, "m1", DEAR, CHAT, LOST)
    await spend(store, "m2", DRAWN, who="bob")
    await store.close()
    found = []
    async with reading(place.url) as database:
        after = 0
        while rows := await database.ask(Entries(since=DAY, until=DAY, after=after, count=3)):
            found += rows
            after = rows[-1].seq
    assert [entry.spend for entry in found] == [DEAR, CHAT, LOST, DRAWN]
    assert [entry.identity for entry in found] == ["web:ann"] * 3 + ["web:bob"]
    assert {entry.day for entry in found} == {DAY}


@on_disk
async def test_what_was_decided_apart_from_messages_is_known_at_once_and_noted(place, store):
    role = SetSetting(scope="roles", name="web:ann", value="guest")
    await store.decide([role], "terminal")
    assert store.decided("roles") == {"web:ann": "guest"}
    await store.decide([role], "terminal")  # an order may be carried out twice
    await store.decide([SetSetting(scope="roles", name="web:ann", value=None)], "terminal")
    assert (await place.reopen()).decided("roles") == {}
    with closing(sqlite3.connect(place.folder / "parley.db")) as other:
        changes = other.execute("SELECT by, scope, name, before, after FROM changes").fetchall()
    assert changes == [
        ("terminal", "roles", "web:ann", None, "guest"),
        ("terminal", "roles", "web:ann", "guest", None),
    ]


@on_disk
async def test_whose_use_was_counted_is_told_with_who_has_something_reserved(place, store):
    await spend(store, "m1", DEAR)
    await store.accept(message("m2", "bob"), "web/bot/bob", NOW)
    await store.claim("m2", "boot", booking("bob", cap=5))
    async with reading(place.url) as database:
        assert await database.ask(Counted(since=DAY)) == [
            "all",
            "bot:bot",
            "person:web:ann",
            "person:web:bob",
        ]
        assert await database.ask(Counted(since="2027-01-01")) == ["person:web:bob"]
