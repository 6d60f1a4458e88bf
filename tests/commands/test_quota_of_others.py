"""/quota of somebody else, of a group, a bot or all: for admins, in the words of /limit."""

import pytest
from msgspec import structs

from core.amounts import NANO, Amounts
from core.model import Mention, Quote, Spend
from core.people import PeopleRules, Role
from core.quota.limits import Limits
from tests.commands.accounts import AT, CHAT, grants, somebody, spends
from tests.commands.talk import Talk

RULES = PeopleRules(
    admins=frozenset({"qq:boss"}),
    allow=frozenset({"qq:amy"}),
    guests=True,
    daily_messages=50,
)
PAID = structs.replace(CHAT, nano_usd=2 * NANO)
PICTURE = Spend(kind="image", relay="burn", model="d", at=AT, images=3, nano_usd=NANO)


def boss(*, group: bool = False, bound: bool = False) -> Talk:
    """An admin beside amy, who used $2 and may use $5 a month."""
    talk = somebody(Role.ADMIN, group=group, bound=bound)
    talk.rules = RULES
    talk.address = structs.replace(talk.address, sender="boss")
    spends(talk, PAID)
    return talk


@pytest.mark.parametrize("words", ["/quota qq:amy", "/usage QQ:amy", "/额度 qq:amy"])
async def test_an_admin_sees_what_somebody_used_and_has_left(words):
    told = await boss().say(words.replace("QQ", "qq"))
    assert told.startswith("`qq:amy` (member)\n\n**Today:**")
    assert "• Chat: 1 ×, 1,234 tokens in, 567 out, $2.00" in told
    assert "• messages: 50 of 50" in told
    assert "• dollars: $3.00 of $5.00" in told
    assert "Account at" not in told
    assert "everybody" not in told


async def test_it_is_told_in_chinese_too():
    told = await boss().say("/额度 qq:amy", language="zh")
    assert told.startswith("`qq:amy`（成员）\n\n**今天：**")
    assert "• 美元：$3.00 / $5.00" in told


async def test_a_gift_is_told_and_the_limits_are_those_of_the_role():
    talk = boss()
    grants(talk, "1.5")
    assert "$4.50 of $6.50, $1.50 of it granted" in await talk.say("/quota qq:amy")
    talk.store.kept["roles"]["qq:amy"] = "admin"
    told = await talk.say("/quota qq:amy")
    assert told.startswith("`qq:amy` (admin)")
    assert "of $6.50" not in told
    assert "**No limit** is set.\n" in told


async def test_a_bound_persons_key_is_told_as_theirs():
    told = await boss(bound=True).say("/quota qq:amy")
    assert "**Key** `pear`" in told
    assert " at burn" in told
    assert "Your key" not in told


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("/quota @Amy Lee", Mention(user="amy", name="Amy Lee")),
        ("/quota", Quote(key="k", sender="amy")),
    ],
)
async def test_somebody_is_named_by_a_mention_or_a_reply_in_a_group_without_dollars(words, part):
    told = await boss(group=True).say(words, part)
    assert told.startswith("`qq:amy` (member)")
    assert "• dollars: 60 %" in told
    assert "$" not in told


async def test_a_reply_to_whoever_never_writes_is_about_oneself():
    """The bot's own answers are replied to in groups so that it listens."""
    talk = boss(group=True)
    for asker in ("boss", "amy"):
        talk.address = structs.replace(talk.address, sender=asker)
        told = await talk.say("/quota", quote=Quote(key="k", sender="the bot"))
        assert told.startswith("**Today:**")


async def test_a_group_is_summed_by_units_for_today_and_this_month():
    talk = boss(group=True)
    spends(talk, PICTURE, day="2026-11-01")
    told = await talk.say("/quota here")
    assert told.startswith("`group:qq:c1`\n\n**Today:**\n• tokens: 1,801\n\n**This month:**")
    assert "• tokens: 1,801\n• pictures: 3" in told
    assert "• pictures: 10 of 10" in told
    assert "• dollars: 92 %" in told
    assert "(this group)" not in told


