"""/group: settings of a whole group, who may change them, and what they change."""

import pytest
from msgspec import structs

from bots.commands.group import CHINESE
from core.bot import Bot
from core.group import GroupSetting
from core.model import SetSetting, group_key
from core.people import PeopleRules
from tests.commands.talk import Talk

RULES = PeopleRules(admins=frozenset({"qq:boss"}), allow=frozenset({"qq:*"}))


def member(sender: str = "amy", *, beside: Talk | None = None, **settings: object) -> Talk:
    bot = Bot(name="b", platform="qq", **settings)
    return Talk(platform="qq", sender=sender, group=True, bot=bot, rules=RULES, beside=beside)


@pytest.fixture
def boss() -> Talk:
    return member("boss")


def kept(talk: Talk) -> dict[str, str]:
    return dict(talk.store.group(group_key(talk.address)))


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("set trigger all", "trigger", "all"),
        ("SET Trigger ALL", "trigger", "all"),
        ("trigger prefix", "trigger", "prefix"),
        ("set history thread", "history", "thread"),
        ("set prefix hey bot", "prefix", "hey bot"),
        ("set persona You are\nour librarian.", "persona", "You are\nour librarian."),
        ("set model 2", "model", "main:m-small"),
        ("set model spare:other", "model", "spare:other"),
        ("set model main:unlisted", "model", "main:unlisted"),
        ("set language 中文", "language", "zh"),
        ("触发 全部", "trigger", "all"),
        ("设置 触发 艾特", "trigger", "mention"),
        ("触发 前缀", "trigger", "prefix"),
        ("前缀 小帕", "prefix", "小帕"),
        ("历史 全群", "history", "group"),
        ("历史 个人", "history", "member"),
        ("历史\u3000话题", "history", "thread"),
        ("人设 你是图书管理员", "persona", "你是图书管理员"),
        ("模型 m-small", "model", "main:m-small"),
        ("语言 英文", "language", "en"),
    ],
)
async def test_an_admin_sets_what_holds_for_the_whole_group(words, name, value):
    boss = member("boss", prefixes=("bot,",))
    await boss.say(f"/group {words}")
    assert boss.outcome.effects == (
        SetSetting(scope=group_key(boss.address), name=name, value=value),
    )
    assert kept(boss) == {name: value}


@pytest.mark.parametrize("words", ["reset trigger", "重置 触发", "恢复 触发", "RESET Trigger"])
async def test_an_admin_takes_a_setting_back(boss, words):
    await boss.say("/group set trigger all")
    await boss.say(f"/群设置 {words}")
    assert kept(boss) == {}


@pytest.mark.parametrize("words", ["set trigger all", "trigger all", "reset trigger", "nonsense"])
async def test_a_member_changes_nothing_and_is_told_so(words):
    amy = member()
    assert await amy.say(f"/group {words}") == amy.texts.say("group_admins_only", "en", slash="/")
    assert amy.outcome.effects == ()


@pytest.mark.parametrize("words", ["", " set trigger all"])
async def test_outside_of_groups_it_says_where_it_belongs(owner, words):
    assert await owner.say(f"/group{words}") == owner.texts.say("group_only", "en")
    assert owner.outcome.effects == ()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("set trigger sometimes", "`mention`, `all` or `prefix`, and got “sometimes”"),
        ("set trigger", "`mention`, `all` or `prefix`"),
        ("set history everybody", "`member`"),
        ("set language fr", "`en` or `zh`"),
        ("set prefix", "1 to 20 characters"),
        ("set prefix /bot", "1 to 20 characters"),
        ("set prefix " + "x" * 21, "1 to 20 characters"),
        ("set prefix one\ntwo", "1 to 20 characters"),
        ("set persona", "like this: `/group set persona"),
        ("set model nonsense", "1. `main:m-large`"),
        ("set model", "1. `main:m-large`"),
        ("set colour red", "got “colour”"),
        ("set", "got “”"),
        ("reset", "got “”"),
        ("reset colour", "got “colour”"),
    ],
)
async def test_what_cannot_be_set_is_told_with_what_can(boss, words, told):
    assert told in await boss.say(f"/group {words}")
    assert boss.outcome.effects == ()


async def test_a_persona_leaves_room_for_the_talk():
    boss = member("boss", history_chars=100)
    assert "51" in await boss.say("/group set persona " + "x" * 51)
    await boss.say("/group set persona " + "x" * 50)
    assert kept(boss) == {"persona": "x" * 50}


