"""Who may talk to the bot, and how much. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from core.model import Address, Limit, identity_of


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"
    BLOCKED = "blocked"


ADMINS = frozenset({Role.OWNER, Role.ADMIN})


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


CHANGEABLE = (Role.ADMIN, Role.MEMBER, Role.GUEST, Role.BLOCKED)
"""Roles that admins give; an owner is one by the configuration alone."""

LOCAL = {"console": Role.OWNER, "web": Role.MEMBER}


def role_of(address: Address, rules: PeopleRules, decided: Mapping[str, str]) -> Role:
    """An owner cannot be locked out; then what admins decided counts, by identity; then `deny`
    wins over everything."""
    return role_of_identity(identity_of(address), rules, decided)


def role_of_identity(identity: str, rules: PeopleRules, decided: Mapping[str, str]) -> Role:
    """As `role_of`; of "platform:sender"."""
    configured = configured_role(identity, rules)
    role = decided.get(identity)
    return Role(role) if configured is not Role.OWNER and role in CHANGEABLE else configured


def is_shut_out(identity: str, rules: PeopleRules, decided: Mapping[str, str]) -> bool:
    """Whether somebody blocked him; a stranger whom nobody let in is blocked, but not shut out."""
    if role_of_identity(identity, rules, decided) is not Role.BLOCKED:
        return False
    names = {identity, f"{identity.partition(':')[0]}:*"}
    return decided.get(identity) == Role.BLOCKED or bool(names & rules.deny)


def configured_role(identity: str, rules: PeopleRules) -> Role:
    """By the configuration alone."""
    platform = identity.partition(":")[0]
    names = {identity, f"{platform}:*"}
    if names & rules.owners:
        return Role.OWNER
    if names & rules.deny:
        return Role.BLOCKED
    if names & rules.admins:
        return Role.ADMIN
    if names & rules.allow:
        return Role.MEMBER
    if platform in LOCAL:
        return LOCAL[platform]
    return Role.GUEST if rules.guests else Role.BLOCKED
