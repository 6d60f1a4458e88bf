"""Who may give whom which role. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from core.people import PeopleRules, Role, configured_role, role_of_identity

Code: TypeAlias = str
"""Of the sentence that tells why not."""

ROLES: Mapping[str, Role | None] = {
    **{str(role): role for role in (Role.ADMIN, Role.MEMBER, Role.GUEST)},
    "管理员": Role.ADMIN,
    "成员": Role.MEMBER,
    "访客": Role.GUEST,
    "auto": None,
    "default": None,
    "自动": None,
    "默认": None,
}
"""What a role is called; None takes back what was decided. To block is a command of its own."""


REFUSALS: tuple[Code, ...] = ("decide_owner", "decide_self", "decide_admins_by_owner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """Who decides. At the terminal it is whoever runs the bots: an owner."""

    role: Role
    identity: str = ""

    def may_change(self, identity: str, rules: PeopleRules) -> Code:
        """Anything of somebody; "" if he may."""
        if configured_role(identity, rules) is Role.OWNER and self.role is not Role.OWNER:
            return "decide_owner"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChange:
    """`value` is what is kept, None for what the configuration says."""

    before: Role
    after: Role
    value: str | None


def change(
    giver: Giver, identity: str, wanted: Role | None, rules: PeopleRules, decided: Mapping[str, str]
) -> RoleChange | Code:
    if configured_role(identity, rules) is Role.OWNER:
        return "decide_owner"
    if identity == giver.identity:
        return "decide_self"
    before = role_of_identity(identity, rules, decided)
    after = wanted or configured_role(identity, rules)
    if Role.ADMIN in (before, after) and before is not after and giver.role is not Role.OWNER:
        return "decide_admins_by_owner"
    return RoleChange(before=before, after=after, value=str(wanted) if wanted else None)


def unblocked(identity: str, rules: PeopleRules) -> Role | None:
    """What somebody is who is not blocked any more: what the configuration says, or a member
    where it would not let him in."""
    return Role.MEMBER if configured_role(identity, rules) is Role.BLOCKED else None
