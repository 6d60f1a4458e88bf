"""Forgetting: what must be gone is looked for in the files themselves."""

import asyncio
from pathlib import Path

import pytest

from core.errors import MediaError, StoreInvalid
from core.model import Forget, Media, PartState, SetSetting, Spend, Text, person_key
from tests.store.conftest import on_disk
from tests.store.talk import (
    DAY,
    NOW,
    address,
    answer,
    ask,
    booking,
    exchange,
    message,
    person_scope,
    texts,
)

ANN = person_key(address("ann"))
CANARY = "c4n4ry"


async def forget(store, name="forget", who="ann"):
    asked = message(name, who, "/forget")
    await ask(store, asked)
    await store.commit(
        answer(asked, "Gone.", turns=(), effects=(Forget(person=person_key(asked.address)),))
    )
    await store.mark(f"re {name}", 0, PartState.SENT)


def found(folder: Path, word: str) -> list[str]:
    """Files that hold a word."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if word.encode() in path.read_bytes()]


@on_disk
async def test_no_word_of_a_forgotten_person_is_left_on_the_disk(place, store):
    for n in range(30):
        await exchange(
            store, f"m{n}", f"{CANARY} question {n} " * 20, f"{CANARY} answer {n} " * 200
        )
    waiting = message("waiting", text=f"{CANARY} not answered yet")
    await ask(store, waiting)
    setting = message("setting", text=CANARY)
    await ask(store, setting)
    effect = SetSetting(scope=ANN, name="persona", value=f"{CANARY} persona")
    await store.commit(answer(setting, CANARY, effects=(effect,)))
    assert found(place.folder, CANARY)
    await forget(store)
    assert found(place.folder, CANARY) == []
    await place.close()
    assert found(place.folder, CANARY) == []


async def test_a_forgotten_person_is_remembered_by_nothing(place, store):
    await exchange(store, "m1", "a secret", "kept")
    await store.recent("web/bot/ann", 2000)
    await store.settings(ANN)
    await forget(store)
    for opened in (store, await place.open()):
        assert list(await opened.recent("web/bot/ann", "unlimited")) == []
        assert await opened.log("web/bot/ann", 99) == []
        assert await opened.pair("m1") == []
        assert [e.message.text for e in await opened.exchanges("web", "bot", "ann", 9)] == [""]
        assert await opened.unfinished() == []
        exported = await opened.export(ANN)
        assert exported["turns"] == []
        assert exported["settings"] == []


async def test_other_people_keep_everything(store):
    await exchange(store, "m1", "ann's", "1")
    await exchange(store, "m2", "bob's", "2", who="bob")
    await forget(store)
    assert texts(await store.recent("web/bot/bob", 2000)) == ["bob's", "2"]
    assert len(await store.exchanges("web", "bot", "bob", 9)) == 1


async def test_in_a_shared_history_only_their_own_exchanges_go(store):
    for name, who in (("m1", "ann"), ("m2", "bob"), ("m3", "ann")):
        asked = message(name, who, f"{who} says {name}", chat="room")
        assert await store.accept(asked, "the room", NOW)
        commit = answer(asked, f"to {who}")
        await store.commit(
            type(commit)(
                message_id=name,
                conversation="the room",
                person=commit.person,
                at=NOW,
                reply=commit.reply,
                turns=commit.turns,
            )
        )
    await forget(store)
    assert texts(await store.recent("the room", 2000)) == ["bob says m2", "to bob"]


async def test_a_forgotten_message_is_still_known_when_it_comes_again(store):
    asked = await exchange(store, "m1", "once", "yes")
    await forget(store)
    assert not await store.accept(asked, "web/bot/ann", NOW)


async def test_counters_and_spends_outlive_forgetting(store):
    asked = message("m1")
    await store.accept(asked, "web/bot/ann", NOW)
    await store.claim("m1", "boot", booking(cap=5))
    spend = Spend(kind="chat", relay="main", model="m", at=NOW, prompt_tokens=7)
    await store.commit(answer(asked, "yes", spends=(spend,)))
    await forget(store)
    assert (await store.used(person_scope(), DAY)).messages == 1
    assert [s.prompt_tokens for s in await store.spent("web:ann", DAY)] == [7]


async def test_the_reply_that_tells_of_it_is_delivered_even_after_a_crash(place, store):
    asked = message("m1", text="/forget")
    await ask(store, asked)
    await store.commit(answer(asked, "Gone.", turns=(), effects=(Forget(person=ANN),)))
    store = await place.reopen()
    [left] = await store.unfinished()
    assert left.delivery.reply.parts == (Text(text="Gone."),)
    assert left.message.address == asked.address
    assert (left.message.text, left.message.raw, left.message.sender_name) == ("", "", "")


async def test_an_answer_that_was_being_made_meanwhile_is_refused(store):
    running = message("m1", text="tell me")
    await ask(store, running)
    await forget(store)
    with pytest.raises(StoreInvalid):
        await store.commit(answer(running, "too late"))
    with pytest.raises(StoreInvalid):
        await store.claim("m1", "boot", None)
    assert await store.log("web/bot/ann", 9) == []


async def test_what_they_set_for_a_conversation_goes_and_what_others_set_stays(store):
    for name, who in (("m1", "ann"), ("m2", "bob")):
        asked = message(name, who, chat="room")
        await ask(store, asked)
        effect = SetSetting(scope="the room", name=who, value="x")
        await store.commit(answer(asked, "ok", effects=(effect,)))
    assert await store.settings("the room") == {"ann": "x", "bob": "x"}
    await forget(store)
    assert await store.settings("the room") == {"bob": "x"}


async def test_their_files_go_unless_others_need_them(place, store):
    own, shared = await place.media.put(b"own"), await place.media.put(b"shared")
    drawn = await place.media.put(b"drawn")
    asked = message("m1", media=(own, shared))
    await ask(store, asked)
    await store.commit(answer(asked, media=(Media(kind="image", blob=drawn),)))
    await ask(store, message("m2", "bob", media=(shared,)))
    await forget(store)
    assert await place.media.get(shared) == b"shared"
    for gone in (own, drawn):
        with pytest.raises(MediaError):
            await place.media.get(gone)


async def test_a_file_that_somebody_else_is_just_sending_stays(place, store):
    blob = await place.media.put(b"a sticker")
    await ask(store, message("m1", media=(blob,)))
    assert await place.media.put(b"a sticker") == blob
    await forget(store)
    await ask(store, message("m2", "bob", media=(blob,)))
    assert await place.media.get(blob) == b"a sticker"


async def test_talking_goes_on_after_forgetting(store):
    for n in range(3):
        await exchange(store, f"m{n}", f"q{n}", "a")
        await forget(store, name=f"f{n}")
    await exchange(store, "m9", "again", "hello")
    assert texts(await store.recent("web/bot/ann", 2000)) == ["again", "hello"]


async def test_forgetting_beside_other_peoples_talk_disturbs_nobody(store):
    people = [f"p{n}" for n in range(20)]
    await asyncio.gather(
        *(exchange(store, f"m {who}", f"of {who}", "yes", who=who) for who in people),
        *(forget(store, name=f"f {who}", who=f"other {who}") for who in people),
    )
    for who in people:
        assert texts(await store.recent(f"web/bot/{who}", 2000)) == [f"of {who}", "yes"]


@on_disk
async def test_a_file_that_is_needed_again_before_it_is_deleted_stays(place, store, monkeypatch):
    blob = await place.media.put(b"a sticker")
    await ask(store, message("m1", media=(blob,)))
    await ask(store, message("m2"))
    discard = store._discard

    async def accept_meanwhile(orphans):
        await ask(store, message("m3", "bob", media=(blob,)))
        await discard(orphans)

    monkeypatch.setattr(store, "_discard", accept_meanwhile)
    await store.commit(answer(message("m2"), "gone", effects=(Forget(person="web/bot/ann"),)))
    assert await place.media.get(blob) == b"a sticker"
