"""What an operator asks the store: what is set aside, how old the oldest message is, its times."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from msgspec import structs

from core.model import PartState
from storage.aside import PutBack
from storage.operation import Erase
from storage.reading import reading
from storage.sqlite.aside import AsideReads
from storage.trail import Follow
from tests.store.conftest import on_disk
from tests.store.talk import NOW, answer, ask, message, pair, texts

pytestmark = on_disk


class Watch:
    def __init__(self):
        self.time = NOW

    def now(self):
        return self.time

    def passes(self, seconds):
        self.time += timedelta(seconds=seconds)
        return self.time


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
async def store(place, watch):
    return await place.open(now=watch.now)


async def trail(place, name):
    async with reading(place.url) as database:
        return await database.ask(Follow(message_id=name))


async def set_aside(store, name, who="ann", also=(), at=NOW):
    asked = message(name, who)
    await ask(store, asked)
    for taken in also:
        await store.accept(message(taken, who), "web/bot/ann", NOW)
    told = answer(asked, "sorry", turns=(), dead="why", at=at)
    await store.commit(structs.replace(told, also=tuple(also)))
    return asked


async def test_the_oldest_message_without_a_whole_answer_is_told(store, watch):
    assert (await store.backlog()).oldest_at is None
    for number in range(3):
        await store.accept(message(f"m{number}"), "c", watch.passes(10))
    assert (await store.backlog()).oldest_at == NOW + timedelta(seconds=10)
    await store.commit(answer(message("m0"), "one", "two"))
    await store.mark("re m0", 0, PartState.SENT)
    assert (await store.backlog()).oldest_at == NOW + timedelta(seconds=10)
    await store.mark("re m0", 1, PartState.TRYING)
    assert (await store.backlog()).oldest_at == NOW + timedelta(seconds=10)
    await store.mark("re m0", 1, PartState.UNKNOWN)
    assert (await store.backlog()).oldest_at == NOW + timedelta(seconds=20)


async def test_what_is_put_back_is_as_old_as_that_and_set_aside_no_more(store, watch):
    await set_aside(store, "m1")
    assert (await store.backlog()).set_aside == 1
    watch.passes(1000)
    assert await store.put_back(["m1", "unknown"]) == ("m1",)
    backlog = await store.backlog()
    assert (backlog.set_aside, backlog.oldest_at) == (0, watch.time)
    (left,) = await store.unfinished()
    assert (left.received_at, left.attempt, left.delivery) == (watch.time, 0, None)


async def test_what_one_took_in_goes_with_it_and_nothing_else(store):
    """Neither what else ended at its microsecond, nor what ended for its reason."""
    await set_aside(store, "m1", also=("a", "b"))
    await set_aside(store, "m2")
    await set_aside(store, "m3", who="bob")
    assert await store.put_back(["m1"]) == ("m1", "a", "b")
    assert await store.put_back(["m3"]) == ("m3",)
    assert await store.put_back(["m2"]) == ("m2",)


async def test_its_turns_are_not_doubled_and_others_stay(store):
    await set_aside(store, "m1")
    other = message("m2")
    await ask(store, other)
    await store.commit(answer(other, "hi"))
    await store.recent("web/bot/ann", 1000)
    failed = message("m3")
    await ask(store, failed)
    await store.commit(answer(failed, "sorry", turns=pair("m3", "q", "sorry"), dead="why"))
    assert await store.put_back(["m3"]) == ("m3",)
    assert texts(await store.recent("web/bot/ann", 1000)) == ["hello", "hi"]
    await store.claim("m3", "boot", None)
    await store.commit(answer(failed, "well", turns=pair("m3", "q", "well"), reply_id="second"))
    assert texts(await store.recent("web/bot/ann", 1000)) == ["hello", "hi", "q", "well"]
    assert texts(await store.log("web/bot/ann", 10)) == ["hello", "hi", "q", "well"]


async def test_what_was_answered_or_forgotten_is_not_put_back(store):
    asked = message("m1")
    await ask(store, asked)
    await store.commit(answer(asked, "hi"))
    await set_aside(store, "m2")
    await store.drop(["m2"])
    assert await store.put_back(["m1", "m2"]) == ()
    assert await store.drop(["m1", "m2"]) == ()
    assert (await store.backlog()).set_aside == 0


async def test_what_is_put_back_between_a_sweeps_look_and_its_erasing_stays(store):
    """A sweep looks for what is old beside the writer."""
    await set_aside(store, "m1")
    await store.mark("re m1", 0, PartState.SENT)
    submit = store._writes.submit

    def overtaken(operation):
        if isinstance(operation, Erase):
            submit(PutBack(message_ids=("m1",), at=NOW))
        return submit(operation)

    store._writes.submit = overtaken
    await store.sweep(NOW + timedelta(days=30), keep_days=1)
    assert [left.message.id for left in await store.unfinished()] == ["m1"]


async def test_a_dropped_file_goes_with_the_message_that_needed_it(place, store):
    blob = await place.media.put(b"a picture")
    asked = message("m1", media=(blob,))
    await ask(store, asked)
    await store.commit(answer(asked, "sorry", dead="why"))
    await store.drop(["m1"])
    assert not list(place.folder.glob(f"media/*/{blob}"))


async def test_claims_and_tries_are_noted_with_their_times(place, store, watch):
    asked = message("m1")
    await store.accept(asked, "c", NOW)
    first = watch.passes(1)
    await store.claim("m1", "boot", None)
    last = watch.passes(1)
    await store.claim("m1", "boot", None)
    await store.commit(answer(asked, "hi", reply_id="r"))
    tried = watch.passes(1)
    await store.mark("r", 0, PartState.TRYING)
    seen = await trail(place, "m1")
    assert (seen.first_claimed_at, seen.claimed_at) == (first, last)
    (part,) = seen.replies[0].parts
    assert (part.tried_at, part.settled_at, part.attempts) == (tried, None, 1)
    watch.passes(1)
    await store.mark("r", 0, PartState.PENDING)
    (part,) = (await trail(place, "m1")).replies[0].parts
    assert (part.tried_at, part.settled_at) == (tried, None)
    settled = watch.passes(1)
    await store.mark("r", 0, PartState.SENT, "receipt")
    (part,) = (await trail(place, "m1")).replies[0].parts
    assert (part.tried_at, part.settled_at, part.receipt) == (tried, settled, "receipt")


async def test_a_notice_is_told_apart_from_the_answer(place, store):
    asked = message("m1")
    await ask(store, asked)
    notice = answer(asked, "it takes a while", reply_id="n", turns=())
    assert await store.tell(notice)
    await store.commit(answer(asked, "hi", reply_id="r", at=NOW + timedelta(seconds=1)))
    replies = (await trail(place, "m1")).replies
    assert [(reply.id, reply.notice) for reply in replies] == [("n", True), ("r", False)]


async def test_rows_from_before_the_times_have_none(place, store):
    asked = message("m1")
    await ask(store, asked)
    await store.commit(answer(asked, "hi", reply_id="r"))
    await store.mark("r", 0, PartState.SENT)
    with closing(sqlite3.connect(place.folder / "parley.db")) as other, other:
        other.execute("UPDATE inbox SET first_claimed_at = NULL, claimed_at = NULL")
        other.execute("UPDATE parts SET settled_at = NULL")
    seen = await trail(place, "m1")
    assert seen.first_claimed_at is None
    assert seen.replies[0].parts[0].settled_at is None


async def test_a_monitors_question_reads_no_whole_table(place, store):
    plans = []
    with closing(sqlite3.connect(place.folder / "parley.db")) as connection:
        reads = AsideReads(connection)
        for query in (reads._count, *reads._oldest):
            rows = connection.execute(f"EXPLAIN QUERY PLAN {query}", {"count": 1}).fetchall()
            plans.append([row[3] for row in rows])
    scans = [step for plan in plans for step in plan if step.startswith("SCAN")]
    assert scans
    assert all("USING" in step and "ix_" in step for step in scans), plans


async def test_what_cannot_be_read_keeps_nothing_else_from_being_answered(place, store, caplog):
    for name in ("m1", "m2", "m3"):
        await store.accept(message(name), "c", NOW)
    await store.claim("m2", "boot", None)
    await store.commit(answer(message("m2"), "hi"))
    with closing(sqlite3.connect(place.folder / "parley.db")) as other, other:
        other.execute("UPDATE inbox SET payload = '{}' WHERE id = 'm1'")
        other.execute("UPDATE parts SET state = 'trying' WHERE reply_id = 're m2'")
        other.execute("UPDATE replies SET payload = '{\"id\":' WHERE id = 're m2'")
    assert [left.message.id for left in await store.unfinished()] == ["m3"]
    assert [record.args[0] for record in caplog.records] == ["m1", "m2"]
