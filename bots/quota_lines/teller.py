"""To whom it is told, and how figures and times read there."""

from dataclasses import dataclass
from datetime import datetime

from core.command import Ask, Services
from core.people import Role
from core.ports.ledger import Account, Scope
from core.quota.cashier import Cashier
from core.refusal import shows_money

ADMINS = (Role.OWNER, Role.ADMIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """`now` is when it was asked. `scope` is whose use is told, with a person's role; "" is his
    own who asks."""

    ask: Ask
    services: Services
    now: datetime
    scope: Scope = ""
    scope_role: Role = Role.MEMBER

    def say(self, code: str, **params: object) -> str:
        return self.services.texts.say(code, self.ask.language, **params)

    @property
    def cashier(self) -> Cashier:
        return self.services.cashier

    @property
    def admin(self) -> bool:
        return self.ask.role in ADMINS

    @property
    def role(self) -> Role:
        return self.scope_role if self.scope else self.ask.role

    @property
    def token(self) -> str:
        """ "relay:alias" of the key that it is bound to; "" for the common ones."""
        if not self.scope:
            return self.ask.errand.token
        kind, _, identity = self.scope.partition(":")
        return self.cashier.token(identity) if kind == "person" else ""

    @property
    def account(self) -> Account:
        """One whose payments are in the scope's sums."""
        kind, _, name = self.scope.partition(":")
        return Account(
            person="",
            conversation="",
            identity=name if kind == "person" else "",
            bot=name if kind == "bot" else "",
            place=name if kind == "group" else "",
            day=self.cashier.calendar.day(self.now),
        )

    @property
    def shows_money(self) -> bool:
        return shows_money(self.ask)

    def when(self, at: datetime) -> str:
        """In the person's zone, with its date unless it is within a day's reach."""
        local = at.astimezone(self.ask.zone)
        near = abs((at - self.now).total_seconds()) <= 86_400
        return f"{local:%H:%M}" if near else f"{local:%Y-%m-%d %H:%M}"


def code_span(text: str) -> str:
    """A name of somebody else's, as it is: no markup, no second line."""
    words = " ".join(text.replace("`", "'").split())
    return f"`{words}`"
