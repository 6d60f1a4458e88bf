"""/limit, /grant, /bind: what is kept, and what is told."""

from datetime import UTC, datetime

import pytest

from core.model import Mention, Quote, SetSetting
from core.people import PeopleRules
from core.quota.limits import Allowances, Limits
from tests.commands.talk import Talk

RULES = PeopleRules(
    owners=frozenset({"qq:root"}),
    admins=frozenset({"qq:boss"}),
    allow=frozenset({"qq:*"}),
    daily_messages=50,
)
LIMITS = Limits(member=Allowances(usd_month=5), group=Allowances(tokens_day=1000))


def who(sender: str = "boss", *, group: bool = False, **about: object) -> Talk:
    given = {"limits": LIMITS, "rules": RULES, **about}
    return Talk(platform="qq", sender=sender, group=group, **given).met("qq:amy")


def kept(talk: Talk, scope: str) -> dict[str, str]:
    return dict(talk.store.decided(scope))


@pytest.mark.parametrize(
    ("words", "name", "value", "told"),
    [
        ("qq:amy usd month 7.5", "person:qq:amy usd_month", "7.5", "$5.00 → $7.50"),
        ("qq:amy $7.50 a month", "person:qq:amy usd_month", "7.5", "$5.00 → $7.50"),
        ("me messages day 9", "person:qq:boss messages_day", "9", "unlimited → 9"),
        ("qq:amy messages day unlimited", "person:qq:amy messages_day", "unlimited", "50 → unl"),
        ("here tokens day 10k", "group:qq:c1 tokens_day", "10000", "1,000 → 10,000"),
        ("bot images month 0", "bot:b images_month", "0", "unlimited → 0"),
        ("members usd month 0.0001", "member usd_month", "0.0001", "$5.00 → $0.0001"),
        ("guests audio day 60", "guest audio_s_day", "60", "unlimited → 60"),
        ("guests 2 minutes daily", "guest audio_s_day", "120", "unlimited → 120"),
        ("groups tokens day unlimited", "group tokens_day", "unlimited", "1,000 → unlimited"),
        ("bots usd day 3", "bot usd_day", "3", "unlimited → $3.00"),
        ("all usd month 100", "all usd_month", "100", "unlimited → $100.00"),
        ("group:telegram:-100 usd day 1", "group:telegram:-100 usd_day", "1", "→ $1.00"),
    ],
)
async def test_a_limit_is_kept_and_told_with_what_it_was(words, name, value, told):
    boss = who(group=True)
    answer = await boss.say(f"/limit {words}")
    assert told in answer
    assert "This holds for" in answer
    assert kept(boss, "limits") == {name: value}


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("qq:amy 每月 5 美元", "person:qq:amy usd_month", "5"),
        ("成员 每天100条", "member messages_day", "100"),
        ("本群 每天 10万 token", "group:qq:c1 tokens_day", "100000"),
        ("全部 每月 不限 美元", "all usd_month", "unlimited"),
        ("访客 每日3张图", "guest images_day", "3"),
        ("访客 每天 2分钟", "guest audio_s_day", "120"),
    ],
)
async def test_limits_are_said_in_chinese_too(words, name, value):
    boss = who(group=True)
    answer = await boss.say(f"/限额 {words}", language="zh")
    assert "有效" in answer
    assert kept(boss, "limits") == {name: value}


async def test_default_takes_a_decision_back_to_what_holds_for_all_alike():
    boss = who()
    await boss.say("/limit members usd month 2")
    await boss.say("/limit qq:amy usd month 9")
    answer = await boss.say("/limit qq:amy usd month default")
    assert "`qq:amy`, dollars a month: $9.00 → $2.00" in answer
    assert kept(boss, "limits") == {"member usd_month": "2"}
    assert "$2.00 → $5.00" in await boss.say("/limit members usd month default")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("amy usd month 5", "got “amy”. Name a person by an id"),
        ("qq:amy usd month", "got “usd month”"),
        ("qq:amy usd 5", "got “usd 5”"),
        ("qq:amy month 5", "got “month 5”"),
        ("qq:amy usd month -5", "got “usd month -5”"),
        ("qq:amy usd month 5 unlimited", "got “usd month 5 unlimited”"),
        ("qq:amy usd month 1,5", "got “usd month 1,5”"),
        ("qq:amy usd month 5 6", "got “usd month 5 6”"),
        ("qq:amy bananas month 5", "`/limit telegram:123456 usd month 5`"),
        ("qq:amy messages day 1.5", "can be counted, got 1.5"),
        ("qq:amy usd day 0.0000000001", "can be counted, got 0.0000000001"),
        ("qq:amy usd day 9999999999", "can be counted, got 9999999999"),
        ("qq:amy tokens day " + "9" * 500, "that can be counted, got 1000"),
    ],
)
async def test_what_is_no_limit_is_told_with_what_was_expected(words, told):
    boss = who()
    assert told in await boss.say(f"/limit {words}")
    assert boss.outcome.effects == ()


