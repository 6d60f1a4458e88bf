"""Messages that fail by surprise before they are worked on."""

from typing import Any

import pytest

from core.errors import StoreError, StoreInvalid
from core.model import Media, Message
from core.ports.adapter import Receipt
from core.route import Intent, route
from tests.core.house import Site


def spoilt(monkeypatch: pytest.MonkeyPatch, times: int = 1000) -> list[str]:
    """What is asked in "poison" cannot be found out, so often; the tries at it."""
    tries: list[str] = []

    def routed(message: Message, *rest: Any) -> Intent:
        if "poison" in message.text and len(tries) < times:
            tries.append(message.id)
            raise LookupError("no such thing")
        return route(message, *rest)

    monkeypatch.setattr("core.gateway.route", routed)
    return tries


async def test_what_cannot_be_received_is_set_aside_and_told(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = spoilt(monkeypatch)
    await site.open()
    amy, bob = site.person("amy"), site.person("bob")
    assert await amy.says("poison") is Receipt.STORED
    assert await amy.says("next") is Receipt.STORED
    assert await bob.says("hello") is Receipt.STORED
    await site.house.settled()
    assert len(tries) == 3
    assert amy.reads == [site.say("set_aside"), "re: next"]
    assert bob.reads == ["re: hello"]
    assert site.rows("SELECT state, reason FROM inbox WHERE state = 'dead'") == [
        ("dead", "LookupError: see the log")
    ]


async def test_what_is_received_at_the_third_try_is_answered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt(monkeypatch, times=2)
    await site.open()
    assert await site.person().asks("poison") == ["re: poison"]


async def test_what_cannot_be_received_comes_again_as_a_repetition(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt(monkeypatch)
    await site.open()
    amy = site.person()
    await amy.says("poison", key="k")
    assert await amy.says("poison", key="k") is Receipt.DUPLICATE
    await site.house.settled()
    assert amy.reads == [site.say("set_aside")]


async def test_a_house_starts_with_what_cannot_be_taken_up(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.open()
    amy, bob = site.person("amy"), site.person("bob")
    held = [site.relays.hold(text) for text in ("poison", "hello")]
    await amy.says("poison")
    await bob.says("hello")
    for one in held:
        await one.reached()
    site.relays.script.clear()
    spoilt(monkeypatch)
    await site.restart()
    await site.house.settled()
    assert amy.reads == [site.say("set_aside")]
    assert bob.reads == ["re: hello"]


async def test_a_lane_goes_on_behind_one_that_could_not_be_placed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.open()
    amy = site.person()

    def place(*_: object) -> None:
        raise LookupError("no such place")

    with monkeypatch.context() as broken:
        broken.setattr(type(site.house.settling), "place", place)
        await amy.says("poison")
    await amy.says("next")
    await site.house.settled()
    assert amy.reads == [site.say("set_aside"), "re: next"]


@pytest.mark.parametrize("then", ["words", "silence"])
async def test_a_lane_goes_on_behind_pictures_that_could_not_be_put_together(
    site: Site, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    site.bot()
    site.platform.files["a"] = b"\x89PNG\r\n\x1a\n"
    await site.open()
    amy = site.person()
    picture = Media(kind="image", remote="a", mime="image/png")

    def routed(*_: object) -> Intent:
        raise LookupError("no such thing")

    with monkeypatch.context() as broken:
        broken.setattr("core.settling.route", routed)
        await amy.says("", picture, settles=True)
        if then == "words":
            assert await amy.says("what is it?") is Receipt.STORED
        else:
            await amy.says("", picture, settles=True)
            site.pauses.pass_(100)
    await amy.says("next")
    await site.house.settled()
    assert amy.reads == [site.say("set_aside"), "re: next"]
    assert site.rows("SELECT state FROM inbox") == [("dead",), ("dead",), ("answered",)]


async def test_a_store_that_fails_by_surprise_does_not_have_the_message_come_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.open()

    async def accept(*_: object) -> bool:
        raise LookupError("no such table")

    monkeypatch.setattr(site.house.store, "accept", accept)
    assert await site.person().says("hello") is Receipt.BROKEN


async def test_what_the_store_will_never_take_does_not_come_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.open()

    async def accept(*_: object) -> bool:
        raise StoreInvalid("out of range")

    with monkeypatch.context() as broken:
        broken.setattr(site.house.store, "accept", accept)
        assert await site.person().says("hello") is Receipt.BROKEN
    assert await site.person().asks("next") == ["re: next"]


async def test_a_store_in_trouble_is_for_the_platform_to_wait_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.open()
    tries = []

    async def accept(*_: object) -> bool:
        tries.append(1)
        raise StoreError("locked")

    monkeypatch.setattr(site.house.store, "accept", accept)
    with pytest.raises(StoreError):
        await site.person().says("hello")
    assert tries == [1]
