"""Who pays for a message, what is reserved for it, and what is told where that is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.amounts import Amounts, Unit
from core.model import Message, Spend, identity_of, person_key, place_of
from core.people import Role
from core.ports.clock import Clock
from core.ports.ledger import Account, Booking, Ceiling, Kind, kind_of
from core.ports.relays import Errand, Relays
from core.ports.store import Store
from core.quota.budget import Budget
from core.quota.calendar import Calendar
from core.quota.estimate import amounts
from core.quota.limits import Ceilings

NO_BINDING = "none"
"""Decided over a binding of the configuration, it takes that back."""

MESSAGES: frozenset[Unit] = frozenset({"messages"})

RESERVED_FOR = timedelta(hours=1)
"""Longer than any message is worked on: waiting for a relay, it holds nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cashier:
    """`answer_tokens` and `common` as in Limits; `bindings` are the configured ones, `bots` the
    names of all bots that limits can hold for."""

    store: Store
    relays: Relays
    clock: Clock
    calendar: Calendar
    ceilings: Ceilings
    answer_tokens: int
    common: bool
    bindings: Mapping[str, str] = field(default_factory=dict)
    bots: tuple[str, ...] = ()

    def account(self, message: Message, conversation: str) -> Account:
        address = message.address
        return Account(
            person=person_key(address),
            conversation=conversation,
            identity=identity_of(address),
            bot=address.bot,
            place=place_of(address),
            day=self.calendar.day(self.clock.now()),
        )

    def booking(self, account: Account, role: Role, asked: Spend) -> Booking:
        """What is reserved when a message is claimed: for its first call, as it may be."""
        ceilings = self.ceilings.of(
            account,
            role,
            self.store.decided("limits"),
            self.store.decided("grants"),
        )
        counted = units_of(ceilings)
        if counted <= MESSAGES:
            wanted = Amounts(messages=len(counted))
            return self._booking(account, kind_of(asked), wanted, ceilings)
        price = None
        if "usd" in counted:
            price = self.relays.quote(kind_of(asked), errand=self.errand(account)).dearest
        wanted = amounts(asked, price).plus(Amounts(messages=1))
        return self._booking(account, kind_of(asked), wanted.within(counted), ceilings)

    def budget(self, message_id: str, booking: Booking) -> Budget | None:
        """For the message's calls; None where nothing but messages is limited."""
        counted = units_of(booking.ceilings) - MESSAGES
        if not counted:
            return None
        return Budget(
            units=counted,
            reserved=booking.amounts,
            answer_tokens=self.answer_tokens,
            book=lambda more: self.store.book(
                message_id, self._booking(booking.account, booking.kind, more, booking.ceilings)
            ),
        )

    def errand(self, account: Account) -> Errand:
        """With the key that the person is bound to."""
        return Errand(token=self.token(account.identity), common=self.common)

    def token(self, identity: str) -> str:
        """ "relay:alias" of the key that somebody is bound to; "" for the common ones. What
        admins decided comes before the configuration."""
        decided = self.store.decided("bindings").get(identity)
        if decided == NO_BINDING:
            return ""
        return decided or self.bindings.get(identity, "")

    def renews(self, ceiling: Ceiling) -> datetime:
        return self.calendar.renewal(ceiling.since, ceiling.period)

    def _booking(
        self, account: Account, kind: Kind, wanted: Amounts, ceilings: tuple[Ceiling, ...]
    ) -> Booking:
        now = self.clock.now()
        return Booking(
            account=account,
            kind=kind,
            amounts=wanted,
            at=now,
            until=now + RESERVED_FOR,
            ceilings=ceilings,
        )


def units_of(ceilings: tuple[Ceiling, ...]) -> frozenset[Unit]:
    return frozenset(ceiling.unit for ceiling in ceilings)