@pytest.mark.parametrize("words", ["/limit qq:root usd day 0", "/bind qq:root main:alice"])
async def test_an_admin_decides_nothing_on_an_owner(words):
    boss, root = who(), who("root")
    assert "is an owner" in await boss.say(words)
    assert boss.outcome.effects == ()
    assert "→" in await root.say(words)


async def test_here_means_nothing_outside_of_a_group():
    boss = who()
    for command in ("limit", "grant"):
        told = await boss.say(f"/{command} here 1 usd day")
        assert "“here” is the group in which it is said, and this is no group" in told
    assert "“本群”指的是" in await boss.say("/限额 本群 每天 1 美元", language="zh")
    assert boss.outcome.effects == ()


async def test_a_target_alone_shows_what_holds_for_it():
    boss = who(group=True)
    await boss.say("/limit qq:amy tokens month 9000")
    told = await boss.say("/limit qq:amy")
    for line in ("messages a day: 50", "tokens a month: 9,000", "dollars a month: $5.00"):
        assert f"- `qq:amy`, {line}\n" in told
    assert "To change one: `/limit telegram:123456 usd month 5`" in told
    assert "- `group:qq:c1`, tokens a day: 1,000" in await boss.say("/limit here")
    assert "- 每个成员，每月美元额度：$5.00" in await boss.say("/限额 成员", language="zh")
    assert "`qq:boss`: unlimited." in await boss.say("/limit me")
    assert boss.outcome.effects == ()


async def test_a_word_of_no_meaning_is_named_as_it_was_written():
    boss = who()
    for word in ("1e999", "-5", "Unlimitted", "fortnight"):
        told = await boss.say(f"/limit qq:amy usd month {word}")
        assert f"I don't understand “{word}” there." in told
    assert "“lots”" in await boss.say("/grant qq:amy lots usd")
    told = await boss.say("/限额 qq:amy 每月5美圆", language="zh")
    assert "这里的“美圆”我看不懂。" in told
    assert "例如：`/限额 telegram:123456 每月 5 美元`" in told


async def test_whom_else_a_limit_can_hold_for_is_told_where_nobody_is_named():
    boss = who()
    told = await boss.say("/limit memebers usd day 1")
    assert "each of the `members`, `guests`, `groups` or `bots`; got “memebers”" in told
    assert "`bot` or `all`; got “members”" in await boss.say("/grant members 1 usd")


async def test_a_unit_may_be_said_twice_where_it_is_the_same():
    boss = who()
    assert "→ $2.00" in await boss.say("/limit qq:amy usd month $2")
    assert "I don't understand “$2”" in await boss.say("/limit qq:amy tokens month $2")


async def test_what_is_configured_is_listed_after_what_was_decided():
    boss = who()
    assert "- Each member, dollars a month: $5.00 (by the configuration)" in (
        await boss.say("/limit")
    )
    await boss.say("/limit members usd month 7")
    answer = await boss.say("/limit")
    assert "- Each member, dollars a month: $7.00\n" in answer
    assert "$5.00" not in answer
    assert "- 每个群，每日 token 数：1,000（按配置）" in await boss.say("/限额", language="zh")


# -- gifts -----------------------------------------------------------------------


async def test_gifts_add_up_in_the_running_period_and_leave_the_limit_as_it_is():
    boss = who(at=datetime(2026, 11, 21, 12, tzinfo=UTC))
    answer = await boss.say("/grant qq:amy 2.5 usd")
    assert "`qq:amy`, dollars a month: $5.00 → $7.50, $2.50 of it granted." in answer
    assert "until 2026-12-01 00:00 UTC" in answer
    assert "$7.50 → $8.00, $3.00 of it granted" in await boss.say("/授权 qq:amy 0.5 美元 本月")
    assert kept(boss, "grants") == {"person:qq:amy usd_month 2026-11-01": "3"}
    assert kept(boss, "limits") == {}
    boss.clock.pass_(days=20)
    assert "$5.00 → $6.00, $1.00 of it granted" in await boss.say("/grant qq:amy 1 usd")


