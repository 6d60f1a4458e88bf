"""/timezone: the zone of the times that a person is told."""

from datetime import UTC, datetime

import pytest

from bots.timezones import find_zone
from core.people import PeopleRules
from tests.commands.talk import Talk

SUMMER = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
WINTER = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("asked", ["/timezone Asia/Shanghai", "/时区 上海", "/timezone beijing"])
async def test_a_zone_is_set_by_its_name_or_its_city(talk, asked):
    assert await talk.say(asked) == "Times are in Asia/Shanghai now, where it is 20:00."
    assert await talk.store.settings(talk.person) == {"timezone": "Asia/Shanghai"}


async def test_without_a_name_the_current_one_is_told(talk):
    assert "in UTC, where it is 12:00" in await talk.say("/timezone")
    await talk.say("/timezone tokyo")
    assert "Asia/Tokyo，现在是 21:00" in await talk.say("/时区", language="zh")


@pytest.mark.parametrize("asked", ["auto", "AUTO", "自动"])
async def test_auto_takes_it_back(asked):
    talk = Talk(rules=PeopleRules(timezone="Europe/Berlin"))
    await talk.say("/timezone Asia/Tokyo")
    assert "own zone again: Europe/Berlin, where it is 13:00" in await talk.say(
        f"/timezone {asked}"
    )
    assert await talk.store.settings(talk.person) == {}


async def test_a_wrong_name_gets_near_ones_and_changes_nothing(talk):
    told = await talk.say("/timezone Asia/Shangai")
    assert told.startswith("I know no time zone `Asia/Shangai`. Did you mean `Asia/Shanghai`")
    assert await talk.store.settings(talk.person) == {}


async def test_a_name_like_no_other_gets_an_example(talk):
    told = await talk.say("/timezone " + "#`q" * 100)
    assert "such as `Asia/Shanghai`" in told
    assert len(told) < 150


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("asia/shanghai", "Asia/Shanghai"),
        ("New York", "America/New_York"),
        ("  los   angeles ", "America/Los_Angeles"),
        ("utc", "UTC"),
        ("伦敦", "Europe/London"),
    ],
)
def test_names_are_found_as_people_write_them(asked, name):
    assert find_zone(asked, WINTER).name == name


def test_a_city_that_two_zones_have_is_asked_about():
    found = find_zone("louisville", WINTER)
    assert not found.name
    assert set(found.near) == {"America/Kentucky/Louisville", "America/Louisville"}


@pytest.mark.parametrize("asked", ["UTC+8", "gmt+8", "+8", "+08:00", "+0800"])
def test_an_offset_is_answered_with_places_that_have_it(asked):
    found = find_zone(asked, WINTER)
    assert not found.name
    assert found.near[0] == "Asia/Shanghai"


def test_an_offset_is_that_of_the_season():
    assert "Europe/Berlin" in find_zone("UTC+1", WINTER).near
    assert "Europe/Berlin" not in find_zone("UTC+1", SUMMER).near


@pytest.mark.parametrize("asked", ["Etc/GMT+8", "posixrules", "Factory", "../etc/passwd", "xq"])
def test_what_is_no_place_is_no_zone(asked):
    assert not find_zone(asked, WINTER).name