async def test_a_group_without_a_prefix_is_not_closed_to_all_but_commands(boss):
    assert "prefix" in await boss.say("/group set trigger prefix")
    assert kept(boss) == {}
    await boss.say("/group set prefix 小帕")
    await boss.say("/group set trigger prefix")
    assert kept(boss)["trigger"] == "prefix"


async def test_anybody_sees_what_is_set_and_what_is_configured(boss):
    await boss.say("/group set trigger all")
    await boss.say("/group set persona You are our librarian.")
    shown = await member(beside=boss, persona="A secret of the owner's.").say("/group")
    assert "- `trigger` (what I hear, beside commands): everything\n" in shown
    assert "You are our librarian." in shown
    assert "secret" not in shown
    assert "(who shares a memory): everybody has their own (as configured)" in shown
    assert "(which one answers): automatic (as configured)" in shown


async def test_the_owners_persona_is_not_shown_to_a_group():
    assert "secret" not in await member(persona="A secret of the owner's.").say("/group")


@pytest.mark.parametrize("name", CHINESE)
async def test_each_setting_is_shown_in_both_languages(name: GroupSetting):
    amy = member()
    assert f"- `{name}`" in await amy.say("/group")
    assert f"- `{CHINESE[name]}`" in await amy.say("/群设置", language="zh")


# -- what comes of it ----------------------------------------------------------


async def test_the_groups_persona_and_model_answer_everybody_there(boss):
    await boss.say("/group set persona You are our librarian.")
    await boss.say("/group set model 2")
    amy = member(beside=boss, persona="You are a pirate.")
    await amy.say("hello")
    assert amy.sent[0] == ("system", "You are our librarian.")
    assert amy.relays.picks == ["main:m-small"]


async def test_what_a_conversation_chose_comes_before_what_its_group_has(boss):
    await boss.say("/group set persona You are our librarian.")
    await boss.say("/group set model 2")
    amy = member(beside=boss)
    await amy.say("/persona You are a pirate.")
    await amy.say("/model 3")
    await amy.say("hello")
    assert (amy.sent[0], amy.relays.picks) == (("system", "You are a pirate."), ["spare:other"])
    await amy.say("/persona off")
    await amy.say("hello")
    assert amy.sent[0] == ("system", "You are our librarian.")


async def test_in_a_shared_history_only_admins_choose_otherwise_than_the_group(boss):
    await boss.say("/group set history group")
    await boss.say("/group set persona You are our librarian.")
    amy = member(beside=boss)
    assert await amy.say("/persona You are a pirate.") == amy.texts.say("admins_only", "en")
    await boss.say("/persona You are a pirate.")
    await amy.say("hello")
    assert amy.sent[0] == ("system", "You are a pirate.")


async def test_a_groups_history_is_shared_from_then_on(boss):
    await boss.say("/group set history group")
    await boss.say("the word is plum")
    amy = member(beside=boss)
    await amy.say("what is the word?")
    assert ("user", "the word is plum") in amy.sent


async def test_a_persons_own_language_comes_before_the_groups(boss):
    await boss.say("/group set language zh")
    amy = member(beside=boss)
    assert await amy.say("/stop", language="en") == amy.texts.say("nothing_running", "zh")
    await amy.say("/language en")
    assert await amy.say("/stop") == amy.texts.say("nothing_running", "en")


async def test_the_automatic_language_is_the_groups_where_it_has_one(boss):
    await boss.say("/group set language zh")
    amy = member(beside=boss)
    await amy.say("/language en")
    assert await amy.say("/language auto", language="en") == amy.texts.say("language_auto", "zh")


async def test_whoami_tells_a_choice_from_what_the_group_has(boss):
    await boss.say("/group set persona You are our librarian.")
    amy = member(beside=boss)
    await amy.say("/language en")
    told = await amy.say("/whoami")
    assert "Persona: this group's" in told
    assert "English (your choice)" in told


async def test_what_is_set_for_a_group_changes_nothing_in_another(boss):
    await boss.say("/group set persona You are our librarian.")
    amy = member(beside=boss)
    amy.address = structs.replace(amy.address, chat="c2")
    await amy.say("hello")
    assert amy.sent == [("user", "hello")]
