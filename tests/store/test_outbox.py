import asyncio

import pytest
from msgspec import structs

from core.errors import MessageEnded, StoreInvalid
from core.model import Media, PartState, SetSetting, Spend, Text, Turn
from tests.store.conftest import on_disk
from tests.store.talk import DAY, NOW, answer, ask, exchange, message, pair, texts

SPEND = Spend(kind="chat", relay="main", model="m", at=NOW, prompt_tokens=5)


async def test_a_commit_stores_turns_reply_spend_settings_and_the_end(place, store):
    asked = message("m1", text="why?")
    await ask(store, asked)
    effect = SetSetting(scope="web/bot/ann", name="model", value="main:x")
    await store.commit(answer(asked, "so", "there", spends=(SPEND,), effects=(effect,)))
    store = await place.reopen()
    assert texts(await store.recent("web/bot/ann", 2000)) == ["why?", "so there"]
    assert await store.settings("web/bot/ann") == {"model": "main:x"}
    assert [s.prompt_tokens for s in await store.spent("web:ann", DAY)] == [5]
    [found] = await store.unfinished()
    assert found.delivery.reply == answer(asked, "so", "there").reply
    assert found.delivery.states == (PartState.PENDING, PartState.PENDING)


@on_disk
async def test_a_commit_that_cannot_be_stored_whole_leaves_nothing(store):
    asked = message("m1")
    await ask(store, asked)
    half = Turn(role="assistant", text="half a pair of surrogates: \ud800", message_id="m1", at=NOW)
    effect = SetSetting(scope="web/bot/ann", name="model", value="main:x")
    commit = answer(asked, "yes", turns=(half,), spends=(SPEND,), effects=(effect,))
    with pytest.raises(StoreInvalid):
        await store.commit(commit)
    [found] = await store.unfinished()
    assert found.delivery is None
    assert await store.log("web/bot/ann", 10) == []
    assert await store.settings("web/bot/ann") == {}
    assert await store.spent("web:ann") == []
    await store.commit(answer(asked, "yes"))


async def test_the_same_commit_again_changes_nothing(store):
    asked = message("m1")
    await ask(store, asked)
    commit = answer(asked, "yes", spends=(SPEND,))
    await asyncio.gather(*(store.commit(commit) for _ in range(5)))
    assert texts(await store.log("web/bot/ann", 10)) == ["hello", "yes"]
    assert texts(await store.recent("web/bot/ann", 2000)) == ["hello", "yes"]
    assert [s.calls for s in await store.spent("web:ann")] == [1]


async def test_another_answer_to_an_answered_message_is_refused(store):
    asked = message("m1")
    await ask(store, asked)
    await store.commit(answer(asked, "yes"))
    with pytest.raises(MessageEnded, match="must not be sent"):
        await store.commit(answer(asked, "no", reply_id="another"))
    assert texts(await store.log("web/bot/ann", 10)) == ["hello", "yes"]
    [found] = await store.unfinished()
    assert found.delivery.reply.parts == (Text(text="yes"),)


async def test_two_answers_at_once_leave_one(store):
    asked = message("m1")
    await ask(store, asked)
    commits = [answer(asked, f"answer {n}", reply_id=f"r{n}") for n in range(9)]
    outcomes = await asyncio.gather(*map(store.commit, commits), return_exceptions=True)
    assert [type(o) for o in outcomes] == [type(None)] + [MessageEnded] * 8
    assert texts(await store.log("web/bot/ann", 99)) == ["hello", "answer 0"]


async def test_a_commit_for_an_unknown_message_is_refused(store):
    with pytest.raises(StoreInvalid, match="unknown"):
        await store.commit(answer(message("m1"), "yes"))
    assert await store.log("web/bot/ann", 10) == []


