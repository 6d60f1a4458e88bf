from datetime import timedelta

import pytest
from msgspec import structs

from core.errors import MediaError
from core.model import PartState
from storage.store import Swept
from tests.store.talk import (
    NOW,
    SPEND,
    account,
    answer,
    ask,
    booking,
    exchange,
    message,
    person_scope,
    texts,
)

ANN = "web/bot/ann"


async def test_what_is_older_than_the_setting_is_erased(place, store):
    for days in (100, 31, 29, 0):
        await exchange(store, f"m{days}", f"{days} days ago", "yes", days_ago=days)
    await store.recent(ANN, "unlimited")
    assert (await store.sweep(NOW, keep_days=30)).messages == 2
    for opened in (store, await place.open()):
        kept = ["29 days ago", "yes", "0 days ago", "yes"]
        assert texts(await opened.recent(ANN, "unlimited")) == kept
        assert len(await opened.exchanges("web", "bot", "ann", 99)) == 2
        assert len((await opened.export(ANN))["messages"]) == 2


async def test_unlimited_keeps_everything(store):
    await exchange(store, "m1", "long ago", "yes", days_ago=5000)
    assert (await store.sweep(NOW, keep_days="unlimited")).messages == 0
    assert texts(await store.recent(ANN, "unlimited")) == ["long ago", "yes"]


async def test_a_key_is_known_for_a_week_however_short_the_retention(store):
    young = await exchange(store, "m1", "six days ago", "yes", days_ago=6)
    old = await exchange(store, "m2", "eight days ago", "yes", days_ago=8)
    await store.sweep(NOW, keep_days=0)
    assert await store.log(ANN, 99) == []
    assert not await store.accept(young, ANN, NOW)
    assert await store.accept(old, ANN, NOW)


async def test_keys_go_a_week_after_their_content_went(store):
    asked = await exchange(store, "m1", "hello", "yes", days_ago=1)
    await store.sweep(NOW, keep_days=0)
    assert not await store.accept(asked, ANN, NOW)
    await store.sweep(NOW + timedelta(days=7), keep_days=0)
    assert await store.accept(asked, ANN, NOW)


async def test_a_message_still_to_be_answered_never_goes(store):
    await ask(store, message("m1", text="patience"), NOW - timedelta(days=400))
    await store.sweep(NOW, keep_days=1)
    assert [u.message.text for u in await store.unfinished()] == ["patience"]


@pytest.mark.parametrize("state", [PartState.PENDING, PartState.TRYING])
async def test_an_answer_still_to_be_sent_never_goes(store, state):
    asked = message("m1", text="patience")
    await ask(store, asked, NOW - timedelta(days=400))
    await store.commit(answer(asked, "soon", at=NOW - timedelta(days=400)))
    await store.mark("re m1", 0, state)
    assert (await store.sweep(NOW, keep_days=0)).messages == 0
    assert [u.delivery.states for u in await store.unfinished()] == [(state,)]
    await store.mark("re m1", 0, PartState.SENT)
    assert (await store.sweep(NOW, keep_days=0)).messages == 1


async def test_a_sweep_of_many_messages_takes_them_all(store):
    for n in range(450):
        await exchange(store, f"m{n}", "hello", "yes", days_ago=40)
    await exchange(store, "young", "hello", "yes")
    assert (await store.sweep(NOW, keep_days=30)).messages == 450
    assert len(await store.log(ANN, 999)) == 2
    assert (await store.sweep(NOW, keep_days=30)).messages == 0


async def test_old_counters_go_and_todays_stays(store):
    for n, day in enumerate(("2026-09-01", "2026-11-21")):
        asked = message(f"m{n}")
        await store.accept(asked, ANN, NOW)
        await store.claim(asked.id, "boot", booking(day=day, cap=5))
        made = answer(asked, "yes", spends=(SPEND,))
        await store.commit(structs.replace(made, account=account(day=day)))
    assert (await store.used(person_scope(), "2026-08-01")).messages == 2
    await store.sweep(NOW, keep_days="unlimited")
    assert (await store.used(person_scope(), "2026-08-01")).messages == 1


async def test_a_firing_is_remembered_for_a_week(store):
    at = NOW - timedelta(days=6)
    await store.fire("digest", at)
    await store.sweep(NOW, keep_days="unlimited")
    assert not await store.fire("digest", at)


async def test_files_go_with_the_messages_that_needed_them(place, store):
    old, young = await place.media.put(b"old"), await place.media.put(b"young")
    for name, blob, days in (("m1", old, 40), ("m2", young, 0)):
        asked = message(name, media=(blob,))
        await ask(store, asked, NOW - timedelta(days=days))
        await store.commit(answer(asked, "nice", at=NOW - timedelta(days=days)))
        await store.mark(f"re {name}", 0, PartState.SENT)
    await store.sweep(NOW, keep_days=30)
    assert await place.media.get(young) == b"young"
    with pytest.raises(MediaError):
        await place.media.get(old)


async def test_a_file_that_nothing_ever_needed_goes_after_its_grace(place, store):
    blob = await place.media.put(b"never sent")
    soon, later = NOW.now(NOW.tzinfo), NOW.now(NOW.tzinfo) + timedelta(hours=2)
    assert await store.sweep(soon, keep_days="unlimited") == Swept(messages=0, files=0)
    assert await place.media.get(blob)
    assert await store.sweep(later, keep_days="unlimited") == Swept(messages=0, files=1)
    with pytest.raises(MediaError):
        await place.media.get(blob)
