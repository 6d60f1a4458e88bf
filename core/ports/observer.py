"""What is seen from outside: logs and metrics."""

from dataclasses import dataclass
from typing import Protocol

from core.model import Message, Spend
from core.ports.adapter import Receipt
from core.ports.sending import Outgoing, Unsure


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One message's way in figures. Times in seconds; `outcome` is a text's code or "answered"."""

    message: Message
    intent: str
    outcome: str
    attempt: int
    waited_s: float
    took_s: float
    parts: int
    spends: tuple[Spend, ...]


class Observer(Protocol):
    """Logs and metrics. Called on the path of every message: must be cheap."""

    def received(self, message: Message, receipt: Receipt) -> None: ...

    def done(self, done: Done) -> None: ...

    def unsure(self, outgoing: Outgoing, done: Unsure) -> None:
        """A part's outcome was unknown, and this was done."""
        ...
