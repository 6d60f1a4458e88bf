import json
from datetime import timedelta

from msgspec.structs import replace

from core.model import Media, Quote, SetSetting, Spend, person_key
from tests.store.conftest import on_disk
from tests.store.talk import (
    DAY,
    NOW,
    SPEND,
    address,
    answer,
    ask,
    booking,
    exchange,
    message,
)

ANN = person_key(address("ann"))


async def test_an_export_has_all_that_is_kept_of_a_person_and_of_nobody_else(store):
    await exchange(store, "m1", "what I said", "what I was told")
    await exchange(store, "m2", "bob's words", "bob's answer", who="bob")
    asked = message("m3")
    await store.accept(asked, "web/bot/ann", NOW)
    await store.claim("m3", "boot", booking(cap=5))
    spend = Spend(kind="chat", relay="main", model="m", at=NOW, prompt_tokens=7)
    effect = SetSetting(scope="web/bot/ann", name="model", value="main:x")
    await store.commit(answer(asked, "ok", spends=(spend,), effects=(effect,)))
    exported = await store.export(ANN)
    text = json.dumps(exported)
    for word in ("what I said", "what I was told", "main:x", DAY, '"prompt_tokens": 7'):
        assert word in text
    assert "bob" not in text
    assert [len(exported[k]) for k in ("messages", "turns", "replies", "settings", "spends")] == [
        2,
        4,
        2,
        1,
        1,
    ]


@on_disk
async def test_an_export_tells_dollars_as_people_read_them(store):
    asked = message("m1")
    await ask(store, asked)
    known = replace(SPEND, nano_usd=12_300_000, reserved_nano_usd=2_000_000_000, unsure=True)
    await store.commit(answer(asked, "ok", spends=(known, SPEND)))
    paid, unpriced = (await store.export(ANN))["spends"]
    assert (paid["usd"], paid["reserved_usd"]) == ("0.012300000", "2.000000000")
    assert (unpriced["usd"], unpriced["reserved_usd"]) == (None, None)
    assert (paid["unsure"], unpriced["unsure"]) == (True, False)
    assert (paid["identity"], paid["day"]) == ("web:ann", DAY)
    assert not {name for name in paid if "nano" in name}


async def test_an_export_shows_no_handle_of_an_adapter(store):
    file = Media(kind="image", remote="https://api.example/bot-token/file", name="cat.png")
    quoted = Quote(key="q", parts=(file,))
    asked = replace(message("m1"), parts=(file, quoted))
    await ask(store, asked)
    text = json.dumps(await store.export(ANN))
    assert "cat.png" in text
    assert "bot-token" not in text


async def test_an_export_of_a_stranger_is_empty(store):
    exported = await store.export("nobody")
    assert exported.pop("person") == "nobody"
    assert not any(exported.values())


async def test_a_firing_is_noted_once(place, store):
    assert await store.fire("sweep", NOW)
    assert not await store.fire("sweep", NOW)
    assert await store.fire("sweep", NOW + timedelta(microseconds=1))
    assert await store.fire("digest", NOW)
    store = await place.reopen()
    assert not await store.fire("sweep", NOW)
