import asyncio

import pytest
from msgspec.structs import replace

from core.amounts import Amounts
from core.errors import StoreInvalid
from core.model import PartState
from core.ports.store import Claim
from tests.store.talk import DAY, NOW, SPEND, answer, ask, booking, message, person_scope


async def test_a_message_is_stored_once_however_often_it_comes(store):
    assert await store.accept(message("m1"), "c", NOW)
    assert not await store.accept(message("m1"), "c", NOW)
    again = replace(message("m2"), key=message("m1").key)
    assert not await store.accept(again, "c", NOW)
    assert [u.message for u in await store.unfinished()] == [message("m1")]


async def test_deliveries_of_one_message_at_once_store_it_once(store):
    same = [replace(message(f"m{n}"), key="the key") for n in range(30)]
    stored = await asyncio.gather(*(store.accept(m, "c", NOW) for m in same))
    assert sorted(stored) == [False] * 29 + [True]


async def test_the_same_key_on_another_bot_is_another_message(store):
    first = message("m1")
    other = replace(first, id="m2", address=replace(first.address, bot="another"))
    assert await store.accept(first, "c", NOW)
    assert await store.accept(other, "c", NOW)


async def test_a_repeated_key_is_known_after_a_restart(place, store):
    await store.accept(message("m1"), "c", NOW)
    store = await place.reopen()
    assert not await store.accept(message("m1"), "c", NOW)


async def test_an_id_that_stands_for_two_messages_is_refused(store):
    await store.accept(message("m1"), "c", NOW)
    with pytest.raises(StoreInvalid):
        await store.accept(replace(message("m1"), key="another key"), "c", NOW)


async def test_a_message_comes_back_as_it_was_stored(place, store):
    asked = message("m1", text="naïve 😀 \x00 \u202e שלום", media=("ab" * 32,))
    await store.accept(asked, "web/bot/ann", NOW)
    store = await place.reopen()
    [found] = await store.unfinished()
    assert found.message == asked
    assert found.conversation == "web/bot/ann"
    assert found.received_at == NOW
    assert found.attempt == 0
    assert found.delivery is None


async def test_unfinished_messages_come_in_the_order_they_were_accepted(place, store):
    names = [f"m{(n * 37) % 101:03}" for n in range(60)]
    await asyncio.gather(*(store.accept(message(name), "c", NOW) for name in names))
    store = await place.reopen()
    assert [u.message.id for u in await store.unfinished()] == names


async def test_an_undelivered_reply_keeps_its_messages_place(store):
    for name in ("m3", "m1", "m2"):
        await ask(store, message(name))
    await store.commit(answer(message("m1"), "yes", "no"))
    await store.mark("re m1", 0, PartState.SENT)
    found = await store.unfinished()
    assert [(u.message.id, u.delivery is None) for u in found] == [
        ("m3", True),
        ("m1", False),
        ("m2", True),
    ]
    assert found[1].delivery.states == (PartState.SENT, PartState.PENDING)


async def test_each_claim_counts_an_attempt(place, store):
    await store.accept(message("m1"), "c", NOW)
    assert await store.claim("m1", "boot", None) == Claim(attempt=1)
    store = await place.reopen()
    assert await store.claim("m1", "next boot", None) == Claim(attempt=2)
    [found] = await store.unfinished()
    assert found.attempt == 2


async def test_what_is_reserved_is_counted_once_it_is_spent(store):
    await store.accept(message("m1"), "c", NOW)
    for attempt in (1, 2, 3):
        claim = await store.claim("m1", "boot", booking(cap=1))
        assert claim == Claim(attempt=attempt)
    assert await store.used(person_scope(), DAY) == Amounts()
    await store.commit(answer(message("m1"), "yes", spends=(SPEND,)))
    assert await store.used(person_scope(), DAY) == Amounts(messages=1, tokens=12)


@pytest.mark.parametrize("cap", [0, 1, 7])
async def test_a_hundred_at_once_never_pass_the_cap(store, cap):
    names = [f"m{n}" for n in range(100)]
    await asyncio.gather(*(store.accept(message(name), "c", NOW) for name in names))
    claims = await asyncio.gather(*(store.claim(n, "boot", booking(cap=cap)) for n in names))
    assert [c.exceeded is None for c in claims] == [True] * cap + [False] * (100 - cap)
    assert {c.exceeded.used for c in claims if c.exceeded} == {cap}


async def test_what_was_given_back_or_cost_nothing_is_free_again(store):
    for name in ("m1", "m2", "m3"):
        await store.accept(message(name), "c", NOW)
    await store.claim("m1", "boot", booking(cap=1))
    assert (await store.claim("m2", "boot", booking(cap=1))).exceeded
    await store.release("m1", "boot")
    assert (await store.claim("m2", "boot", booking(cap=1))).exceeded is None
    await store.commit(answer(message("m2"), "no relay was asked"))
    assert (await store.claim("m3", "boot", booking(cap=1))).exceeded is None


async def test_days_and_people_are_counted_apart(store):
    for n, (who, day) in enumerate([("ann", DAY), ("bob", DAY), ("ann", "2026-11-22")]):
        await store.accept(message(f"m{n}"), "c", NOW)
        claim = await store.claim(f"m{n}", "boot", booking(who, day=day, cap=1))
        assert claim.exceeded is None


async def test_what_is_answered_or_unknown_cannot_be_claimed(store):
    await ask(store, message("m1"))
    await store.commit(answer(message("m1"), "yes"))
    for name in ("m1", "never seen"):
        with pytest.raises(StoreInvalid):
            await store.claim(name, "boot", booking(cap=5))


async def test_a_claim_given_back_is_no_attempt(store):
    await store.accept(message("m1"), "c", NOW)
    await store.claim("m1", "boot", booking(cap=1))
    assert not await store.release("m1", "another boot")
    assert await store.release("m1", "boot")
    assert not await store.release("m1", "boot")
    assert await store.claim("m1", "boot", booking(cap=1)) == Claim(attempt=1)
    await store.commit(answer(message("m1"), "yes"))
    assert not await store.release("m1", "boot")


async def test_what_only_waits_for_a_relay_is_known_after_a_restart(place, store):
    for name in ("new", "at work", "waits", "back at work"):
        await store.accept(message(name), name, NOW)
    for name in ("at work", "waits", "back at work"):
        await store.claim(name, "boot", None)
    await store.rest("waits", "boot", rests=True)
    await store.rest("back at work", "boot", rests=True)
    await store.rest("back at work", "boot", rests=False)
    store = await place.reopen()
    left = await store.unfinished()
    assert [one.message.id for one in left if one.rested] == ["waits"]
    assert [one.attempt for one in left] == [0, 1, 1, 1]


async def test_only_its_owner_says_that_a_message_waits(store):
    await store.accept(message("m1"), "c", NOW)
    await store.claim("m1", "boot", None)
    await store.rest("m1", "another boot", rests=True)
    assert not (await store.unfinished())[0].rested


async def test_what_waits_for_a_relay_keeps_what_is_reserved_for_it(store):
    for name in ("m1", "m2"):
        await store.accept(message(name), "c", NOW)
    await store.claim("m1", "boot", booking(cap=1))
    await store.rest("m1", "boot", rests=True)
    assert (await store.claim("m2", "boot", booking(cap=1))).exceeded
