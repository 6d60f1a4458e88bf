"""Messages that another one took in end with it."""

from datetime import timedelta

import pytest
from msgspec import structs

from core.errors import MessageEnded
from core.model import Forget, PartState
from storage.store import SqlStore
from tests.store.conftest import Place
from tests.store.talk import NOW, answer, ask, exchange, message

PICTURE = message("m1", text="", media=("ab" * 32,))
QUESTION = message("m2", text="what is it?")
TOGETHER = structs.replace(answer(QUESTION, "a cat"), also=("m1",))


async def _came(store: SqlStore) -> None:
    assert await store.accept(PICTURE, "web/bot/ann", NOW)
    await ask(store, QUESTION)


async def _left(store: SqlStore) -> list[str]:
    return [left.message.id for left in await store.unfinished()]


async def test_they_end_in_the_same_transaction(store: SqlStore, place: Place) -> None:
    await _came(store)
    assert await _left(store) == ["m1", "m2"]
    await store.commit(TOGETHER)
    store = await place.reopen()
    assert await _left(store) == ["m2"]
    await store.mark("re m2", 0, PartState.SENT)
    assert await _left(store) == []


async def test_they_are_set_aside_together(store: SqlStore) -> None:
    await _came(store)
    await store.commit(structs.replace(answer(QUESTION, turns=(), dead="poison"), also=("m1",)))
    assert await _left(store) == []


async def test_the_same_commit_again_changes_nothing(store: SqlStore) -> None:
    await _came(store)
    await store.commit(TOGETHER)
    await store.commit(TOGETHER)
    assert [turn.text for turn in await store.log("web/bot/ann", 9)] == ["what is it?", "a cat"]


async def test_a_commit_that_comes_too_late_ends_nothing(store: SqlStore) -> None:
    await _came(store)
    await store.commit(answer(QUESTION, "alone", reply_id="another"))
    with pytest.raises(MessageEnded):
        await store.commit(TOGETHER)
    assert "m1" in await _left(store)


async def test_what_was_taken_in_is_not_answered_apart(store: SqlStore) -> None:
    await _came(store)
    await store.commit(TOGETHER)
    with pytest.raises(MessageEnded):
        await store.claim("m1", "boot", None)


async def test_what_was_taken_in_and_ended_before_does_no_harm(store: SqlStore) -> None:
    await _came(store)
    await store.commit(answer(PICTURE, "a picture"))
    await store.commit(TOGETHER)
    assert [turn.message_id for turn in await store.log("web/bot/ann", 9)] == ["m1"] * 2 + [
        "m2"
    ] * 2


async def test_forgetting_a_person_forgets_what_was_taken_in(store: SqlStore) -> None:
    await _came(store)
    await store.commit(TOGETHER)
    await ask(store, message("m3"))
    person = TOGETHER.person
    await store.commit(answer(message("m3"), turns=(), effects=(Forget(person=person),)))
    kept = await store.export(person)
    assert [row["message"]["id"] for row in kept["messages"]] == ["m3"]
    assert kept["messages"][0]["message"]["parts"] == ()
    assert await _left(store) == []


async def test_what_is_forgotten_before_its_answer_came_stays_unanswered(store: SqlStore) -> None:
    await _came(store)
    await ask(store, message("m3"))
    await store.commit(answer(message("m3"), turns=(), effects=(Forget(person=TOGETHER.person),)))
    with pytest.raises(MessageEnded):
        await store.commit(TOGETHER)
    assert await _left(store) == []


async def test_content_past_its_time_is_erased_of_what_was_taken_in_too(store: SqlStore) -> None:
    await _came(store)
    await store.commit(TOGETHER)
    await store.mark("re m2", 0, PartState.SENT)
    await exchange(store, "m9", "hello", "hi")
    swept = await store.sweep(NOW + timedelta(days=31), keep_days=30)
    assert swept.messages == 3
    assert (await store.export(TOGETHER.person))["messages"] == []
