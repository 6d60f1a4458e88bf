"""Who may talk to the bot, and how much. Pure."""

from enum import StrEnum

from msgspec import Struct

from core.model import Address, Limit


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"
    DENIED = "denied"


class PeopleRules(Struct, frozen=True, kw_only=True):
    """The [people] section. Ids are "platform:id"; "platform:*" means everybody there.

    `guests` tells whether strangers may talk at all. The local page and the
    console need no entry: whoever reaches them is a member, or the owner.
    """

    owners: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    guests: bool = False
    daily_messages: Limit = 200
    guest_daily_messages: Limit = 20
    timezone: str = "UTC"


LOCAL = {"console": Role.OWNER, "web": Role.MEMBER}


def role_of(address: Address, rules: PeopleRules) -> Role:
    """An owner cannot be locked out; otherwise `deny` wins over everything."""
    names = {f"{address.platform}:{address.sender}", f"{address.platform}:*"}
    if names & rules.owners:
        return Role.OWNER
    if names & rules.deny:
        return Role.DENIED
    if names & rules.admins:
        return Role.ADMIN
    if names & rules.allow:
        return Role.MEMBER
    if address.platform in LOCAL:
        return LOCAL[address.platform]
    return Role.GUEST if rules.guests else Role.DENIED


def daily_cap(role: Role, rules: PeopleRules) -> Limit:
    match role:
        case Role.OWNER | Role.ADMIN:
            return "unlimited"
        case Role.MEMBER:
            return rules.daily_messages
        case Role.GUEST:
            return rules.guest_daily_messages
        case Role.DENIED:
            return 0
