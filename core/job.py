"""What a lane is given to do."""

from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import structs

from core.model import Delivery, Message
from core.route import Intent, is_urgent


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A stored message, or a stored reply that is not wholly delivered.

    `also` are the ids of stored messages that this one took in: they end with it.
    `attempts` were made by processes before this one; `rested`: the last of them only waited
    for a relay as it ended. `broken`: why it cannot be worked on, so that it is set aside.
    """

    message: Message
    conversation: str
    received_at: datetime
    intent: Intent
    resumed: bool = False
    delivery: Delivery | None = None
    also: tuple[str, ...] = ()
    attempts: int = 0
    rested: bool = False
    broken: str = ""

    @property
    def lane(self) -> str:
        """The conversation's own, or the one beside it: /stop waits for no answer."""
        return f"{self.conversation} urgent" if is_urgent(self.intent) else self.conversation

    @property
    def stored(self) -> "Job":
        """As it waits: how the platform put the message stands in the store, and is not needed."""
        return replace(self, message=structs.replace(self.message, raw=""))
