import asyncio

import pytest

from core.errors import StoreError
from storage.cache import Cache
from storage.recent import Recent
from tests.store.talk import pair, texts


def cache(weight_limit=100, count_limit=100):
    return Cache[str](len, weight_limit=weight_limit, count_limit=count_limit)


async def load(kept, key, value):
    async def read():
        return value

    return await kept.load(key, read)


async def test_the_least_recently_used_is_given_up_at_the_weight_limit():
    kept = cache(weight_limit=10)
    for key in "abc":
        await load(kept, key, "xxx")
    assert kept.get("a")
    await load(kept, "d", "xxx")
    assert [key for key in "abcd" if kept.get(key)] == ["a", "c", "d"]
    assert kept.weight == 9


async def test_the_count_is_bounded_too():
    kept = cache(count_limit=2)
    for key in "abc":
        await load(kept, key, "x")
    assert len(kept) == 2
    assert kept.get("a") is None


async def test_what_is_heavier_than_the_limit_is_answered_but_not_kept():
    kept = cache(weight_limit=5)
    assert await load(kept, "a", "x" * 9) == "x" * 9
    assert (len(kept), kept.weight) == (0, 0)


async def test_weight_follows_changes_and_drops():
    kept = cache()
    await load(kept, "a", "xxx")
    kept.change("a", lambda value: value * 2)
    assert (kept.get("a"), kept.weight) == ("xxxxxx", 6)
    kept.change("b", lambda value: value * 2)
    kept.drop("a")
    kept.drop("never there")
    assert (len(kept), kept.weight) == (0, 0)


@pytest.mark.parametrize(
    "meanwhile",
    [lambda c: c.drop("a"), lambda c: c.change("a", str.upper), lambda c: c.clear()],
    ids=["dropped", "changed", "cleared"],
)
async def test_what_changed_while_it_was_loaded_is_not_kept(meanwhile):
    kept, go = cache(), asyncio.Event()

    async def read():
        await go.wait()
        return "old"

    loading = asyncio.create_task(kept.load("a", read))
    await asyncio.sleep(0)
    meanwhile(kept)
    go.set()
    assert await loading == "old"
    assert kept.get("a") is None


async def test_a_load_that_fails_leaves_nothing_behind():
    kept = cache()

    async def read():
        raise StoreError("locked")

    with pytest.raises(StoreError):
        await kept.load("a", read)
    assert kept._loading == {}
    assert await load(kept, "a", "x") == kept.get("a")


def test_turns_that_were_read_already_are_not_added_again():
    recent = Recent(pair("m1", "q1", "a1"), 2000)
    more = pair("m1", "q1", "a1") + pair("m2", "q2", "a2")
    assert texts(recent.followed_by(more).turns) == ["q1", "a1", "q2", "a2"]


def test_what_no_limit_needs_any_more_is_let_go():
    recent = Recent(pair("m1", "q" * 50, "a" * 50), 60)
    for n in range(2, 100):
        recent = recent.followed_by(pair(f"m{n}", "q" * 50, "a" * 50))
    assert len(recent.turns) == 2
