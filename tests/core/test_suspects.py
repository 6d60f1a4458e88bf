"""Several messages are in flight whenever the process ends: one of them is why."""

import pytest

from core.suspects import MAX_ATTEMPTS, MOST_ATTEMPTS
from tests.core.held import Held
from tests.core.house import Site

PEOPLE = ("amy", "bob", "cat")


def hold(site: Site) -> dict[str, Held]:
    """What each of them says waits at the relay, in this life."""
    return {one: site.relays.hold(one) for one in PEOPLE}


def attempts(site: Site) -> dict[object, object]:
    return dict(site.rows("SELECT substr(chat, 6), attempt FROM inbox WHERE state = 'new'"))


async def ended_twice(site: Site) -> dict[str, Held]:
    """All of them were in flight both times; now is the third life."""
    held = hold(site)
    await site.open()
    for one in PEOPLE:
        await site.person(one).says(one)
    for _ in range(2):
        for one in held.values():
            await one.reached()
        held = hold(site)
        await site.restart()
    return held


async def test_last_attempts_begin_one_after_the_other(site: Site) -> None:
    held = await ended_twice(site)
    await held["amy"].reached()
    assert attempts(site) == {"amy": 3, "bob": 2, "cat": 2}
    held["amy"].release()
    await held["bob"].reached()
    assert attempts(site) == {"bob": 3, "cat": 2}
    held["bob"].release()
    held["cat"].release()
    await site.house.settled()
    assert [site.person(one).reads for one in PEOPLE] == [[f"re: {one}"] for one in PEOPLE]


async def test_only_the_one_that_ends_the_process_is_set_aside(site: Site) -> None:
    held = await ended_twice(site)
    held["amy"].release()
    await held["bob"].reached()
    site.relays.script.pop("cat")
    await site.restart()
    await site.house.settled()
    assert site.person("amy").reads == ["re: amy"]
    assert site.person("bob").reads == [site.say("set_aside")]
    assert site.person("cat").reads == ["re: cat"]


async def test_nobody_else_waits_for_a_last_attempt(site: Site) -> None:
    held = await ended_twice(site)
    await held["amy"].reached()
    dans = site.relays.hold("hello")
    await site.person("dan").says("hello")
    await dans.reached()
    assert attempts(site) == {"amy": 3, "bob": 2, "cat": 2, "dan": 1}


async def test_what_comes_behind_one_that_waits_keeps_its_order(site: Site) -> None:
    held = await ended_twice(site)
    await site.person("bob").says("later")
    for one in held.values():
        one.release()
    await site.house.settled()
    assert site.person("bob").reads == ["re: bob", "re: later"]


async def test_a_last_attempt_that_takes_long_lets_the_next_begin(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.suspects.ALONE_S", 0.01)
    held = await ended_twice(site)
    for one in PEOPLE:
        await held[one].reached()


async def test_last_attempts_wait_for_second_ones(site: Site) -> None:
    held = await ended_twice(site)
    await held["amy"].reached()
    dans = site.relays.hold("dan")
    await site.person("dan").says("dan")
    await dans.reached()
    site.write("UPDATE inbox SET attempt = 2 WHERE state = 'new' AND chat <> 'with dan'")
    held, dans = hold(site), site.relays.hold("dan")
    await site.restart()
    await dans.reached()
    assert attempts(site) == {"amy": 2, "bob": 2, "cat": 2, "dan": 2}
    dans.release()
    await held["amy"].reached()
    assert attempts(site) == {"amy": 3, "bob": 2, "cat": 2}


async def test_one_that_waits_for_its_relay_lets_the_next_begin(site: Site) -> None:
    site.relays.distant = True
    held = await ended_twice(site)
    for one in PEOPLE:
        await held[one].reached()
    assert attempts(site) == {"amy": 3, "bob": 3, "cat": 3}
    for one in reversed(PEOPLE):
        held[one].release()
    await site.house.settled()
    assert [site.person(one).reads for one in PEOPLE] == [[f"re: {one}"] for one in PEOPLE]


async def test_who_only_waited_when_the_process_ended_is_not_set_aside(site: Site) -> None:
    site.relays.distant = True
    held = await ended_twice(site)
    for one in PEOPLE:
        await held[one].reached()
    held = hold(site)
    await site.restart()
    for one in held.values():
        await one.reached()
        one.release()
    await site.house.settled()
    assert [site.person(one).reads for one in PEOPLE] == [[f"re: {one}"] for one in PEOPLE]


async def test_waits_that_end_the_process_again_and_again_are_not_without_end(site: Site) -> None:
    site.relays.distant = True
    held = await ended_twice(site)
    for _ in range(MOST_ATTEMPTS - MAX_ATTEMPTS):
        await held["amy"].reached()
        held = hold(site)
        await site.restart()
    await held["amy"].reached()
    assert attempts(site)["amy"] == MOST_ATTEMPTS
    site.relays.script.clear()
    await site.restart()
    await site.house.settled()
    assert site.person("amy").reads == [site.say("set_aside")]


async def test_one_that_is_given_up_while_it_waits_is_worked_on_again(site: Site) -> None:
    site.relays.distant = True
    held = await ended_twice(site)
    await held["amy"].reached()
    await site.person("amy").says("/stop")
    await site.person("amy").says("next")
    for one in ("bob", "cat"):
        held[one].release()
    await site.house.settled()
    assert site.person("amy").reads[-1] == "re: next"
    assert site.rows("SELECT count(*) FROM inbox WHERE state = 'new'") == [(0,)]
