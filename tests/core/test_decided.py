"""What admins decide in the chat holds at once, outlives the process, and is written down."""

import pytest

from core.model import Quote
from core.people import PeopleRules
from core.ports.adapter import Receipt
from core.quota.limits import Limits
from tests.core.house import Person, Site

RULES = PeopleRules(
    owners=frozenset({"qq:root"}), admins=frozenset({"qq:boss"}), allow=frozenset({"qq:amy"})
)


@pytest.fixture
async def root(site: Site) -> Person:
    site.rules = RULES
    await site.open()
    return site.person("root")


def changes(site: Site) -> list[tuple[object, ...]]:
    return site.rows('SELECT "by", scope, name, before, after FROM changes ORDER BY seq')


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [record.fields for record in caplog.records if record.message == "decided"]


async def test_whoever_is_blocked_is_told_once_a_day_and_then_passed_over(
    site: Site, root: Person
) -> None:
    site.limits = Limits(contact="@boss")
    await site.restart()
    amy = site.person("amy")
    assert await amy.asks("hello") == ["re: hello"]
    await root.asks("/block qq:amy")
    told = site.say("blocked", contact="@boss")
    assert await amy.asks("hello?") == [told]
    assert await amy.asks("/help") == []
    site.clock.pass_(days=1)
    assert await amy.asks("please") == [told]
    await root.asks("/unblock qq:amy")
    assert await amy.asks("thanks") == ["re: thanks"]


async def test_whoever_is_blocked_is_not_even_stored_in_groups(site: Site, root: Person) -> None:
    amy = site.person("amy", chat="family", group=True)
    boss = site.person("boss", chat="family", group=True)
    await amy.asks("buy my coins")
    await boss.asks("/block", Quote(key="1", sender="amy"))
    before = site.rows("SELECT count(*) FROM inbox")
    assert await amy.says("buy my coins") is Receipt.IGNORED
    assert site.rows("SELECT count(*) FROM inbox") == before


async def test_a_stranger_who_was_let_in_is_so_after_a_restart_too(
    site: Site, root: Person
) -> None:
    eve = site.person("eve")
    assert await eve.asks("hello") == [site.say("denied", id="qq:eve")]
    await root.asks("/role qq:eve member")
    await site.restart()
    assert await eve.asks("hello") == ["re: hello"]


async def test_a_role_is_the_same_on_every_bot_of_a_platform(site: Site) -> None:
    site.rules = RULES
    site.bot("one")
    site.bot("two")
    await site.open()
    await site.person("root", bot="one").asks("/block qq:amy")
    assert await site.person("amy", bot="two").asks("hi") == [
        site.say("blocked", contact=site.say("limit_contact"))
    ]


async def test_each_change_is_written_down_and_logged_with_who_what_before_and_after(
    site: Site, root: Person, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        await root.asks("/role qq:eve admin")
        await root.asks("/role qq:eve admin")  # no change
        await root.asks("/limit qq:eve usd day 2")
        await root.asks("/grant qq:eve 1 usd")
        await root.asks("/role qq:eve auto")
    since = "2026-11-03"
    steps = [
        ("roles", "qq:eve", None, "admin"),
        ("limits", "person:qq:eve usd_day", None, "2"),
        ("grants", f"person:qq:eve usd_day {since}", None, "1"),
        ("roles", "qq:eve", "admin", None),
    ]
    assert changes(site) == [(root.key, *step) for step in steps]
    names = ("what", "on", "before", "after")
    assert logged(caplog) == [
        {"by": "qq:root", **dict(zip(names, step, strict=True))} for step in steps
    ]


async def test_what_was_refused_is_neither_written_down_nor_logged(
    site: Site, root: Person, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        await site.person("boss").asks("/role qq:amy admin")
        await site.person("amy").asks("/role qq:amy admin")
        await root.asks("/bind qq:amy sk-canary0123456789")
    assert changes(site) == []
    assert logged(caplog) == []
    assert "canary" not in caplog.text


async def test_a_limit_holds_from_the_next_message_on_and_a_gift_lifts_it(
    site: Site, root: Person
) -> None:
    amy = site.person("amy")
    await root.asks("/limit qq:amy messages day 1")
    assert await amy.asks("one") == ["re: one"]
    assert await amy.asks("two") == [site.says_capped(1)]
    await root.asks("/grant qq:amy 1 message")
    assert await amy.asks("three") == ["re: three"]
    assert await amy.asks("four") == [site.says_capped(2)]
    await root.asks("/limit qq:amy messages day unlimited")
    assert await amy.asks("five") == ["re: five"]
