import asyncio

import pytest

from core.model import ReplacePair, SetSetting, StartAfresh, TurnState
from tests.store.conftest import on_disk
from tests.store.talk import answer, ask, exchange, message, pair, texts

ANN = "web/bot/ann"


async def many(store, count):
    for n in range(count):
        await exchange(store, f"m{n:02}", f"question {n:02}", f"answer {n:02}")


@pytest.mark.parametrize(
    ("chars", "turns"),
    [(0, 2), (19, 2), (20, 4), (39, 4), (40, 6), (2000, 20), ("unlimited", 20)],
)
async def test_recent_has_as_many_pairs_as_hold_more_than_the_limit(place, store, chars, turns):
    await many(store, 10)
    warm = texts(await store.recent(ANN, chars))
    store = await place.reopen()
    assert texts(await store.recent(ANN, chars)) == warm
    assert warm == texts(await store.log(ANN, 99))[-turns:]


async def test_a_larger_limit_after_a_smaller_one_sees_more(store):
    await many(store, 4)
    assert len(await store.recent(ANN, 5)) == 2
    assert len(await store.recent(ANN, 2000)) == 8
    assert len(await store.recent(ANN, 5)) == 2


@pytest.mark.parametrize(
    "turns",
    [
        pair("m2", "a" * 500, "b" * 500, TurnState.FAILED),
        pair("m2", "/image " + "a" * 500, ""),
        pair("m2", "", "words heard" * 50),
        pair("m2", " \n", "a" * 500),
        pair("m2", "a" * 500, "")[:1],
    ],
)
async def test_only_what_a_model_may_be_sent_is_recent(place, store, turns):
    await exchange(store, "m1", "long ago", "yes")
    await store.recent(ANN, 100)
    asked = message("m2")
    await ask(store, asked)
    await store.commit(answer(asked, "sorry", turns=turns))
    for opened in (store, await place.open()):
        assert texts(await opened.recent(ANN, 100)) == ["long ago", "yes"]


async def test_what_is_remembered_in_memory_follows_every_commit(place, store):
    for n in range(12):
        kept = list(await store.recent(ANN, 60))
        fresh = await (await place.open()).recent(ANN, 60)
        assert kept == list(fresh)
        await exchange(store, f"m{n:02}", "q" * n, "a" * (20 - n))


async def test_after_a_fresh_start_nothing_earlier_is_sent(place, store):
    await exchange(store, "m1", "old", "old answer")
    await store.recent(ANN, 2000)
    new = message("m2", text="/new")
    await ask(store, new)
    await store.commit(answer(new, "done", turns=(), effects=(StartAfresh(conversation=ANN),)))
    assert texts(await store.recent(ANN, "unlimited")) == []
    await exchange(store, "m3", "young", "young answer")
    assert texts(await store.recent(ANN, "unlimited")) == ["young", "young answer"]
    store = await place.reopen()
    assert texts(await store.recent(ANN, "unlimited")) == ["young", "young answer"]
    assert len(await store.log(ANN, 99)) == 4


async def test_a_fresh_start_is_one_conversations_own(store):
    await exchange(store, "m1", "ann's", "yes")
    await exchange(store, "m2", "bob's", "yes", who="bob")
    new = message("m3")
    await ask(store, new)
    await store.commit(answer(new, "ok", turns=(), effects=(StartAfresh(conversation=ANN),)))
    assert texts(await store.recent("web/bot/bob", 2000)) == ["bob's", "yes"]


async def test_a_replaced_pair_is_kept_but_not_recent(place, store):
    await exchange(store, "m1", "q", "first answer")
    await store.recent(ANN, 2000)
    again = message("m2")
    await ask(store, again)
    turns = pair("m2", "q", "second answer")
    effects = (ReplacePair(message_id="m1"),)
    await store.commit(answer(again, "second answer", turns=turns, effects=effects))
    for opened in (store, await place.open()):
        assert texts(await opened.recent(ANN, 2000)) == ["q", "second answer"]
        states = [(t.text, t.state.value) for t in await opened.log(ANN, 2000)]
        assert states == [
            ("q", "replaced"),
            ("first answer", "replaced"),
            ("q", "complete"),
            ("second answer", "complete"),
        ]


async def test_the_log_has_the_latest_turns_oldest_first(store):
    await many(store, 5)
    assert texts(await store.log(ANN, 3)) == ["answer 03", "question 04", "answer 04"]
    assert await store.log("nobody's", 3) == []


async def test_a_pair_is_found_by_its_message(store):
    await many(store, 3)
    assert texts(await store.pair("m01")) == ["question 01", "answer 01"]
    assert await store.pair("m99") == []


async def test_settings_change_with_the_commit_and_can_be_taken_back(place, store):
    assert await store.settings(ANN) == {}
    first = message("m1")
    await ask(store, first)
    effects = (
        SetSetting(scope=ANN, name="model", value="main:a"),
        SetSetting(scope=ANN, name="voice", value="nova"),
        SetSetting(scope=ANN, name="model", value="main:b"),
    )
    await store.commit(answer(first, "ok", effects=effects))
    assert await store.settings(ANN) == {"model": "main:b", "voice": "nova"}
    second = message("m2")
    await ask(store, second)
    await store.commit(
        answer(second, "ok", effects=(SetSetting(scope=ANN, name="voice", value=None),))
    )
    assert await store.settings(ANN) == {"model": "main:b"}
    store = await place.reopen()
    assert await store.settings(ANN) == {"model": "main:b"}


async def test_a_caller_cannot_change_the_settings_that_are_remembered(store):
    settings = dict(await store.settings(ANN))
    settings["model"] = "x"
    assert await store.settings(ANN) == {}


@on_disk
async def test_history_read_while_it_is_written_is_right_afterwards(store):
    for n in range(40):
        asked = message(f"m{n}", text=f"q{n}")
        await ask(store, asked)
        store._recent.clear()
        reads = [asyncio.create_task(store.recent(ANN, "unlimited")) for _ in range(3)]
        writing = asyncio.create_task(store.commit(answer(asked, f"a{n}")))
        await asyncio.gather(*reads, writing)
        assert list(await store.recent(ANN, "unlimited")) == list(await store.log(ANN, 999))
