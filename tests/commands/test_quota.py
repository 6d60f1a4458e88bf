"""/quota: what was used, what is left, what relays tell. Its look is in the golden files."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from core.amounts import NANO, Amounts, dollars
from core.command import Outcome
from core.model import Media
from core.people import PeopleRules, Role
from core.ports.balances import Balance, TokenBalance
from core.ports.ledger import Account, Booking
from core.quota.balance import stated
from core.quota.limits import Limits
from tests.commands.accounts import (
    AT,
    CHAT,
    counts,
    grants,
    limits,
    recorded,
    somebody,
    spends,
)
from tests.commands.talk import Talk

VOICE = Media(kind="voice", remote="file-1", mime="audio/ogg")


def telling(talk: Talk, *told: Balance) -> Talk:
    talk.balances.told = told
    return talk


def token(**fields: object) -> TokenBalance:
    known = {"alias": "pear", "name": "mine", "state": "enabled", "used_nano_usd": NANO}
    return TokenBalance(**{**known, "remaining_nano_usd": 2 * NANO, **fields})


def account_of(talk: Talk) -> Account:
    return Account(
        person=talk.person,
        conversation=talk.conversation,
        identity="qq:amy",
        bot="b",
        day="2026-11-03",
        place="qq:c1" if talk.address.group else "",
    )


# -- used ------------------------------------------------------------------------


async def test_todays_use_is_summed_by_kind(talk):
    talk.platform_files["file-1"] = b"ogg"
    await talk.say("yesterday")
    talk.clock.pass_(days=1)
    for asked in ("one", "two", "/image a fox", "/say hello"):
        await talk.say(asked)
    await talk.say("/transcribe", VOICE)
    await talk.say("/translate", VOICE)
    today, month, *_ = (await talk.say("/quota")).split("\n\n")
    assert today.splitlines() == [
        "**Today:** price unknown",
        "• Messages: 6",
        "• Chat: 2 ×, 22 tokens in, 14 out, price unknown",
        "• Pictures: 1, price unknown",
        "• Read aloud: 5 characters, price unknown",
        "• Transcribed: 1 ×, 2 s, price unknown",
        "• Translated: 1 ×, 2 s, price unknown",
    ]
    assert "Chat: 3 ×" in month


async def test_a_period_that_was_like_the_one_before_says_so(talk):
    await talk.say("one")
    used, *_ = (await talk.say("/quota")).split("\n\n")
    assert used.splitlines()[2:] == [
        "• Chat: 1 ×, 11 tokens in, 7 out, price unknown",
        "**This month:** as above",
        "**In all:** as above",
    ]


async def test_who_used_nothing_is_told_so(talk):
    answer = await talk.say("/quota")
    assert "**In all:** nothing used" in answer
    assert "还没用过" in await talk.say("/额度", language="zh")


async def test_what_others_used_is_nobodys_business():
    talk = somebody()
    spends(talk, CHAT, identity="qq:bob")
    assert "Chat" not in await talk.say("/quota")


async def test_what_was_used_before_the_common_midnight_is_not_todays():
    before_midnight = datetime(2026, 11, 3, 15, 59, tzinfo=UTC)
    talk = Talk(rules=PeopleRules(timezone="Asia/Shanghai"), at=before_midnight)
    await talk.say("one")
    talk.clock.pass_(minutes=1)
    await talk.say("two")
    today, month, *_ = (await talk.say("/quota")).split("\n\n")
    assert "Chat: 1 ×" in today
    assert "Chat: 2 ×" in month


async def test_only_what_is_estimated_is_marked_and_the_mark_is_explained():
    talk = somebody()
    spends(talk, structs.replace(CHAT, nano_usd=5))
    told = await talk.say("/quota")
    assert "1,234 tokens in, 567 out, <$0.0001" in told
    assert "≈" not in told
    spends(talk, structs.replace(CHAT, nano_usd=NANO, estimated=True))
    told = await talk.say("/quota")
    assert "≈2,468 tokens in, ≈1,134 out, ≈$1.00" in told
    assert "≈ is my own estimate" in told


async def test_a_price_of_nothing_is_known_and_an_unknown_one_is_not_nothing():
    talk = somebody()
    spends(talk, structs.replace(CHAT, nano_usd=0), CHAT, CHAT)
    assert "$0.00 + 2 of unknown price" in await talk.say("/quota")


# -- left ------------------------------------------------------------------------


async def test_what_is_left_of_a_limit_is_told_with_when_it_renews():
    talk = Talk(rules=PeopleRules(daily_messages=50, timezone="Asia/Shanghai"))
    talk.store.accounts.counted["person:web:amy", "2026-11-03"] = Amounts(messages=3)
    answer = await talk.say("/quota")
    assert "**Left today** (renews 00:00)\n• messages: 47 of 50" in answer
    assert answer.endswith("Times: Asia/Shanghai (`/timezone`)")


async def test_times_are_in_the_persons_own_zone():
    talk = somebody()
    assert "(renews 08:00)" in await talk.say("/quota")
    await talk.say("/timezone America/New_York")
    told = await talk.say("/quota")
    assert "**Left today** (renews 19:00)" in told
    assert "**Left this month** (renews 2026-11-30 19:00)" in told


async def test_what_is_reserved_is_not_left():
    talk = somebody()
    counts(talk, "2026-11-03", tokens=1_000)
    talk.store.accounts.book(
        "m9",
        Booking(
            account=account_of(talk),
            kind="chat",
            amounts=Amounts(messages=1, tokens=4_000),
            at=AT,
            until=AT + timedelta(hours=1),
        ),
    )
    told = await talk.say("/quota")
    assert "• tokens: 15,000 of 20,000, 4,000 set aside" in told
    assert "• messages: 49 of 50, 1 set aside" in told


async def test_a_gift_is_in_the_limit_and_told():
    talk = somebody()
    grants(talk, "2.5")
    assert "• dollars: $7.50 of $7.50, $2.50 of it granted" in await talk.say("/quota")


async def test_a_limit_that_was_passed_leaves_nothing():
    talk = somebody()
    counts(talk, "2026-11-03", messages=60)
    assert "• messages: 0 of 50" in await talk.say("/quota")


async def test_who_has_no_limit_is_told_so(owner):
    answer = await owner.say("/quota")
    assert "**No limit** is set for you." in answer
    assert "Left" not in answer


async def test_a_limit_that_an_admin_took_away_is_none():
    talk = somebody()
    talk.limits = Limits()
    limits(talk, "person:qq:amy", "unlimited")
    assert "**No limit** is set for you." in await talk.say("/quota")


async def test_the_groups_limits_are_told_in_the_group_alone():
    assert "pictures (this group): 10 of 10" in await somebody(group=True).say("/quota")
    assert "this group" not in await somebody().say("/quota")


@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMIN])
async def test_the_bots_and_everybodys_limits_are_for_admins(role):
    told = await somebody(role).say("/quota")
    assert ("(this bot)" in told, "(everybody)" in told) == (role is Role.ADMIN,) * 2


# -- money -----------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMIN, Role.GUEST])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_groups_and_guests_are_shown_no_money(role, language):
    talk = somebody(role, bound=True, group=role is not Role.GUEST)
    spends(talk, structs.replace(CHAT, nano_usd=NANO), CHAT)
    told = await talk.say("/quota", language=language)
    assert "1,234" in told or "2,468" in told
    for word in ("$", "price", "价格", "鸭梨", "burn"):
        assert word not in told


async def test_in_a_group_what_is_left_of_dollars_is_a_share():
    talk = somebody(group=True)
    spends(talk, structs.replace(CHAT, nano_usd=NANO))
    told = await talk.say("/quota")
    assert "• dollars: 80 %" in told
    assert "• dollars (this group): 97 %" in told


async def test_a_limit_of_no_dollars_leaves_no_share_of_them():
    talk = somebody(group=True)
    talk.store.kept["limits"]["person:qq:amy usd_month"] = "0"
    assert "• dollars: 0 %" in await talk.say("/quota")


async def test_no_relay_is_asked_for_who_is_told_nothing_of_it():
    talk = somebody()
    assert "burn" not in await talk.say("/quota")
    assert talk.balances.asked == 0


# -- told by relays ----------------------------------------------------------------


async def test_a_bound_person_sees_his_own_key_and_no_other():
    told = await somebody(bound=True).say("/quota")
    assert "**Your key** `pear` (`鸭梨`) at burn\n• unlimited, $1.8936 used" in told
    assert "12.6" not in told
    assert "status" not in told
    assert "Account" not in told


async def test_an_admin_who_is_bound_sees_his_key_once():
    told = await somebody(Role.ADMIN, bound=True).say("/quota")
    assert told.count("鸭梨") == 1
    assert "• Key `main` (`status`): unlimited" in told


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "• $2.00 left, $1.00 used"),
        ({"unlimited": True, "remaining_nano_usd": None}, "• unlimited, $1.00 used"),
        ({"remaining_nano_usd": -NANO // 2}, "• -$0.50 left"),
        ({"remaining_nano_usd": None, "used_nano_usd": None}, "• how much is left is not told"),
        ({"state": "disabled"}, "• State: disabled"),
        ({"state": "on_hold"}, "• State: `on_hold`"),
        ({}, "• Expires: never"),
        ({"expires_at": AT + timedelta(days=3)}, "• Expires: 2026-11-06 20:00"),
        ({"expires_at": AT - timedelta(hours=3)}, "• Expired: 17:00"),
        ({}, "• Last used: never"),
        ({"last_used_at": AT - timedelta(minutes=5)}, "• Last used: 19:55"),
        ({"name": "a`b*c*\n# d"}, "**Your key** `pear` (`a'b*c* # d`) at burn"),
        ({"name": ""}, "**Your key** `pear` at burn"),
    ],
)
async def test_each_thing_that_a_relay_says_of_a_key_is_told(fields, line):
    balance = Balance(relay="burn", tokens=(token(**fields),), read_at=AT)
    assert line in await telling(somebody(bound=True), balance).say("/quota")


async def test_a_relay_that_says_nothing_of_the_last_use_or_state_is_not_taken_to_say_never():
    told = token(state="", tells_use=False)
    answer = await telling(
        somebody(bound=True), Balance(relay="burn", tokens=(told,), read_at=AT)
    ).say("/quota")
    assert "Last used" not in answer
    assert "State" not in answer


@pytest.mark.parametrize("told", [(), (Balance(relay="burn", read_at=AT),)])
async def test_a_key_that_no_relay_tells_of_is_named_all_the_same(told):
    answer = await telling(somebody(bound=True), *told).say("/quota")
    assert "**Your key** `pear` at burn\n• The service has told nothing of it so far" in answer


async def test_a_key_that_was_taken_out_of_the_configuration_is_told_as_gone():
    talk = somebody(bound=True)
    talk.relays.bindable = ("burn:other",)
    told = await talk.say("/quota")
    assert "**Your key** `pear` (`鸭梨`) at burn\n• It is not in the configuration" in told
    assert "$1.8936" not in told


@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMIN])
async def test_an_account_that_cannot_be_read_says_so_and_since_when(role):
    gone = Balance(relay="burn", unreadable_since=AT - timedelta(minutes=30))
    told = await telling(somebody(role, bound=role is Role.MEMBER), gone).say("/quota")
    assert "• Cannot be read since 19:30" in told
    assert "messages" in told or role is Role.ADMIN


async def test_what_was_read_before_is_told_with_its_time():
    before = AT - timedelta(days=2)
    balance = replace(
        stated("burn", recorded(), before), unreadable_since=before + timedelta(minutes=1)
    )
    told = await telling(somebody(Role.ADMIN), balance).say("/quota")
    assert "• Cannot be read since 2026-11-01 20:01; this is from 2026-11-01 20:00" in told
    assert "• Total: $116.2683" in told


async def test_a_relay_that_was_not_asked_yet_says_so():
    told = await telling(somebody(Role.ADMIN), Balance(relay="burn")).say("/quota")
    assert "**Account at burn**\n• Not read yet" in told


async def test_a_relay_that_has_nothing_for_an_admin_is_left_out():
    told = await telling(somebody(Role.ADMIN), Balance(relay="burn", read_at=AT)).say("/quota")
    assert "burn" not in told


async def test_a_relay_that_could_never_be_read_does_not_fail_the_command():
    talk = somebody(Role.ADMIN)
    telling(talk, Balance(relay="burn", unreadable_since=AT))
    assert "• Cannot be read since 20:00" in await talk.say("/quota")


async def test_the_answer_is_one_text():
    talk = somebody(Role.ADMIN)
    await talk.say("/quota")
    assert isinstance(talk.outcome, Outcome)
    assert len(talk.outcome.parts) == 1


def test_dollars_are_made_of_the_whole_units_and_an_unlimited_key_has_no_remainder():
    told = stated("burn", recorded(), AT)
    assert told.account is not None
    assert told.account.paid_nano_usd == 74_959_210_000, "the relay rounds it to 74.959206"
    assert [t.alias for t in told.tokens] == ["main", "pear"]
    assert [t.remaining_nano_usd for t in told.tokens] == [None, None]
    assert [t.used_nano_usd for t in told.tokens] == [5_656_172_000, 1_893_584_000]


# -- dollars -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nano_usd", "shown"),
    [
        (0, "$0.00"),
        (1, "<$0.0001"),
        (49_999, "<$0.0001"),
        (100_000, "$0.0001"),
        (12_345_678, "$0.0123"),
        (500_000_000, "$0.50"),
        (116_268_280_000, "$116.2683"),
        (1_234_567 * NANO, "$1,234,567.00"),
        (-12_639_164_000, "-$12.6392"),
    ],
)
def test_dollars_read_as_money(nano_usd, shown):
    assert dollars(nano_usd) == shown