async def test_a_gift_holds_in_what_is_limited_and_counts_in_the_ceilings():
    boss = who(group=True)
    await boss.say("/grant here 500 tokens")
    assert kept(boss, "grants") == {"group:qq:c1 tokens_day 2026-11-03": "500"}
    account = boss.cashier.account((await message(boss)), "c")
    decided = (kept(boss, "limits"), kept(boss, "grants"))
    ceilings = boss.cashier.ceilings.of(account, "member", *decided)
    (tokens,) = (ceiling for ceiling in ceilings if ceiling.unit == "tokens")
    assert (tokens.limit, tokens.granted) == (1500, 500)


async def message(talk: Talk):
    await talk.say("hello")
    return next(reversed(talk.store.inbox.values()))[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("qq:amy", "I expected an amount with its unit"),
        ("qq:amy 5", "got “5”"),
        ("qq:amy 0 usd", "got “0 usd”"),
        ("qq:amy unlimited usd", "got “unlimited usd”"),
        ("qq:amy 5 tokens", "`qq:amy` has no such limit"),
        ("qq:amy 5 usd today", "has no such limit"),
        ("members 5 usd", "I expected a person"),
        ("qq:boss 5 usd", "has no such limit"),
        ("qq:amy 1000000000 usd", "got 1000000001"),
    ],
)
async def test_what_is_no_gift_is_told(words, told):
    boss = who()
    boss.store.kept["grants"]["person:qq:amy usd_month 2026-11-01"] = "1"
    assert told in await boss.say(f"/grant {words}")
    assert boss.outcome.effects == ()


async def test_gifts_of_the_running_periods_are_listed_and_no_others():
    boss = who()
    await boss.say("/grant qq:amy 2 usd")
    boss.store.kept["grants"]["person:qq:old usd_month 2026-10-01"] = "9"
    answer = await boss.say("/grant")
    assert "- `qq:amy`, dollars a month: +$2.00 (2026-11-01)" in answer
    assert "qq:old" not in answer


@pytest.mark.parametrize("words", ["/limit bot:nosuch usd day 1", "/grant bot:nosuch 1 usd"])
async def test_a_bot_that_is_not_there_has_no_limit(words):
    boss = who()
    assert "a bot of mine, got “nosuch”. There are `bot:b`." in await boss.say(words)
    assert boss.outcome.effects == ()
    boss.store.kept["limits"]["bot:nosuch usd_day"] = "1"
    await boss.say("/limit bot:nosuch usd day default")
    assert kept(boss, "limits") == {}
    assert "`bot:b`, dollars a day" in await boss.say("/limit bot:b usd day 1")


# -- a gift beside a limit, and who never wrote ----------------------------------


async def test_a_gift_that_still_lets_calls_through_is_told_with_the_limit():
    boss = who()
    await boss.say("/grant qq:amy 2 usd")
    answer = await boss.say("/limit qq:amy usd month 0")
    assert "A gift of $2.00 stays on top of it until 2026-12-01 00:00 UTC: $2.00 in all." in answer
    answer = await boss.say("/limit qq:amy usd month 1500", language="zh")
    assert "另有赠送的 $2.00 照旧可用，到 2026-12-01 00:00 UTC 为止，合计 $1,502.00。" in answer
    for words in ("qq:amy usd day 0", "qq:amy usd month unlimited", "members usd month 0"):
        assert "gift" not in await boss.say(f"/limit {words}")


@pytest.mark.parametrize(
    "words",
    [
        "/limit qq:amx usd day 1",
        "/limit qq:amx",
        "/grant qq:amx 1 usd",
        "/bind qq:amx main:alice",
        "/limit group:telegram:-1 usd day 1",
    ],
)
async def test_whoever_never_wrote_may_be_decided_on_and_that_is_said(words):
    boss = who()
    assert "if that is a surprise, check it for a typing error" in await boss.say(words)
    assert len(boss.outcome.effects) == (len(words.split()) > 2)


