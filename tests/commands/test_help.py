"""/help and the menus that pages and platforms show."""

import pytest

from bots.commands import find_commands
from bots.menu import menu, shown_name
from bots.texts.catalogue import Catalogue
from core.bot import Bot
from core.command import Command
from tests.commands.talk import Talk

COMMANDS = find_commands(())


async def test_help_lists_every_command_with_its_english_name(talk):
    answer = await talk.say("/help")
    for command in COMMANDS.values():
        line = f"`/{command.name}` {talk.texts.say(f'command_{command.name}', 'en')}"
        assert (line in answer) is not command.admins


async def test_help_in_chinese_lists_every_command_with_its_chinese_name(talk):
    answer = await talk.say("/帮助", language="zh")
    for command in COMMANDS.values():
        assert (f"`/{shown_name(command, 'zh')}` " in answer) is not command.admins
    assert "`/画图` 画一张图" in answer
    assert "/image" not in answer


async def test_help_shows_admins_what_is_theirs_alone(owner):
    answer = await owner.say("/help")
    assert "**For admins**" in answer
    assert all(f"`/{command.name}` " in answer for command in COMMANDS.values())


async def test_help_is_grouped_and_short(talk):
    answer = await talk.say("/help")
    headings = [line for line in answer.splitlines() if line.startswith("**")]
    assert headings == ["**Our talk**", "**Pictures and sound**", "**You**", "**More**"]
    assert len(answer) < 1500


@pytest.mark.parametrize("name", ["image", "/image", "IMAGE", "画图", "draw", "image please"])
async def test_help_explains_one_command_with_all_its_names_and_an_example(talk, name):
    answer = await talk.say(f"/help {name}")
    assert answer.startswith("`/image` `/画图` `/draw`")
    assert "Example: `/image a fox" in answer


@pytest.mark.parametrize("name", sorted({command.name for command in COMMANDS.values()}))
async def test_each_command_is_explained_in_both_languages(talk, name):
    command = COMMANDS[name]
    assert "Example: " in await talk.say(f"/help {name}")
    assert "例如：" in await talk.say(f"/帮助 {shown_name(command, 'zh')}", language="zh")


async def test_help_suggests_the_closest_name(talk):
    assert "`/image`" in await talk.say("/help imgae")


async def test_help_on_something_far_from_any_name_says_so(talk):
    assert "“xyzzy”" in await talk.say("/help xyzzy")


async def test_commands_are_shown_with_the_bots_own_mark():
    talk = Talk(bot=Bot(name="b", platform="web", command_prefixes=("!", "/")))
    assert "`!image`" in await talk.say("!help")
    assert "`!image a fox" in await talk.say("!image")


async def test_start_greets_with_the_help(talk):
    assert await talk.say("/start") == await talk.say("/help")


async def test_an_installed_command_is_listed_under_the_rest(talk):
    dice = Command(name="dice", run=COMMANDS["help"].run)
    talk.commands = {**COMMANDS, "dice": dice}
    answer = await talk.say("/help")
    assert "`/dice`" in answer.partition("**More**")[2]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_menu_has_each_command_of_everybody_once_with_a_description(language):
    entries = menu(COMMANDS, Catalogue(), language)
    names = [name for name, _ in entries]
    everybodys = {c.name for c in COMMANDS.values() if not c.admins}
    assert {COMMANDS[name].name for name in names} == everybodys
    assert len(names) == len(set(names))
    assert all(about for _, about in entries)


def test_the_menu_speaks_the_readers_language():
    texts = Catalogue()
    assert ("画图", "画一张图") in menu(COMMANDS, texts, "zh")
    assert ("image", "draw a picture") in menu(COMMANDS, texts, "en")


def test_the_menu_can_keep_to_latin_names():
    assert ("image", "画一张图") in menu(COMMANDS, Catalogue(), "zh", latin=True)