@pytest.mark.parametrize(
    ("state", "resumed"),
    [
        (PartState.PENDING, True),
        (PartState.TRYING, True),
        (PartState.SENT, False),
        (PartState.LATER, False),
        (PartState.UNKNOWN, False),
        (PartState.REFUSED, False),
    ],
)
async def test_only_a_part_not_yet_settled_leaves_its_reply_unfinished(
    place, store, state, resumed
):
    await ask(store, message("m1"))
    await store.commit(answer(message("m1"), "one", "two"))
    await store.mark("re m1", 0, PartState.SENT, "receipt")
    await store.mark("re m1", 1, state)
    store = await place.reopen()
    found = await store.unfinished()
    assert [u.delivery.states for u in found] == ([(PartState.SENT, state)] if resumed else [])


async def test_a_message_set_aside_is_not_tried_again_but_its_notice_is_sent(place, store):
    asked = message("m1")
    await ask(store, asked)
    await store.commit(answer(asked, "I could not.", turns=(), dead="3 attempts"))
    [found] = await store.unfinished()
    assert found.delivery.states == (PartState.PENDING,)
    await store.mark("re m1", 0, PartState.SENT)
    store = await place.reopen()
    assert await store.unfinished() == []


async def test_a_message_without_a_reply_is_finished_by_its_commit(store):
    await ask(store, message("m1"))
    await store.commit(answer(message("m1")))
    assert await store.unfinished() == []


async def test_a_page_sees_messages_with_what_became_of_their_replies(place, store):
    await exchange(store, "m1", "one", "1")
    await exchange(store, "m2", "two", "2")
    await exchange(store, "x", "from somebody else", "!", who="bob")
    await ask(store, message("m3", text="three"))
    store = await place.reopen()
    seen = await store.exchanges("web", "bot", "ann", 2)
    assert [e.message.text for e in seen] == ["two", "three"]
    assert seen[0].delivery.states == (PartState.SENT,)
    assert seen[1].delivery is None
    assert len(await store.exchanges("web", "bot", "ann", 9)) == 3


@on_disk
async def test_a_page_sees_what_was_told_until_the_answer_is_there(place, store):
    asked = message("m1")
    await ask(store, asked)
    told = answer(asked, "It is kept.", reply_id="n1", effects=())
    assert await store.tell(told)
    store = await place.reopen()
    [seen] = await store.exchanges("web", "bot", "ann", 9)
    assert (seen.delivery, seen.notice.parts) == (None, (Text(text="It is kept."),))
    await store.untell(told, "nobody there")
    [seen] = await store.exchanges("web", "bot", "ann", 9)
    assert seen.notice is None
    assert await store.tell(answer(asked, "It is kept.", reply_id="n2", effects=()))
    await store.commit(answer(asked, "yes"))
    [seen] = await store.exchanges("web", "bot", "ann", 9)
    assert seen.notice is None
    assert seen.delivery.reply.parts == (Text(text="yes"),)


async def test_pictures_in_turns_and_replies_come_back(place, store):
    picture = Media(kind="image", blob="cd" * 32, mime="image/png", size_bytes=9)
    asked = message("m1")
    turns = tuple(
        Turn(role=t.role, text=t.text, message_id="m1", at=NOW, media=(picture,))
        for t in pair("m1", "draw", "")
    )
    await ask(store, asked)
    await store.commit(answer(asked, media=(picture,), turns=turns))
    store = await place.reopen()
    assert tuple(await store.log("web/bot/ann", 9)) == turns
    [found] = await store.unfinished()
    assert found.delivery.reply.parts == (picture,)


async def test_marking_a_part_that_was_forgotten_is_harmless(store):
    await store.mark("no such reply", 0, PartState.SENT)
    assert await store.unfinished() == []


async def test_a_part_that_was_forgotten_is_not_to_be_tried(store):
    with pytest.raises(MessageEnded):
        await store.mark("no such reply", 0, PartState.TRYING)


@on_disk
async def test_a_commit_whose_writer_stopped_waiting_is_stored_and_remembered(store):
    asked = message("m1", text="why?")
    await ask(store, asked)
    await store.recent("web/bot/ann", 2000)
    waiting = asyncio.create_task(store.commit(answer(asked, "so")))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await store.check(NOW)
    assert texts(await store.recent("web/bot/ann", 2000)) == ["why?", "so"]
    assert await store.commit(structs.replace(answer(asked, "so"))) is None