async def test_a_group_is_asked_of_in_a_talk_alone_with_its_dollars():
    talk = boss(group=True)
    talk.store.accounts.counted["group:telegram:-7", "2026-11-03"] = Amounts(nano_usd=NANO)
    talk.address = structs.replace(talk.address, group=False)
    told = await talk.say("/quota group:telegram:-7")
    assert told.startswith("`group:telegram:-7`\n\n**Today:** $1.00\n**This month:** as above")
    assert "• dollars: $39.00 of $40.00" in told


@pytest.mark.parametrize(
    ("words", "head", "left"),
    [
        ("/quota all", "All together", "• dollars: $97.00 of $100.00"),
        ("/quota 全部", "All together", "• dollars: $97.00 of $100.00"),
        ("/quota bot", "`bot:b`", "• dollars: $17.00 of $20.00"),
        ("/quota bot:b", "`bot:b`", "• dollars: $17.00 of $20.00"),
    ],
)
async def test_a_bot_and_all_are_told_with_what_has_no_price(words, head, left):
    talk = boss()
    spends(talk, PICTURE, CHAT, identity="qq:eve")
    told = await talk.say(words)
    assert told.startswith(f"{head}\n\n**Today:** $3.00 + 1 of unknown price\n• tokens: 3,602")
    assert left in told


async def test_of_calls_without_any_price_no_dollars_are_made_up():
    talk = boss()
    talk.store.accounts.rows.clear()
    talk.store.accounts.counted.clear()
    assert "**Today:** nothing used\n**This month:** nothing used" in await talk.say("/quota all")
    spends(talk, CHAT)
    assert "**Today:** price unknown\n• tokens: 1,801" in await talk.say("/quota all")


@pytest.mark.parametrize("role", [Role.MEMBER, Role.GUEST])
@pytest.mark.parametrize(
    "words", ["qq:eve", "here", "bot", "all", "group:telegram:-7", "members", "nonsense"]
)
async def test_others_than_admins_are_refused_in_one_sentence(words, role):
    talk = somebody(role, group=True).met("qq:eve")
    told = await talk.say(f"/quota {words}")
    assert told == "Only admins see what others use; `/quota` alone shows what you do."
    assert await talk.say(f"/quota {words}", language="zh") == (
        "别人用了多少只有管理员能看，单发 `/额度` 可以看你自己的。"
    )


async def test_others_than_admins_are_refused_by_a_reply_or_a_mention_too():
    talk = somebody(group=True).met("qq:eve")
    for words, part in (
        ("/quota", Quote(key="k", sender="eve")),
        ("/quota @Eve", Mention(user="eve", name="Eve")),
    ):
        assert "Only admins see" in await talk.say(words, part)


@pytest.mark.parametrize("words", ["/quota me", "/quota qq:amy", "/额度 我", "/quota"])
async def test_everybody_may_name_himself(words):
    told = await somebody().say(words)
    assert told.startswith("**Today:**")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("members", "I expected a person, `here` (in a group), `bot` or `all`; got “members”"),
        ("nonsense", "got “nonsense”. Name a person by an id"),
        ("qq:amy today", "got “today”"),
        ("me today", "got “today”"),
        ("here", "“here” is the group in which it is said, and this is no group"),
        ("bot:nosuch", "I expected a bot of mine, got “nosuch”"),
    ],
)
async def test_what_names_nobody_is_told_with_an_example(words, told):
    talk = boss()
    answer = await talk.say(f"/quota {words}")
    assert told in answer
    assert "Example: `/quota telegram:123456`" in answer


async def test_of_whoever_never_wrote_that_is_said():
    told = await boss().say("/quota qq:amx")
    assert "**Today:** nothing used" in told
    assert "Nobody with that id has written to me yet" in told
    assert "typing error" not in await boss().say("/quota qq:amy")


async def test_no_relay_is_asked_for_whoever_is_bound_to_no_key():
    talk = boss()
    talk.limits = Limits()
    await talk.say("/quota qq:amy")
    await talk.say("/quota all")
    assert talk.balances.asked == 0