@pytest.mark.parametrize(
    "words",
    ["/limit qq:amy usd day 1", "/limit me usd day 1", "/limit here usd day 1", "/limit qq:amy"]
    + [f"/limit {one} usd day 1" for one in ("all", "members", "groups", "bot", "bots")]
    + ["/limit qq:amx usd day", "/grant qq:amx 1 banana", "/bind qq:amx main:carol"],
)
async def test_nothing_of_it_is_said_of_those_who_wrote_nor_of_all_alike(words):
    boss = who(group=True)
    assert "typing error" not in await boss.say(words)


@pytest.mark.parametrize("command", ["limit {}usd day 1", "grant {}1 usd", "bind {}main:bob"])
@pytest.mark.parametrize(
    ("named", "part"),
    [("@Amx ", Mention(user="amx", name="Amx")), ("", Quote(key="k", sender="amx"))],
)
async def test_whoever_is_pointed_at_is_there_and_no_id_is_mistyped(command, named, part):
    boss = who(group=True)
    answer = await boss.say("/" + command.format(named), part)
    assert len(boss.outcome.effects) == 1
    assert "typing error" not in answer


# -- keys ------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["/bind qq:amy main:alice", "/绑定 qq:amy main:alice"])
async def test_somebody_is_bound_to_a_token(words):
    boss = who()
    assert await boss.say(words) == "`qq:amy`: the common key → `main:alice`."
    assert boss.cashier.token("qq:amy") == "main:alice"
    assert "- `qq:amy`: `main:alice`" in await boss.say("/bind")


async def test_a_binding_to_a_key_that_is_gone_is_marked_in_the_list():
    boss = who()
    await boss.say("/bind qq:amy main:alice")
    boss.relays.bindable = ("main:bob",)
    assert "- `qq:amy`: `main:alice` (not in the configuration" in await boss.say("/bind")


async def test_somebody_mentioned_is_bound():
    boss = who(group=True)
    await boss.say("/bind @Amy Lee main:bob", Mention(user="amy", name="Amy Lee"))
    assert kept(boss, "bindings") == {"qq:amy": "main:bob"}


async def test_none_takes_a_decided_binding_back():
    boss = who()
    await boss.say("/bind qq:amy main:alice")
    assert await boss.say("/bind qq:amy none") == "`qq:amy`: `main:alice` → the common key."
    assert kept(boss, "bindings") == {}


async def test_none_takes_a_configured_binding_back_as_well():
    boss = who(bindings={"qq:amy": "main:alice"})
    assert boss.cashier.token("qq:amy") == "main:alice"
    await boss.say("/bind qq:amy none")
    assert boss.cashier.token("qq:amy") == ""
    assert "- `qq:amy`: the common key" in await boss.say("/bind")
    await boss.say("/bind qq:amy main:bob")
    assert boss.cashier.token("qq:amy") == "main:bob"


@pytest.mark.parametrize("token", ["main:carol", "main", "spare:alice", ""])
async def test_a_token_that_is_not_there_is_told_with_those_that_are(token):
    boss = who()
    answer = await boss.say(f"/bind qq:amy {token}")
    assert "There are `main:alice`, `main:bob`" in answer
    assert boss.outcome.effects == ()


async def test_without_tokens_it_says_where_they_are_named():
    boss = who()
    boss.relays.bindable = ()
    assert "[relays.NAME.tokens]" in await boss.say("/bind qq:amy main:alice")


@pytest.mark.parametrize(
    "words",
    [
        "qq:amy sk-canary0123456789",
        "qq:amy main:sk-canary0123456789",
        "sk-canary0123456789",
        "qq:amy fk12-canary canary0123456789canary0123456789canary",
        "@Amy canary0123456789canary0123456789canary0123",
    ],
)
async def test_a_key_is_never_taken_nor_said_again(words):
    boss = who()
    answer = await boss.say(f"/bind {words}")
    assert "keys never belong in a chat" in answer
    assert "canary" not in answer
    assert boss.outcome.effects == ()


async def test_what_is_decided_is_kept_under_its_own_scope():
    boss = who()
    await boss.say("/bind qq:amy main:alice")
    assert boss.outcome.effects == (
        SetSetting(scope="bindings", name="qq:amy", value="main:alice"),
    )
