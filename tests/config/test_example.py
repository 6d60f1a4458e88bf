import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import fields

from bots.config import Config, load
from bots.config.model import Alerts, Log, Proxy, Server, Storage
from bots.config.platforms import platforms, settings_of
from core.bot import Bot
from core.people import PeopleRules
from core.quota.limits import Limits
from core.relay.entry import RelayEntry, RouteTable

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
STRUCTS = {
    ("server",): Server,
    ("storage",): Storage,
    ("proxy",): Proxy,
    ("relays", "main"): RelayEntry,
    ("routes",): RouteTable,
    ("people",): PeopleRules,
    ("limits",): Limits,
    ("alerts",): Alerts,
    ("bots", "web"): Bot,
    ("log",): Log,
}


def test_the_example_loads_as_it_stands():
    assert load(EXAMPLE, {}).bots[0].bot.name == "web"


def test_the_example_has_every_section():
    sections = {place[0] for place in STRUCTS} | {"bindings"}
    assert sections == {field.name for field in fields(Config)}
    assert set(tomllib.loads(EXAMPLE.read_text())) == sections


@pytest.mark.parametrize(("place", "kind"), STRUCTS.items(), ids=map(".".join, STRUCTS))
def test_the_example_shows_every_setting(place, kind):
    table = tomllib.loads(EXAMPLE.read_text())
    for name in place:
        table = table[name]
    assert {field.name for field in fields(kind)} - {"name"} <= table.keys()


@pytest.mark.parametrize("platform", platforms())
def test_the_example_shows_every_setting_of_each_platform(platform):
    bots = tomllib.loads(EXAMPLE.read_text())["bots"].values()
    shown = {key for bot in bots if bot["platform"] == platform for key in bot}
    assert {field.name for field in fields(settings_of(platform))} <= shown


def test_every_setting_of_the_example_has_a_comment_above_it():
    lines = EXAMPLE.read_text().splitlines()
    bare = [
        line
        for above, line in pairwise(lines)
        if " = " in line and not line.startswith("#") and not above.startswith("#")
    ]
    assert bare == []
