"""What is reserved for one message, and what its calls take of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import ClassVar

from core.amounts import Amounts, Unit
from core.errors import ParleyError
from core.ports.ledger import Exceeded

Book = Callable[[Amounts], Awaitable[Exceeded | None]]
"""Reserves more for the message."""


class LimitReached(ParleyError):
    """A message's next call would pass a ceiling."""

    code: ClassVar[str] = "limit_reached"

    def __init__(self, exceeded: Exceeded) -> None:
        ceiling = exceeded.ceiling
        super().__init__(
            f"expected {exceeded.wanted} within the {ceiling.unit} of {ceiling.scope} a "
            f"{ceiling.period}, which is {ceiling.limit}; {exceeded.used} are used or reserved"
        )
        self.exceeded = exceeded


@dataclass(slots=True, kw_only=True)
class Budget:
    """`units` are those that any ceiling counts; `answer_tokens` the longest answer."""

    units: frozenset[Unit]
    reserved: Amounts
    answer_tokens: int
    book: Book
    _taken: Amounts = field(default_factory=Amounts)

    @property
    def counts_usd(self) -> bool:
        return "usd" in self.units

    @property
    def bounds_answers(self) -> bool:
        return bool(self.units & {"usd", "tokens"})

    async def take(self, need: Amounts) -> None:
        """Before each call. Raises LimitReached, and nothing is taken."""
        taken = self._taken.plus(need)
        missing = taken.beyond(self.reserved).within(self.units)
        if missing:
            exceeded = await self.book(missing)
            if exceeded:
                raise LimitReached(exceeded)
            self.reserved = self.reserved.plus(missing)
        self._taken = taken

    async def takes(self, need: Amounts) -> bool:
        """As `take`, telling whether it was given."""
        try:
            await self.take(need)
        except LimitReached:
            return False
        return True

    def start(self, reserved: Amounts) -> None:
        """Anew, with what the message was claimed with again: no call was made before."""
        self.reserved, self._taken = reserved, Amounts()

    def give_back(self, need: Amounts, spent: Amounts) -> None:
        """Once a call has ended: what it did not use is there for the next."""
        self._taken = self._taken.beyond(need).plus(spent)
