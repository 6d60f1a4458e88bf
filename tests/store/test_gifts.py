"""What is given on top of a limit adds up, whoever gives at the same time."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta

from core.model import Grant
from core.quota.gift import added
from tests.store.conftest import on_disk
from tests.store.talk import NOW, answer, ask, message

NAME = "person:web:ann usd_month 2026-11-01"


async def given_in_chat(store, number: int, amount: str) -> None:
    asked = message(f"m{number}", f"boss{number}")
    await ask(store, asked)
    await store.commit(answer(asked, "done", effects=(Grant(name=NAME, amount=amount),)))


def changes(place) -> list[tuple[str | None, str]]:
    with closing(sqlite3.connect(place.folder / "parley.db")) as other:
        query = "SELECT before, after FROM changes WHERE scope = 'grants' ORDER BY seq"
        return other.execute(query).fetchall()


@on_disk
async def test_gifts_at_the_same_moment_from_chats_and_the_terminal_all_count(place, store):
    chats = [given_in_chat(store, number, "0.1") for number in range(60)]
    terminal = [
        store.decide([Grant(name=NAME, amount="1.000000001")], "terminal", f"order {number}")
        for number in range(40)
    ]
    await asyncio.gather(*chats, *terminal)
    assert store.decided("grants") == {NAME: "46.00000004"}
    noted = changes(place)
    assert len(noted) == 100
    assert [before for before, _ in noted] == [None, *(after for _, after in noted[:-1])]
    assert noted[-1][1] == "46.00000004"
    assert (await place.reopen()).decided("grants") == {NAME: "46.00000004"}


async def test_the_same_answer_kept_again_gives_nothing_more(store):
    asked = message("m1", "boss")
    await ask(store, asked)
    commit = answer(asked, "done", effects=(Grant(name=NAME, amount="2"),))
    await asyncio.gather(*(store.commit(commit) for _ in range(5)))
    assert store.decided("grants") == {NAME: "2"}


@on_disk
async def test_an_order_that_is_carried_out_again_gives_nothing_more_across_restarts_too(
    place, store
):
    gift = [Grant(name=NAME, amount="2")]
    times = await asyncio.gather(*(store.decide(gift, "terminal", "one") for _ in range(5)))
    assert sorted(times) == [False, False, False, False, True]
    store = await place.reopen()
    assert not await store.decide(gift, "terminal", "one")
    assert await store.decide(gift, "terminal", "two")
    assert store.decided("grants") == {NAME: "4"}
    assert changes(place) == [(None, "2"), ("2", "4")]


@on_disk
async def test_gifts_of_periods_long_over_are_swept_and_others_are_not(place, store):
    old = "person:web:a b usd_day 2026-09-18"
    young = "group:web:1 tokens_day 2026-09-19"
    for name in (old, young, NAME):
        await store.decide([Grant(name=name, amount="1")], "terminal")
    await store.sweep(NOW, keep_days="unlimited")
    left = {young: "1", NAME: "1"}
    assert store.decided("grants") == left
    assert await store.decide([Grant(name=NAME, amount="1")], "terminal")
    store = await place.reopen()
    assert store.decided("grants") == left | {NAME: "2"}
    await store.sweep(NOW + timedelta(days=100), keep_days="unlimited")
    assert (await place.reopen()).decided("grants") == {}


def test_what_is_given_adds_up_exactly():
    assert added(None, "0.1") == "0.1"
    assert added("0.1", "0.2") == "0.3"
    assert added("999999999.000000001", "0.999999999") == "1000000000"
    assert added("10", "90") == "100"
