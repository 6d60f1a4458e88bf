"""/role, /block, /unblock: who may give whom which role, and how people are named."""

import pytest

from core.model import Mention, Quote, SetSetting, Text
from core.people import PeopleRules
from tests.commands.talk import Talk

RULES = PeopleRules(
    owners=frozenset({"qq:root", "qq:other-root"}),
    admins=frozenset({"qq:boss", "qq:deputy"}),
    allow=frozenset({"qq:amy"}),
    deny=frozenset({"qq:troll"}),
)


def who(sender: str = "boss", *, beside: Talk | None = None, group: bool = False) -> Talk:
    talk = Talk(platform="qq", sender=sender, rules=RULES, beside=beside, group=group)
    return talk.met("qq:amy", "qq:eve", "qq:troll", "telegram:7")


def roles(talk: Talk) -> dict[str, str]:
    return dict(talk.store.decided("roles"))


@pytest.mark.parametrize(
    ("words", "role", "told"),
    [
        ("/role qq:eve member", "member", "`qq:eve`: blocked → member."),
        ("/ROLE qq:eve GUEST", "guest", "`qq:eve`: blocked → guest."),
        ("/角色 qq:eve 成员", "member", "`qq:eve`: blocked → member."),
        ("/role telegram:7 member", "member", "`telegram:7`: blocked → member."),
        ("/block qq:amy", "blocked", "`qq:amy`: member → blocked."),
        ("/拉黑 qq:amy", "blocked", "`qq:amy`: member → blocked."),
        ("/unblock qq:troll", "member", "`qq:troll`: blocked → member."),
    ],
)
async def test_an_admin_gives_a_role_and_is_told_what_it_was(words, role, told):
    boss = who()
    assert await boss.say(words) == told
    assert roles(boss) == {words.split()[1]: role}


async def test_auto_takes_back_what_was_decided():
    boss = who()
    await boss.say("/role qq:amy guest")
    assert await boss.say("/role qq:amy auto") == "`qq:amy`: guest → member."
    assert roles(boss) == {}


async def test_whoever_was_blocked_is_again_what_the_configuration_says():
    boss = who()
    await boss.say("/block qq:amy")
    assert await boss.say("/unblock qq:amy") == "`qq:amy`: blocked → member."
    assert roles(boss) == {}


@pytest.mark.parametrize("words", ["/role qq:amy auto", "/unblock qq:amy"])
async def test_what_is_so_already_changes_nothing(words):
    boss = who()
    assert "already" in await boss.say(words)
    assert boss.outcome.effects == ()


@pytest.mark.parametrize(
    "words",
    ["/role qq:root member", "/block qq:root", "/role qq:root auto", "/block qq:other-root"],
)
@pytest.mark.parametrize("sender", ["boss", "root"])
async def test_nobody_changes_an_owner(words, sender):
    boss = who(sender)
    assert "is an owner by the configuration" in await boss.say(words)
    assert boss.outcome.effects == ()


@pytest.mark.parametrize("words", ["/role me guest", "/role qq:boss member", "/block me"])
async def test_nobody_changes_his_own_role(words):
    boss = who()
    assert "Nobody changes their own role" in await boss.say(words)
    assert boss.outcome.effects == ()


@pytest.mark.parametrize(
    "words", ["/role qq:amy admin", "/role qq:deputy member", "/block qq:deputy"]
)
async def test_only_an_owner_makes_and_unmakes_admins(words):
    boss = who()
    assert "Only owners make or unmake admins" in await boss.say(words)
    assert boss.outcome.effects == ()
    root = who("root")
    assert "→" in await root.say(words)
    assert len(roles(root)) == 1


async def test_an_admin_does_not_make_one_by_taking_back_what_an_owner_decided():
    root = who("root")
    await root.say("/role qq:deputy member")
    boss = who(beside=root)
    assert "Only owners" in await boss.say("/role qq:deputy auto")
    assert roles(boss) == {"qq:deputy": "member"}


@pytest.mark.parametrize("sender", ["amy", "eve"])
@pytest.mark.parametrize(
    "words",
    ["/role", "/role qq:amy admin", "/block qq:boss", "/unblock me", "/limit", "/grant", "/bind"],
)
async def test_others_than_admins_change_and_see_nothing(words, sender):
    talk = who(sender)
    assert await talk.say(words) == talk.texts.say("command_of_admins", "en")
    assert talk.outcome.effects == ()


async def test_whoever_was_made_admin_is_one_and_no_longer_once_it_is_taken_back():
    root, amy = who("root"), who("amy")
    amy.store = root.store
    await root.say("/role qq:amy admin")
    assert "→" in await amy.say("/role qq:eve member")
    await root.say("/role qq:amy auto")
    assert await amy.say("/role qq:eve guest") == amy.texts.say("command_of_admins", "en")


async def test_the_author_of_a_message_is_named_by_a_reply():
    boss = who(group=True)
    quote = Quote(key="1", sender="eve", parts=(Text(text="buy my coins"),))
    await boss.say("/block", quote=quote)
    assert boss.outcome.effects == (SetSetting(scope="roles", name="qq:eve", value="blocked"),)


async def test_an_id_counts_more_than_the_reply():
    boss = who(group=True)
    await boss.say("/role qq:amy guest", quote=Quote(key="1", sender="eve"))
    assert roles(boss) == {"qq:amy": "guest"}


@pytest.mark.parametrize("name", ["Eve", "Eve of the West"])
@pytest.mark.parametrize("words", ["/role @{} member", "/角色@{} 成员"])
async def test_somebody_is_named_by_a_mention_whose_name_may_have_spaces(words, name):
    boss = who(group=True)
    await boss.say(words.format(name), Mention(user="77", name=name))
    assert roles(boss) == {"qq:77": "member"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("/role eve member", "I expected a person, got “eve”."),
        ("/role qq:* member", "got “qq:*”"),
        ("/role pigeon:7 member", "got “pigeon:7”"),
        ("/role @Eve member", "got “@Eve”"),
        ("/block", "Example: `/block telegram:123456`"),
        ("/block qq:amy please", "got “please”"),
        ("/role qq:amy king", "got “king”. Example: `/role qq:amy member`"),
        ("/role qq:amy owner", "got “owner”"),
        ("/role qq:amy", "`qq:amy` is member. To change that: `/role qq:amy member`"),
    ],
)
async def test_what_is_not_understood_is_told_with_what_was_expected(words, told):
    boss = who()
    assert told in await boss.say(words)
    assert boss.outcome.effects == ()


async def test_alone_a_command_shows_how_it_is_used_and_what_is_set():
    boss = who()
    assert "Nothing is set here yet" in await boss.say("/role")
    await boss.say("/block qq:eve")
    answer = await boss.say("/role")
    assert "- `qq:eve`: blocked" in answer
    assert "Example: `/role telegram:123456 member`" in answer
    assert "- `qq:eve`" in await boss.say("/block")


async def test_a_group_is_not_shown_what_is_set():
    alone = who()
    await alone.say("/block qq:eve")
    answer = await who(beside=alone, group=True).say("/role")
    assert "qq:eve" not in answer
    assert "in a talk alone with me" in answer


@pytest.mark.parametrize("words", ["/role qq:evee member", "/block qq:evee"])
async def test_a_role_of_somebody_who_never_wrote_is_given_and_that_is_said(words):
    boss = who()
    answer = await boss.say(words)
    assert "`qq:evee`: blocked" in answer
    assert "Nobody with that id has written to me yet" in answer
    assert len(roles(boss)) == 1
    assert "还没有这个 ID 的人给我发过消息" in await boss.say("/role qq:eva guest", language="zh")
