"""Who may talk to the bot, and whose history a message belongs to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import Address, HistoryPolicy, conversation_key, person_key
from core.people import PeopleRules, Role, role_of

RULES = PeopleRules(
    owners=frozenset({"qq:1"}),
    admins=frozenset({"qq:2"}),
    allow=frozenset({"qq:3", "telegram:*"}),
    deny=frozenset({"qq:1", "qq:2", "telegram:9"}),
)


def who(platform: str, sender: str) -> Address:
    return Address(platform=platform, bot="b", chat="c", sender=sender)


@pytest.mark.parametrize(
    ("platform", "sender", "role"),
    [
        ("qq", "1", Role.OWNER),
        ("qq", "2", Role.BLOCKED),
        ("qq", "3", Role.MEMBER),
        ("qq", "4", Role.BLOCKED),
        ("telegram", "5", Role.MEMBER),
        ("telegram", "9", Role.BLOCKED),
        ("web", "x", Role.MEMBER),
        ("console", "x", Role.OWNER),
    ],
)
def test_roles_by_platform_id(platform: str, sender: str, role: Role) -> None:
    assert role_of(who(platform, sender), RULES, {}) is role


def test_strangers_are_guests_only_where_guests_are_welcome() -> None:
    welcome = PeopleRules(guests=True, guest_daily_messages=3)
    assert role_of(who("qq", "4"), welcome, {}) is Role.GUEST


names = st.text(alphabet="ab/%2F", max_size=4)
addresses = st.builds(
    Address, platform=names, bot=names, chat=names, sender=names, thread=names, group=st.booleans()
)


def _place(address: Address, policy: HistoryPolicy) -> tuple[object, ...]:
    here = (address.platform, address.bot, address.chat, address.group)
    if not address.group:
        return here
    shared = {"member": address.sender, "thread": address.thread, "group": ""}
    return (*here, shared[policy])


@given(addresses, addresses, st.sampled_from(["member", "group", "thread"]))
def test_two_messages_share_a_history_only_in_the_same_place(
    one: Address, other: Address, policy: HistoryPolicy
) -> None:
    same_key = conversation_key(one, policy) == conversation_key(other, policy)
    assert same_key == (_place(one, policy) == _place(other, policy))


@given(addresses, addresses)
def test_two_addresses_are_one_person_only_on_one_bot(one: Address, other: Address) -> None:
    who_one = (one.platform, one.bot, one.sender)
    who_other = (other.platform, other.bot, other.sender)
    assert (person_key(one) == person_key(other)) == (who_one == who_other)
