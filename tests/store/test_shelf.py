"""Parts that wait for a request, what adapters keep, and what is set for whole groups."""

from datetime import timedelta

from core.model import (
    Address,
    Forget,
    PartState,
    Reply,
    SetSetting,
    Text,
    group_key,
    is_group_key,
    person_key,
)
from core.ports.store import Commit
from tests.store.conftest import on_disk
from tests.store.talk import NOW, message

GROUP = Address(platform="onebot11", bot="qq", chat="1/g2", sender="ann", group=True)


async def answered(store, name, *texts, effects=()):
    """A message with a stored reply of these parts."""
    asked = message(name)
    await store.accept(asked, "c", NOW)
    parts = tuple(Text(text=text) for text in texts)
    reply = Reply(id=f"reply to {name}", answers=asked.id, to=asked.address, parts=parts)
    await store.commit(
        Commit(
            message_id=asked.id,
            conversation="c",
            person=person_key(asked.address),
            at=NOW,
            reply=reply,
            effects=effects,
        )
    )
    return asked, reply


async def waiting(store, asked):
    place = asked.address
    return await store.waiting(place.platform, place.bot, place.chat)


async def test_parts_left_for_later_wait_in_their_order(store):
    asked, first = await answered(store, "m1", "a", "b", "c")
    _, second = await answered(store, "m2", "d")
    for reply, index in ((second, 0), (first, 2), (first, 1)):
        await store.mark(reply.id, index, PartState.LATER)
    found = await waiting(store, asked)
    assert [(one.part.text, one.index, one.total) for one in found] == [
        ("b", 1, 3),
        ("c", 2, 3),
        ("d", 0, 1),
    ]
    assert found[0].answers == asked.key
    assert {one.state for one in found} == {PartState.LATER}


async def test_a_part_that_was_carried_waits_no_more_and_is_found_by_its_receipt(place):
    store = await place.open()
    asked, reply = await answered(store, "m1", "a", "b")
    await store.mark(reply.id, 1, PartState.LATER)
    await store.mark(reply.id, 1, PartState.SENT, "push 7")
    store = await place.reopen()
    assert await waiting(store, asked) == []
    where = asked.address
    carried = await store.carried(where.platform, where.bot, where.chat, "push 7")
    assert carried.part == Text(text="b")
    assert await store.carried(where.platform, where.bot, "elsewhere", "push 7") is None
    assert await store.carried(where.platform, where.bot, where.chat, "push 8") is None


async def test_a_part_that_is_carried_again_is_found_by_each_of_its_receipts(place):
    store = await place.open()
    asked, reply = await answered(store, "m1", "a", "b")
    where = asked.address.platform, asked.address.bot, asked.address.chat
    await store.mark(reply.id, 0, PartState.SENT, "push 7")
    await store.carry_again(reply.id, 0, "push 71")
    await store.carry_again(reply.id, 0, "push 8")
    await store.carry_again(reply.id, 1, "push 9")
    store = await place.reopen()
    for receipt in ("push 7", "push 71", "push 8"):
        assert (await store.carried(*where, receipt)).part == Text(text="a")
    for receipt in ("push", "push 9", "ush 8", ""):
        assert await store.carried(*where, receipt) is None
    await store.mark(reply.id, 0, PartState.LATER)
    assert await store.carried(*where, "push 71") is None


async def test_an_answer_is_expected_until_each_part_is_sent_or_put_off(place):
    store = await place.open()
    asked, reply = await answered(store, "m1", "a", "b")
    await store.accept(message("m2"), "c", NOW)
    where = asked.address

    async def expected(chat=where.chat):
        return list(await store.expected(where.platform, where.bot, chat))

    assert await expected() == [asked.key, message("m2").key]
    await store.mark(reply.id, 0, PartState.SENT, "push 7")
    await store.mark(reply.id, 1, PartState.TRYING)
    store = await place.reopen()
    assert await expected() == [asked.key, message("m2").key]
    await store.mark(reply.id, 1, PartState.LATER)
    assert await expected() == [message("m2").key]
    await answered(store, "m2")
    assert await expected() == []
    await answered(store, "m3", "c")
    assert await expected("another") == []


async def test_nobody_elses_parts_are_found(store):
    asked, reply = await answered(store, "m1", "a")
    await store.mark(reply.id, 0, PartState.LATER)
    place = asked.address
    assert await store.waiting(place.platform, place.bot, "another") == []
    assert await store.waiting(place.platform, "another", place.chat) == []


async def test_forgetting_a_person_empties_their_shelf(store):
    asked, reply = await answered(store, "m1", "a")
    await store.mark(reply.id, 0, PartState.LATER)
    await answered(store, "m2", effects=(Forget(person=person_key(asked.address)),))
    assert await waiting(store, asked) == []


async def test_a_memo_survives_and_belongs_to_its_bot(place):
    store = await place.open()
    await store.memo("one").keep("token", "first")
    await store.memo("one").keep("token", "second")
    store = await place.reopen()
    assert await store.memo("one").recall("token") == "second"
    assert await store.memo("two").recall("token") == ""
    assert await store.memo("one").recall("another") == ""


async def test_what_is_set_for_a_group_is_known_at_once_and_after_a_restart(place):
    store = await place.open()
    scope = group_key(GROUP)
    assert is_group_key(scope)
    effects = (
        SetSetting(scope=scope, name="trigger", value="all"),
        SetSetting(scope=scope, name="history", value="group"),
        SetSetting(scope="elsewhere", name="trigger", value="none"),
    )
    await answered(store, "m1", effects=effects)
    assert store.group(scope) == {"trigger": "all", "history": "group"}
    await answered(store, "m2", effects=(SetSetting(scope=scope, name="history", value=None),))
    assert store.group(scope) == {"trigger": "all"}
    store = await place.reopen()
    assert store.group(scope) == {"trigger": "all"}
    assert store.group("elsewhere") == {}


async def test_a_groups_settings_stay_when_who_made_them_is_forgotten(place):
    store = await place.open()
    scope = group_key(GROUP)
    asked, _ = await answered(
        store, "m1", effects=(SetSetting(scope=scope, name="trigger", value="all"),)
    )
    await answered(store, "m2", effects=(Forget(person=person_key(asked.address)),))
    store = await place.reopen()
    assert store.group(scope) == {"trigger": "all"}


@on_disk
async def test_what_was_sent_in_a_span_of_time_is_found_after_a_restart(place):
    store = await place.open()
    asked, reply = await answered(store, "m1", "a", "b", "c")
    await store.mark(reply.id, 0, PartState.SENT, "push 1")
    await store.mark(reply.id, 1, PartState.LATER)
    store = await place.reopen()
    where, now = asked.address, store._now()

    async def sent(chat=where.chat, since=now - timedelta(minutes=1), until=now):
        found = await store.sent(where.platform, where.bot, chat, since, until)
        return [one.part.text for one in found]

    assert await sent(until=now + timedelta(minutes=1)) == ["a"]
    assert await sent(until=now - timedelta(minutes=1)) == []
    assert await sent(since=now + timedelta(minutes=1)) == []
    assert await sent(chat="elsewhere", until=now + timedelta(minutes=1)) == []
