"""What all parts of a simulated account share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from bots.sandbox.onebot.archive import Archive
from bots.sandbox.onebot.files import Files
from bots.sandbox.onebot.flavour import Flavour
from bots.sandbox.onebot.standing import Standing
from bots.sandbox.town.town import Town

Role: TypeAlias = Literal["owner", "admin", "member"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`roles` are people's in groups, "member" where nothing is said."""

    self_id: str
    nickname: str
    flavour: Flavour
    message_format: Literal["array", "string"]
    town: Town
    archive: Archive
    files: Files
    standing: Standing
    now: Callable[[], datetime]
    roles: Mapping[str, Role] = field(default_factory=dict)

    def name(self, user: str) -> str:
        person = self.town.people.get(user)
        return person.name if person else self.nickname

    def names(self) -> dict[str, str]:
        """Everybody's, by number."""
        people = {person.id: person.name for person in self.town.people.values()}
        return people | {self.self_id: self.nickname}

    def role(self, user: str) -> Role:
        return self.roles.get(user, "member")
